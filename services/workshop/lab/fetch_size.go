package lab

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/kit/wire"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var fetchSizeText = Labs.Texts("fetch-size")

var fetchSize = add(Lab{
	Name:     "fetch-size",
	run:      runFetchSize,
	Controls: []Control{bigBatch},
})

const (
	fetchMessages = 1000
	fetchKill     = 750 // messages that are printed when the kill comes
)

// reading is a way to read.
type reading struct {
	name  string
	title service.Text
	batch int
	bytes int // of a fetch
}

var readings = []reading{
	{"one", fetchSizeText("title-one"), 1, 1 << 20},
	{"many", fetchSizeText("title-batch"), 500, 1 << 20},
	{"many-small", fetchSizeText("title-small"), 500, 16 << 10},
}

func runFetchSize(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	topic := b.Name("transactions")
	if err := b.Topics(ctx, kafka.Topic{Name: topic, Partitions: 1, Replicas: 3}.WithDeadLetters()...); err != nil {
		return nil, err
	}
	b.Say(fetchSizeText("sends", fetchMessages))
	// Not as fast as it goes: a fetch brings whole batches, and all of them in one would be one fetch, however small.
	if err := produce(ctx, b, "producer", topic, fetchMessages, "PACE=3ms"); err != nil {
		return nil, err
	}
	var known transactions
	if err := known.look(ctx, b, topic); err != nil {
		return nil, err
	}
	var parts []report.Part
	var first traffic
	for i, r := range readings {
		b.Say(fetchSizeText("reading", r.title))
		lives, seen, err := readThrough(ctx, b, r, topic)
		if err != nil {
			return nil, err
		}
		part := report.Part{Title: r.title, Facts: seen.facts(r, first), Notes: []service.Text{seen.note()}}
		if i == 0 {
			first = seen
		}
		if r.name != "many-small" {
			if lives, part.Want.Repeated, err = readAndCrash(ctx, b, r, topic); err != nil {
				return nil, err
			}
			part.Facts = append(part.Facts, report.Fact{
				Text: fetchSizeText("repeated", r.batch),
				Held: len(part.Want.Repeated) > 0 && len(part.Want.Repeated) <= r.batch,
			})
		}
		part.Counted = verdict.Check(verdict.Run{Log: known.log, Reads: known.shown(lives...)})
		parts = append(parts, part)
	}
	return parts, nil
}

// start starts one life of a reader, in the group that all its lives share.
func (r reading) start(b *rig.Bench, group, topic string, vars ...string) (*rig.Process, error) {
	own := []string{
		"TOPIC=" + topic,
		"CONSUMER_GROUP=" + group,
		"GROUP_INSTANCE_ID=" + r.name,
		fmt.Sprint("BATCH=", r.batch),
		fmt.Sprint("FETCH_BYTES=", r.bytes),
		"WORK=0s",
	}
	return b.Quietly(r.name, "batch-reader", append(own, vars...)...)
}

// awaitCommitted waits until the whole topic is committed.
func awaitCommitted(ctx context.Context, b *rig.Bench, p *rig.Process, group, topic string, offset int64) error {
	return rig.Await(ctx, fmt.Sprintf("%s has committed offset %d", p.Name, offset), func() bool {
		committed, err := b.Committed(group, topic, 0)
		return err == nil && committed >= offset
	})
}

// readThrough reads all of the topic, and says what went over the network for it.
func readThrough(ctx context.Context, b *rig.Bench, r reading, topic string) ([]*rig.Process, traffic, error) {
	proxy, err := b.Wire()
	if err != nil {
		return nil, traffic{}, err
	}
	meter := &meter{}
	proxy.OnAnswer(meter.see)
	group := b.Group("group-" + r.name)
	p, err := r.start(b, group, topic, rig.Through(proxy))
	if err != nil {
		return nil, traffic{}, err
	}
	if err := p.Await(ctx, "all messages are printed", printed(fetchMessages)); err != nil {
		return nil, traffic{}, err
	}
	if err := awaitCommitted(ctx, b, p, group, topic, fetchMessages); err != nil {
		return nil, traffic{}, err
	}
	p.Stop()
	seen, err := meter.total()
	for _, line := range p.Lines() {
		if _, ok := transactionID(line.Text); ok {
			seen.took = seen.lastCommit.Sub(line.At)
			break
		}
	}
	return []*rig.Process{p}, seen, err
}

