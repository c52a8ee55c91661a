package scoresimulator

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

func all(seed uint64) []event.ScoreEvent {
	var events []event.ScoreEvent
	m := newMatch("m", rand.New(rand.NewPCG(seed, 0)))
	for e, ok := m.next(); ok; e, ok = m.next() {
		events = append(events, e)
	}
	return events
}

func TestMatchObeysTheRules(t *testing.T) {
	for seed := range uint64(500) {
		events := all(seed)
		var score event.Score
		for i, e := range events {
			last := i == len(events)-1
			if e.ID != i+1 || e.Period != 1 || e.Match != "m" || (e.Event == event.Finished) != last {
				t.Fatalf("seed %d: event %d is %+v", seed, i+1, e)
			}
			if last {
				if e.Team != events[i-1].Team || e.Score != events[i-1].Score {
					t.Fatalf("seed %d: finished has not the last team and score: %+v", seed, e)
				}
				break
			}
			if e.Team == event.TeamA {
				score.TeamA++
			} else {
				score.TeamB++
			}
			if e.Score != score {
				t.Fatalf("seed %d: event %d announces %+v, want %+v", seed, e.ID, e.Score, score)
			}
			own, other := score.TeamA, score.TeamB
			if e.Team == event.TeamB {
				own, other = other, own
			}
			if won := own >= 25 && own-other >= 2; won != (i == len(events)-2) {
				t.Fatalf("seed %d: at %+v the match has to be over: %v", seed, score, won)
			}
		}
	}
}

func TestSeedFixesTheMatch(t *testing.T) {
	if !reflect.DeepEqual(all(7), all(7)) {
		t.Error("the same seed gives two matches")
	}
	if reflect.DeepEqual(all(7), all(8)) {
		t.Error("two seeds give the same match")
	}
}

func env(c *kafkatest.Cluster, more ...string) map[string]string {
	vars := map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap(), "PACE": "0", "SEED": "42"}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	return vars
}

func TestPublishesWholeMatches(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1")
	r := kafkatest.StartRun(t, env(c, "MATCHES", "2"), configure, run)
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	lines := r.Out.Lines()
	if lines[0] != "Producer iniciado..." || lines[len(lines)-1] != "Producer finalizado." {
		t.Errorf("first line %q, last line %q", lines[0], lines[len(lines)-1])
	}
	msgs := c.ReadAll("scoreGame")
	matches := map[string]int{}
	for i, msg := range msgs {
		e, err := event.DecodeScoreEvent(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		if string(msg.Key) != e.Match || e.Match == "" {
			t.Errorf("key %q of match %q", msg.Key, e.Match)
		}
		if matches[e.Match]++; matches[e.Match] != e.ID {
			t.Errorf("id %d follows %d", e.ID, matches[e.Match]-1)
		}
		if want := "Enviando: " + string(msg.Value); lines[1+i] != want {
			t.Errorf("line %q, want %q", lines[1+i], want)
		}
		if !json.Valid(msg.Value) || !strings.HasPrefix(string(msg.Value), `{"id":`) {
			t.Errorf("value %s", msg.Value)
		}
	}
	if len(matches) != 2 {
		t.Errorf("%d matches, want 2", len(matches))
	}
}

// Without a key a match is on every partition.
func TestMessageKey(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		key, transactionalID string
		keyless              bool
	}{
		{"match", "", false}, {"none", "", true}, {"none", "simulator", true},
	} {
		c := kafkatest.Start(t, "scoreGame:3")
		r := kafkatest.StartRun(t, env(c, "MESSAGE_KEY", tt.key, "TRANSACTIONAL_ID", tt.transactionalID), configure, run)
		if err := r.Wait(); err != nil {
			t.Fatal(err)
		}
		used := map[int32]bool{}
		for _, msg := range c.ReadAll("scoreGame") {
			used[msg.Partition] = true
			if (len(msg.Key) == 0) != tt.keyless {
				t.Errorf("MESSAGE_KEY=%s: key %q", tt.key, msg.Key)
			}
		}
		if want := map[bool]int{false: 1, true: 3}[tt.keyless]; len(used) != want { // 48 on two of three: once in 10^8 times
			t.Errorf("MESSAGE_KEY=%s: %d partitions, want %d", tt.key, len(used), want)
		}
	}
}

// A stop between two goals: what was sent is acknowledged, and the summary says so.
func TestStopBetweenGoals(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1")
	r := kafkatest.StartRun(t, env(c, "PACE", "1h"), configure, run)
	kafkatest.Eventually(t, "the first goal is in the log", func() bool { return c.PartitionInfo("scoreGame", 0).HighWatermark == 1 })
	if err := r.Stop(); !errors.Is(err, context.Canceled) { // which is exit code 0
		t.Errorf("error %v", err)
	}
	r.WaitFor("resumo: 1 enviadas · 1 confirmadas · 0 falharam · 0 sem resposta")
}

// An event that the broker refuses ends the match: whatever came after it would be a lie.
func TestRefusedEventEndsTheMatch(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1")
	c.RefuseProduce("scoreGame")
	r := kafkatest.StartRun(t, env(c), configure, run)
	err := r.Wait()
	if err == nil || !strings.Contains(err.Error(), "publish event 1") {
		t.Errorf("error %v, want one that names event 1", err)
	}
	r.WaitFor("resumo: 1 enviadas · 0 confirmadas · 1 falharam · 0 sem resposta")
}

// A stop while the broker does not answer reports the event as unknown instead of waiting.
func TestStopWithoutAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1")
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "scoreGame", Err: kerr.NotLeaderForPartition, Count: -1})
	r := kafkatest.StartRun(t, env(c), configure, run)
	r.WaitFor("Enviando: ")
	err := r.Stop()
	if err == nil || !strings.Contains(err.Error(), "outcome unknown") {
		t.Errorf("error %v, want an unknown outcome", err)
	}
	r.WaitFor("resumo: 1 enviadas · 0 confirmadas · 0 falharam · 1 sem resposta")
}
