package scoresimulator

import (
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

func decoded(t *testing.T, msgs []*sarama.ConsumerMessage) []event.ScoreEvent {
	t.Helper()
	var events []event.ScoreEvent
	for _, msg := range msgs {
		e, err := event.DecodeScoreEvent(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// wantWholeMatch checks that the ids go from 1 to the end without a gap, and that every score follows
// from the one before.
func wantWholeMatch(t *testing.T, events []event.ScoreEvent) {
	t.Helper()
	var score event.Score
	for i, e := range events {
		if e.Event == event.Goal {
			if e.Team == event.TeamA {
				score.TeamA++
			} else {
				score.TeamB++
			}
		}
		if e.ID != i+1 || e.Score != score {
			t.Fatalf("event %d is %+v, want the score %+v", i+1, e, score)
		}
	}
	if len(events) == 0 || events[len(events)-1].Event != event.Finished {
		t.Errorf("%d events, and the last is not the end of the match", len(events))
	}
}

// Ghost goals are in the log, and only read_uncommitted shows them.
func TestGhostGoals(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1")
	r := kafkatest.StartRun(t, env(c, "TRANSACTIONAL_ID", "sim", "ABORT_EVERY", "5"), configure, run)
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	committed := decoded(t, c.ReadAll("scoreGame"))
	wantWholeMatch(t, committed)
	goals := len(committed) - 1
	all := decoded(t, c.ReadUncommitted("scoreGame")) // the control
	if got, want := len(all), len(committed)+goals/5; got != want {
		t.Errorf("%d messages with ghosts, want %d", got, want)
	}
	for i, ghost := range all[:len(all)-1] {
		if real := all[i+1]; real.ID == ghost.ID {
			if ghost.ID%5 != 0 || ghost.Team == real.Team || ghost.Score.TeamA+ghost.Score.TeamB != real.ID {
				t.Errorf("ghost %+v before %+v", ghost, real)
			}
		}
	}
	if got := strings.Count(r.Out.String(), "Gol fantasma (enviado e abortado): {"); got != goals/5 {
		t.Errorf("%d ghosts on the screen, want %d", got, goals/5)
	}
}

func TestTransactionsUnderFaults(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1")
	var faults []*kfake.FaultHandle
	for _, f := range []kfake.Fault{
		{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.ConcurrentTransactions, Count: 5},
		{Keys: []kmsg.Key{kmsg.AddPartitionsToTxn}, Err: kerr.CoordinatorLoadInProgress, Count: 5},
		{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition, Count: 5},
		{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.InvalidRecord, Count: 1}, // not retried by sarama
	} {
		faults = append(faults, c.Fault(f))
	}
	r := kafkatest.StartRun(t, env(c, "TRANSACTIONAL_ID", "sim"), configure, run)
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	wantWholeMatch(t, decoded(t, c.ReadAll("scoreGame")))
	for i, f := range faults {
		if f.Hits() == 0 {
			t.Errorf("fault %d did not strike", i)
		}
	}
}

// A commit without an answer may or may not have happened: it is said so, and not done again.
func TestUnknownCommitEndsTheMatch(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1")
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.UnknownServerError, Count: 1})
	r := kafkatest.StartRun(t, env(c, "TRANSACTIONAL_ID", "sim"), configure, run)
	if err := r.Wait(); err == nil || !strings.Contains(err.Error(), "outcome of the commit unknown") {
		t.Errorf("ended with %v", err)
	}
	r.WaitFor("resumo: 1 enviadas · 0 confirmadas · 0 falharam · 1 sem resposta")
}

// Two simulators with one id: the older is fenced, says so in words, and ends.
func TestFencedSimulatorSaysSo(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1")
	older := kafkatest.StartRun(t, env(c, "TRANSACTIONAL_ID", "sim", "PACE", "20ms", "MATCHES", "0"), configure, run)
	older.WaitFor(`"id":3,`)
	newer := kafkatest.StartRun(t, env(c, "TRANSACTIONAL_ID", "sim"), configure, run)
	if err := newer.Wait(); err != nil {
		t.Errorf("the newer ended with %v", err)
	}
	if err := older.Wait(); err == nil || !strings.Contains(err.Error(), "fenced") {
		t.Errorf("the older ended with %v", err)
	}
	older.WaitFor(`este programa foi barrado (fenced): outro programa começou com o mesmo TRANSACTIONAL_ID "sim"`)
	if strings.Contains(newer.Out.String(), "barrado") {
		t.Error("the newer was fenced too")
	}
}

func TestTransactionMistakesAreNamed(t *testing.T) {
	for _, c := range []struct {
		vars map[string]string
		want string
	}{
		{map[string]string{"ABORT_EVERY": "5"}, "ABORT_EVERY"},
		{map[string]string{"ABORT_EVERY": "-1", "TRANSACTIONAL_ID": "sim"}, "ABORT_EVERY"},
		{map[string]string{"IDEMPOTENT": "false", "TRANSACTIONAL_ID": "sim"}, "IDEMPOTENT"},
		{map[string]string{"TRANSACTION_TIMEOUT": "1h", "TRANSACTIONAL_ID": "sim"}, "TRANSACTION_TIMEOUT"},
	} {
		e := service.EnvOf(c.vars)
		configure(e)
		if err := e.Err(); err == nil || !strings.Contains(err.Error(), c.want+"=") {
			t.Errorf("%v: %v", c.vars, err)
		}
	}
}