// readAndCrash reads with a crash in the middle, and returns what that is bound to repeat: what was printed
// and not committed.
func readAndCrash(ctx context.Context, b *rig.Bench, r reading, topic string) ([]*rig.Process, []int, error) {
	proxy, err := b.Wire()
	if err != nil {
		return nil, nil, err
	}
	killed := make(chan struct{})
	proxy.OnRequest(func(req wire.Request) wire.Fate { return holdCommits(ctx, req, killed) })
	group := b.Group("group-crash-" + r.name)
	p, err := r.start(b, group, topic, "WORK=1ms", rig.Through(proxy))
	if err != nil {
		return nil, nil, err
	}
	if err := p.Await(ctx, fmt.Sprintf("message %d is printed", fetchKill), printed(fetchKill)); err != nil {
		return nil, nil, err
	}
	p.Kill()
	close(killed)
	committed, err := b.Committed(group, topic, 0)
	if err != nil {
		return nil, nil, err
	}
	shown := rig.Count(p.Lines(), `"id_transacao"`)
	b.Say(fetchSizeText("killed", shown, committed))
	var repeated []int
	for id := int(max(committed, 0)) + 1; id <= shown; id++ {
		repeated = append(repeated, id)
	}
	again, err := r.start(b, group, topic)
	if err != nil {
		return nil, nil, err
	}
	if err := awaitCommitted(ctx, b, again, group, topic, fetchMessages); err != nil {
		return nil, nil, err
	}
	again.Stop()
	return []*rig.Process{p, again}, repeated, nil
}

// holdCommits keeps the commit of the message of the kill, and later ones, from the coordinator.
func holdCommits(ctx context.Context, r wire.Request, killed <-chan struct{}) wire.Fate {
	if r.Key != kmsg.OffsetCommit {
		return wire.Pass
	}
	decoded, err := r.Decode()
	if err != nil {
		return wire.Cut
	}
	for _, t := range decoded.(*kmsg.OffsetCommitRequest).Topics {
		for _, p := range t.Partitions {
			if p.Offset < fetchKill {
				return wire.Pass
			}
		}
	}
	select {
	case <-killed:
	case <-ctx.Done():
	}
	return wire.Cut
}

// traffic is what a reader caused.
type traffic struct {
	fetches    int // with messages in the answer: while there are none, a reader asks again and again
	commits    int // accepted
	lastCommit time.Time
	took       time.Duration // from the first message to the last commit
}

// facts compares with the first way, which is the zero traffic for itself.
func (t traffic) facts(r reading, first traffic) []report.Fact {
	commits := (fetchMessages + r.batch - 1) / r.batch
	facts := []report.Fact{{Text: fetchSizeText("commits", commits), Held: t.commits == commits}}
	switch {
	case first.fetches == 0:
	case r.bytes == readings[0].bytes:
		facts = append(facts, report.Fact{Text: fetchSizeText("same-fetches"), Held: t.fetches == first.fetches})
	default:
		facts = append(facts, report.Fact{Text: fetchSizeText("more-fetches"), Held: t.fetches >= 5*first.fetches})
	}
	return facts
}

func (t traffic) note() service.Text {
	perMessage := float64(t.took.Microseconds()) / fetchMessages / 1000
	return fetchSizeText("traffic", t.fetches, t.commits, perMessage)
}

// meter counts the answers that a reader gets.
type meter struct {
	mu      sync.Mutex
	seen    traffic
	problem error
}

func (m *meter) see(a wire.Answer) wire.Fate {
	if a.Request.Key != kmsg.Fetch && a.Request.Key != kmsg.OffsetCommit {
		return wire.Pass
	}
	decoded, err := a.Decode()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.problem = err
		return wire.Pass
	}
	switch resp := decoded.(type) {
	case *kmsg.FetchResponse:
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if len(p.RecordBatches) > 0 {
					m.seen.fetches++
				}
			}
		}
	case *kmsg.OffsetCommitResponse:
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if p.ErrorCode == 0 {
					m.seen.commits++
					m.seen.lastCommit = time.Now()
				}
			}
		}
	}
	return wire.Pass
}

func (m *meter) total() (traffic, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.problem != nil {
		return traffic{}, &rig.NotRun{Cause: fmt.Sprintf("what the brokers answered could not be read: %v", m.problem)}
	}
	return m.seen, nil
}

var bigBatch = Control{
	Name:    "batch-500",
	instead: given("one", "BATCH=500"),
	caught:  func(parts []report.Part) bool { return len(parts[0].Counted.Repeated) > 1 && !parts[0].Facts[0].Held },
}
