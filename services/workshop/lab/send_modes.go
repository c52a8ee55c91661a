package lab

import (
	"context"
	"fmt"
	"slices"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var sendModesText = Labs.Texts("send-modes")

var sendModes = add(Lab{
	Name:     "send-modes",
	run:      func(ctx context.Context, b *rig.Bench) ([]report.Part, error) { return runSendModes(ctx, b, failures) },
	Controls: []Control{unheardCut},
})

const (
	timedMessages = 201  // of each way that is timed; the first only connects, the rest are two full batches
	failMessages  = 10   // of each way that meets a failure, at the failAt-th
	batchSize     = 100  // messages that the batched way gathers
	mostBytes     = 2000 // max.message.bytes of the topics with a message that is too large
)

// timed are the ways whose time is taken.
var timed = []mode{
	{name: "sync-0", title: sendModesText("sync-0"), acks: sarama.NoResponse, sync: true},
	{name: "sync-1", title: sendModesText("sync-1"), acks: sarama.WaitForLocal, sync: true},
	{name: "sync-all", title: sendModesText("sync-all"), acks: sarama.WaitForAll, sync: true},
	{name: "async-all", title: sendModesText("async-all"), acks: sarama.WaitForAll},
	{name: "batch-all", title: sendModesText("batches-all"), acks: sarama.WaitForAll, batch: batchSize},
}

// failure is a way to send that meets a failure at one message.
type failure struct {
	mode
	cut   bool // the connection, while the message is under way; otherwise it is too large
	judge func(p *report.Part, h heard, missing, passed []int)
}

var failures = []failure{
	{mode{name: "large-sync", title: sendModesText("refused-sync"), acks: sarama.WaitForAll, sync: true}, false, toldAtOnce},
	{mode{name: "large-async", title: sendModesText("refused-async"), acks: sarama.WaitForAll}, false, toldByErrors},
	{mode{name: "large-deaf", title: sendModesText("refused-deaf"), acks: sarama.WaitForAll, deaf: true}, false, neverTold},
	{mode{name: "large-0", title: sendModesText("refused-0"), acks: sarama.NoResponse, sync: true}, false, unheardOf},
	{mode{name: "cut-0", title: sendModesText("cut-0"), acks: sarama.NoResponse, sync: true}, true, lostOnTheWay},
	{mode{name: "cut-all", title: sendModesText("cut-all"), acks: sarama.WaitForAll, sync: true}, true, delivered},
}

func runSendModes(ctx context.Context, b *rig.Bench, failures []failure) ([]report.Part, error) {
	first, err := timeModes(ctx, b)
	parts := []report.Part{first}
	for _, f := range failures {
		if err != nil {
			return nil, err
		}
		b.Say(f.title)
		var part report.Part
		part, err = fail(ctx, b, f)
		parts = append(parts, part)
	}
	return parts, err
}

// timeModes sends by each way twice: past the proxy for the time, and through it to count the requests.
func timeModes(ctx context.Context, b *rig.Bench) (report.Part, error) {
	part := report.Part{Title: sendModesText("title-time"), Unread: true}
	run := verdict.Run{Log: []verdict.Record{}}
	for _, m := range timed {
		b.Say(m.title)
		topic := b.Name(m.name)
		if err := newTopic(ctx, b, kafka.Topic{Name: topic, Partitions: 1, Replicas: 3}); err != nil {
			return part, err
		}
		direct, err := m.send(ctx, b.Cluster, topic, toSend(topic, 1, timedMessages, 0))
		if err != nil {
			return part, err
		}
		// With acks=0 they may still be on their way, and what comes by another connection would overtake them.
		if err := b.AwaitCopies(ctx, topic, timedMessages); err != nil {
			return part, err
		}
		counter, err := newProduceCounter(b, 0)
		if err != nil {
			return part, err
		}
		counted, err := m.send(ctx, counter.cluster(b), topic, toSend(topic, 1+timedMessages, timedMessages, 0))
		if err != nil {
			return part, err
		}
		if err := b.AwaitCopies(ctx, topic, 2*timedMessages); err != nil {
			return part, err
		}
		for _, h := range []heard{direct, counted} {
			run.Writes = append(run.Writes, h.writes(m.name)...)
		}
		log, err := sentLog(ctx, b, topic, m.name)
		if err != nil {
			return part, err
		}
		run.Log = append(run.Log, log...)
		requests, err := counter.requests()
		if err != nil {
			return part, err
		}
		part.Facts = append(part.Facts, m.requestsFact(requests)...)
		perMessage := float64(direct.took.Microseconds()) / (timedMessages - 1) / 1000
		part.Notes = append(part.Notes, sendModesText("time", m.title, perMessage, timedMessages, requests))
	}
	countSends(&part, run)
	return part, nil
}

// requestsFact is what is predicted of the number of Produce requests. What an asynchronous sender
// gathers by itself depends on the machine.
func (m mode) requestsFact(requests int) []report.Fact {
	switch {
	case m.sync:
		return []report.Fact{{Text: sendModesText("request-each", m.title), Held: requests == timedMessages}}
	case m.batch > 0:
		return []report.Fact{{Text: sendModesText("fewer-requests", m.title),
			Held: requests > 0 && requests <= timedMessages/10}}
	}
	return nil
}

// fail sends by one way, whose failAt-th message meets the failure.
func fail(ctx context.Context, b *rig.Bench, f failure) (report.Part, error) {
	part := report.Part{Title: f.title, Unread: true, Highest: failMessages}
	topic, cluster, padding := b.Name(f.name), b.Cluster, 2*mostBytes
	kind := kafka.Topic{Name: topic, Partitions: 1, Replicas: 3, Config: map[string]string{"max.message.bytes": fmt.Sprint(mostBytes)}}
	arrived := func() (ids []int, err error) { return nil, nil }
	if f.cut {
		counter, err := newProduceCounter(b, failAt)
		if err != nil {
			return part, err
		}
		cluster, padding, kind.Config, arrived = counter.cluster(b), 0, nil, counter.arrived
	}
	if err := newTopic(ctx, b, kind); err != nil {
		return part, err
	}
	h, err := f.send(ctx, cluster, topic, toSend(topic, 1, failMessages, padding))
	if err != nil {
		return part, err
	}
	passed, _ := arrived() // too early to be an error: that is asked again below
	atLeast := len(passed)
	if f.sync && !f.cut {
		atLeast = failAt - 1
	}
	log, err := settledLog(ctx, b, topic, f.name, atLeast)
	if err != nil {
		return part, err
	}
	if passed, err = arrived(); err != nil {
		return part, err
	}
	run := verdict.Run{Writes: h.writes(f.name), Log: log}
	countSends(&part, run)
	f.judge(&part, h, missing(run), passed)
	return part, nil
}

// Each of these says what is predicted of one way. Missing are the ids that are not in the topic; passed
// are those that came to a broker, where the connection was cut.

func toldAtOnce(p *report.Part, h heard, missing, _ []int) {
	p.Facts = []report.Fact{isMissing(missing), {
		Text: sendModesText("error-at-once", failAt),
		Held: slices.Equal(h.refused(), []int{failAt}) && h.handed == failAt,
	}}
}

// toldByErrors: what shares a batch with the refused message is refused with it, so that more may be missing.
func toldByErrors(p *report.Part, h heard, missing, _ []int) {
	p.Facts = []report.Fact{isMissing(missing), {
		Text: sendModesText("errors-told"),
		Held: slices.Equal(h.refused(), missing),
	}}
	p.Notes = []service.Text{sendModesText("errors-late", len(h.refused()), h.handed)}
}

func neverTold(p *report.Part, h heard, missing, _ []int) {
	p.Facts = []report.Fact{isMissing(missing), h.silence()}
}

// unheardOf: what is lost with the refused message depends on when the broker closes the connection, the
// only answer that acks=0 leaves to it.
func unheardOf(p *report.Part, h heard, missing, _ []int) {
	if slices.Contains(missing, failAt) && missing[0] == failAt {
		p.Want.Lost = missing
	}
	p.Facts = []report.Fact{isMissing(missing), h.silence()}
}

// lostOnTheWay: a client that awaits no answer writes to the dead connection once more before it finds out,
// so that not only the message that was cut off is lost, but exactly what did not come to a broker.
func lostOnTheWay(p *report.Part, h heard, missing, passed []int) {
	for id := 1; id <= failMessages; id++ {
		if !slices.Contains(passed, id) {
			p.Want.Lost = append(p.Want.Lost, id)
		}
	}
	p.Facts = []report.Fact{isMissing(missing), h.silence()}
}

func delivered(p *report.Part, _ heard, missing, _ []int) {
	p.Facts = []report.Fact{{
		Text: sendModesText("cut-retried", failAt),
		Held: len(missing) == 0,
	}}
}

func isMissing(missing []int) report.Fact {
	return report.Fact{Text: sendModesText("cut-lost", failAt), Held: slices.Contains(missing, failAt)}
}

var unheardCut = Control{
	Name: "acks-0",
	run: func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
		ways := slices.Clone(failures)
		ways[len(ways)-1].acks = sarama.NoResponse
		return runSendModes(ctx, b, ways)
	},
	caught: func(parts []report.Part) bool {
		return slices.Contains(report.Numbers(parts[len(parts)-1].Counted.Lost), failAt)
	},
}
