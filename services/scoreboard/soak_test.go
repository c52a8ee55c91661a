package scoreboard

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/lines"
	"workshop.example/kit/reliability"
	"workshop.example/kit/service"
	"workshop.example/kit/wire"
)

const soakPartitions = 3

// fromEnv is a number of the environment.
func fromEnv(t testing.TB, name string, fallback uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// soakPlan is one soak.
type soakPlan struct {
	program        string // what the boards are: the scoreboard, or readsOn
	events, faults int
	refusals       []refusal // to choose from
	restarts       bool
	batch          string // TXN_BATCH
}

// run lets two boards take in events while faults strike them and their cluster, and judges what is
// on BOARD_TOPIC in the end. The faults strike evenly over the first nine tenths of the events. The
// boards are processes, so that they can be killed.
func (s soakPlan) run(t *testing.T) (judgement, reliability.Measurement) {
	t.Parallel()
	events, faults := s.events, s.faults
	seed := fromEnv(t, "SOAK_SEED", rand.Uint64())
	t.Logf("SOAK_SEED=%d SOAK_EVENTS=%d SOAK_FAULTS=%d", seed, events, faults)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := kafkatest.Start(t, fmt.Sprint("scoreGame:", soakPartitions), "scoreGame.dlq:1", fmt.Sprint("scoreBoard:", soakPartitions),
		// A real cluster has them. Without them sarama answers COORDINATOR_NOT_AVAILABLE with a wait of a minute.
		"__consumer_offsets:1", "__transaction_state:1")
	network, err := wire.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	vars := func(more ...string) map[string]string {
		return env(c, append(more, "KAFKA_PROXY", network.URL(), "TXN_BATCH", s.batch)...)
	}
	boards := []*boardProcess{
		startBoard(t, s.program, vars("TRANSACTIONAL_ID", "static", "GROUP_INSTANCE_ID", "static")),
		startBoard(t, s.program, vars("TRANSACTIONAL_ID", "dynamic")),
	}
	x := newChaos(t, rng, c, network, s.refusals)
	if s.restarts {
		x.boards = boards
	}
	source := newMatches(rng)
	producer := c.Producer()
	sent, done := 0, 0
	began, moved, longest := time.Now(), time.Now(), time.Duration(0)
	for done < events {
		if now := committed(c); now > done {
			longest = max(longest, time.Since(moved))
			if now/1000 > done/1000 {
				t.Logf("%6d events, %4d faults, %s", now, x.struck(), time.Since(began).Round(time.Second))
			}
			done, moved = now, time.Now()
		}
		if time.Since(moved) > kafkatest.Deadline {
			if s.program == readsOn {
				break // it has lost the last event of a partition, and waits for no other
			}
			t.Fatalf("nothing was taken in for %s after %d events and\n%s", kafkatest.Deadline, done, x)
		}
		for _, b := range boards {
			b.check()
		}
		switch due := min(faults, faults*done*10/(events*9)); {
		case x.struck() < due:
			x.strike()
		case done*10 >= events*9:
			x.relent()
			fallthrough
		default:
			n := min(events, done+100) - sent
			if err := producer.SendMessages(source.next(t, n)); err != nil {
				t.Fatal(err)
			}
			sent += n
		}
		time.Sleep(5 * time.Millisecond) // the pace of strikes, and of looking
	}
	for _, b := range boards {
		b.stdin.Close() // both at once; stop waits
	}
	for _, b := range boards {
		b.stop()
	}
	o := judge(t, c)
	aborted := len(c.ReadUncommitted("scoreBoard")) - len(c.ReadAll("scoreBoard"))
	t.Logf("%d events in %s, longest wait %s; %d faults struck, %d records aborted:\n%s%s", events,
		time.Since(began).Round(time.Second), longest.Round(time.Millisecond), x.struck(), aborted, x, o)
	if x.struck() < faults {
		t.Errorf("%d faults struck, want %d", x.struck(), faults)
	}
	m := o.measurement()
	m.Test, m.Seed, m.Seconds, m.Silence, m.Faults = t.Name(), seed, time.Since(began).Seconds(), longest.Seconds(), x.kinds()
	return o, m
}

// committed is how many events the group has taken in.
func committed(c *kafkatest.Cluster) int {
	sum := int64(0)
	for p := range int32(soakPartitions) {
		sum += max(0, c.Committed("group1", "scoreGame", p))
	}
	return int(sum)
}

// Whatever strikes, every event is on BOARD_TOPIC once, in order, with the right tally: also where events share a transaction.
func TestExactlyOnceSoak(t *testing.T) {
	for _, batch := range []string{"1", "20"} {
		t.Run("TXN_BATCH="+batch, func(t *testing.T) {
			s := soakPlan{"scoreboard", int(fromEnv(t, "SOAK_EVENTS", 400)), int(fromEnv(t, "SOAK_FAULTS", 25)), refusals, true, batch}
			o, m := s.run(t)
			if !o.Clean() || o.Processed != s.events || o.wrong > 0 {
				t.Error(o)
			}
			record(t, m)
		})
	}
}

// The control: a board that aborts a transaction and reads on, as sarama's own example does, loses
// events. Were the faults too mild, or the judge blind, it would not show.
func TestSoakFindsABoardThatReadsOn(t *testing.T) {
	aborting := []refusal{{
		key:  kmsg.TxnOffsetCommit,
		errs: []*kerr.Error{kerr.UnknownMemberID, kerr.IllegalGeneration, kerr.FencedInstanceID},
	}}
	got, m := soakPlan{readsOn, 400, 25, aborting, false, "1"}.run(t)
	control := reliability.Measurement{Guarantee: m.Guarantee, Ground: m.Ground, Test: m.Test, Seed: m.Seed, Seconds: m.Seconds, Controls: 1}
	if len(got.Missing)+len(got.Repeated) > 0 {
		control.Caught = 1
	} else {
		t.Error("nothing was lost or duplicated: the soak proves nothing")
	}
	record(t, control)
}

// readOn is exactlyOnce with the mistake: after an error it goes on with the next event.
func (r *reader) readOn(ctx context.Context, claim *group.Claim) error {
	if err := r.resume(claim.Context(), claim.Partition()); err != nil {
		return err
	}
	for msg := range claim.Messages() {
		if err := r.transact(ctx, claim, []*sarama.ConsumerMessage{msg}); err != nil {
			r.process.Log.Warn("aborted, and reading on", "offset", msg.Offset, "error", err)
		}
	}
	return nil
}

// runReadingOn is run for readOn.
func runReadingOn(ctx context.Context, cfg config, p *service.Process) error {
	conf := cfg.cluster.Config(p.Name)
	cfg.member.Apply(conf)
	connect := func(ctx context.Context) (sarama.Client, error) {
		return cfg.cluster.Dial(ctx, conf, []string{cfg.topic, cfg.boardTopic}, func(error) {})
	}
	client, err := connect(ctx)
	if err != nil {
		return err
	}
	letters, err := cfg.cluster.NewDeadLetters(ctx, conf, cfg.deadLetters, lines.Hooks(p))
	if err != nil {
		return err
	}
	r := newReader(letters, nil, newBoard(portuguese), cfg.matches, p)
	if r.once, err = newOnceOnly(ctx, cfg, client, p); err != nil {
		return err
	}
	member := &group.Consumer{
		Client: client, Redial: connect, Member: cfg.member, Topic: cfg.topic, Hooks: lines.Hooks(p),
		Handle: r.readOn, Assigned: func(_, _, _ []int32) {},
	}
	return member.Run(ctx)
}

// matches are played side by side, one goal after the other. They are shorter than the
// score-simulator's, so that there are more of them than a board remembers.
type matches struct {
	rng     *rand.Rand
	playing [6]event.ScoreEvent // the last event of each; the zero value: over
	begun   int
}

func newMatches(rng *rand.Rand) *matches { return &matches{rng: rng} }

// next is the next n events, by match on the partitions.
func (m *matches) next(t testing.TB, n int) []*sarama.ProducerMessage {
	t.Helper()
	var msgs []*sarama.ProducerMessage
	for range n {
		e := &m.playing[m.rng.IntN(len(m.playing))]
		if e.Match == "" {
			m.begun++
			*e = event.ScoreEvent{Match: fmt.Sprint("match", m.begun), Event: event.Goal, Period: 1}
		}
		e.ID++
		e.Timestamp = float64(e.ID)
		if lead := e.Score.TeamA - e.Score.TeamB; max(e.Score.TeamA, e.Score.TeamB) >= 8 && max(lead, -lead) >= 2 {
			e.Event = event.Finished
		} else if m.rng.IntN(2) == 0 {
			e.Team, e.Score.TeamA = event.TeamA, e.Score.TeamA+1
		} else {
			e.Team, e.Score.TeamB = event.TeamB, e.Score.TeamB+1
		}
		value, err := json.Marshal(*e)
		if err != nil {
			t.Fatal(err)
		}
		msgs = append(msgs, &sarama.ProducerMessage{Topic: "scoreGame", Key: sarama.StringEncoder(e.Match), Value: sarama.ByteEncoder(value)})
		if e.Event == event.Finished {
			*e = event.ScoreEvent{}
		}
	}
	return msgs
}
