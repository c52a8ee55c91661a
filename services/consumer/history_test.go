package consumer

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"workshop.example/kit/history"
	"workshop.example/kit/kafkatest"
)

// The history has a delivery, a line and its commit, in that order; a dead letter is a send.
func TestHistory(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:1", "transactions.dlq:1")
	c.ProduceValues("transactions", fmt.Sprintf(good, 1), "nonsense", fmt.Sprintf(good, 2))
	path := filepath.Join(t.TempDir(), "history.jsonl")
	r := kafkatest.StartRun(t, env(c, "HISTORY", path), configure, run)
	kafkatest.Eventually(t, "all is committed", func() bool { return c.Committed("cg-group-id", "transactions", 0) == 3 })
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	entries := kafkatest.History(t, path)
	var got []string
	for _, e := range entries {
		if e.Step != history.Commit { // how many messages share one depends on how they come
			got = append(got, fmt.Sprintf("%s %s %s/%d", e.Step, e.Phase, e.Topic, e.Offset))
		}
	}
	slices.Sort(got)
	want := []string{
		"deliver ok transactions/0", "deliver ok transactions/1", "deliver ok transactions/2",
		"send intent transactions.dlq/1", "send ok transactions.dlq/0",
		"show intent transactions/0", "show intent transactions/2", "show ok transactions/0", "show ok transactions/2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	last := entries[len(entries)-1]
	if i := slices.IndexFunc(entries,
		func(e history.Entry) bool { return e.Step == history.Commit && e.Phase == history.OK && e.Offset == 3 }); i < 0 {
		t.Errorf("offset 3 is committed, but not in the history; its last entry is %+v", last)
	}
}
