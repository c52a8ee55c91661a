package group_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
)

// underFaults lets coordinators and leaders move, members come and go and handlers fail, while messages are
// handled once or more. It returns when all are committed, with what the handlers have not seen counted as lost.
func underFaults(t *testing.T, commitFirst bool) reliability.Measurement {
	const seed, messages = 1, 300
	t.Logf("seed %d", seed)
	m := reliability.Measurement{
		Guarantee: "a group that commits behind its work handles every message", Ground: reliability.Embedded, Test: t.Name(),
		Seed: seed, Events: messages, Faults: map[string]int{},
	}
	began := time.Now()
	rng := rand.New(rand.NewPCG(seed, 0))
	c := kafkatest.Start(t, "t:3")
	w := &worker{seen: map[string]bool{}, failed: map[string]bool{}, commitFirst: commitFirst}
	members := []*member{joinWith(t, c, w.handle, nil), joinWith(t, c, w.handle, nil)}
	producer := c.Producer()
	installed := map[string][]*kfake.FaultHandle{}
	install := func(kind string, f kfake.Fault) { installed[kind] = append(installed[kind], c.Fault(f)) }
	for i := range messages {
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "t", Value: sarama.StringEncoder(fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
		switch rng.IntN(60) {
		case 0:
			c.RehashCoordinators()
			m.Faults["coordinators moved"]++
		case 1:
			c.ShufflePartitionLeaders()
			m.Faults["all leaders shuffled"]++
		case 2:
			install("OffsetCommit NOT_COORDINATOR", kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: 2})
		case 3:
			install("Heartbeat UNKNOWN_MEMBER_ID", kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, TopLevel: true})
		case 4:
			i := rng.IntN(2)
			if err := members[i].Stop(); err != nil {
				t.Logf("member stopped with %v", err) // what it could not commit, the other handles again
			}
			members[i] = joinWith(t, c, w.handle, nil)
			m.Faults["a member stopped and started"]++
		}
	}
	kafkatest.Eventually(t, "all is committed", func() bool {
		var committed, end int64
		for p := range int32(3) {
			committed += max(0, c.Committed("g", "t", p))
			end += c.PartitionInfo("t", p).HighWatermark
		}
		return committed == end
	})
	hits := 0
	for kind, faults := range installed {
		for _, f := range faults {
			m.Faults[kind] += f.Hits()
			hits += f.Hits()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if hits < 3 || len(w.failed) != messages/50 {
		t.Errorf("%d faults struck and %d handlers failed: the test did not test", hits, len(w.failed))
	}
	m.Faults["a handler failed"] = len(w.failed)
	m.Lost = messages - len(w.seen)
	m.Seconds = time.Since(began).Seconds()
	return m
}

// worker is what the members do with a message. One in fifty it fails to handle at the first try.
type worker struct {
	commitFirst  bool
	mu           sync.Mutex
	seen, failed map[string]bool
}

func (w *worker) work(value string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n, _ := strconv.Atoi(value); n%50 == 7 && !w.failed[value] {
		w.failed[value] = true
		return errors.New("not now")
	}
	w.seen[value] = true
	return nil
}

func (w *worker) handle(*member) func(context.Context, *group.Claim) error {
	return func(_ context.Context, claim *group.Claim) error {
		for msg := range claim.Messages() {
			steps := []func() error{
				func() error { return w.work(string(msg.Value)) },
				func() error { claim.Mark(msg); return claim.Commit() },
			}
			if w.commitFirst {
				slices.Reverse(steps)
			}
			for _, step := range steps {
				if err := step(); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func TestNothingIsLostUnderFaults(t *testing.T) {
	t.Parallel()
	m := underFaults(t, false)
	if err := reliability.Record(m); err != nil {
		t.Error(err)
	}
	if m.Lost > 0 {
		t.Errorf("%d of %d messages were not handled", m.Lost, m.Events)
	}
}

// The control: committed before they are handled, messages are lost under the same faults.
func TestCommitFirstLosesUnderFaults(t *testing.T) {
	t.Parallel()
	m := underFaults(t, true)
	control := reliability.Measurement{Guarantee: m.Guarantee, Ground: m.Ground, Test: m.Test, Seed: m.Seed, Seconds: m.Seconds, Controls: 1}
	if m.Lost > 0 {
		control.Caught = 1
	} else {
		t.Errorf("all %d messages were handled: the faults have lost their teeth", m.Events)
	}
	if err := reliability.Record(control); err != nil {
		t.Error(err)
	}
}
