package producer

import (
	"path/filepath"
	"testing"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/verdict"
)

// A stop in the middle of the stream at PACE=0, where the steps of many messages share a write: the history has each
// intent before its result, and an outcome for each message that agrees with the log.
func TestHistoryAgreesWithTheLog(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3")
	path := filepath.Join(t.TempDir(), "history.jsonl")
	r := kafkatest.StartRun(t, env(c, "HISTORY", path), configure, run)
	r.WaitFor("id de sequência 5000 ")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	entries := kafkatest.History(t, path)
	begun := map[uint64]bool{}
	stored := map[verdict.Message]history.Subject{}
	for _, e := range entries {
		if e.Phase == history.Intent {
			begun[e.Operation] = true
		} else if !begun[e.Operation] {
			t.Errorf("operation %d has its result before its intent", e.Operation)
		}
		if e.Phase == history.OK {
			stored[verdict.Message{Stream: e.Stream, Number: e.Number}] = e.Subject
		}
	}

	observed := verdict.OfHistories(entries)["transactions"].Run
	for _, msg := range c.ReadAll("transactions") {
		tx, err := event.DecodeTransaction(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		m := verdict.Message{Stream: string(msg.Key), Number: int(tx.IDSequencia)}
		observed.Log = append(observed.Log, verdict.Record{Message: m, Partition: msg.Partition, Offset: msg.Offset})
		if at := stored[m]; at.Partition != msg.Partition || at.Offset != msg.Offset {
			t.Errorf("%s is at %d/%d, the history says %d/%d", m, msg.Partition, msg.Offset, at.Partition, at.Offset)
		}
	}
	v := verdict.Check(observed)
	if !v.Clean() || len(v.UnknownAbsent)+len(v.UnknownPresent) > 0 || v.Produced < 5000 {
		t.Errorf("produced %d, lost %v, duplicated %v, spurious %v, unknown %v and %v", v.Produced, v.Lost, v.Duplicated, v.Spurious,
			v.UnknownAbsent, v.UnknownPresent)
	}
	observed.Log = observed.Log[1:] // the control
	if lost := verdict.Check(observed).Lost; len(lost) != 1 {
		t.Errorf("control: lost %v, want the message that was taken from the log", lost)
	}
}
