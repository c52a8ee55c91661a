package rig

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// stepsOf reads P, C and E (Produce, TxnOffsetCommit, EndTxn with commit), A (EndTxn with abort),
// T (AddPartitionsToTxn) and I (InitProducerID) as requests; lower case is the answer, and ! behind it a
// refusal.
func stepsOf(text string, id int) []Step {
	keys := map[rune]kmsg.Key{
		'P': kmsg.Produce, 'C': kmsg.TxnOffsetCommit, 'E': kmsg.EndTxn, 'A': kmsg.EndTxn, 'T': kmsg.AddPartitionsToTxn, 'I': kmsg.InitProducerID,
	}
	var steps []Step
	for _, c := range text {
		if c == '!' {
			steps[len(steps)-1].Err = kerr.UnknownMemberID
			continue
		}
		upper := []rune(strings.ToUpper(string(c)))[0]
		steps = append(steps, Step{Key: keys[upper], Answer: c != upper, Commit: upper == 'E', Event: id})
	}
	return steps
}

// A tap counts the transactions that are committed, and holds the step it was asked to.
func TestTapCounts(t *testing.T) {
	tap := &Tap{event: 1, ctx: t.Context()}
	for _, s := range slices.Concat(stepsOf("TtPpEe!Ee", 0), stepsOf("TtPpAa", 0), stepsOf("TtPpE", 0)) {
		tap.see(s, nil)
	}
	var events []string
	for _, s := range tap.Since(0) {
		events = append(events, fmt.Sprint(s.Event))
	}
	if got, want := strings.Join(events, ""), "11111111"+"222222"+"22222"; got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	if err := tap.Err(); err != nil {
		t.Error(err)
	}
	tap.see(Step{}, errors.New("cannot be read"))
	if err := tap.Err(); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a frame that cannot be read gives %v", err)
	}
}

func TestEventsIn(t *testing.T) {
	record := func(value string) []byte {
		r := kmsg.Record{Value: []byte(value)}
		body := r.AppendTo(nil)
		r.Length = int32(len(body) - 1) // that of 0 takes one byte, as every small one does
		return r.AppendTo(nil)
	}
	batch := func(attributes int16, records ...[]byte) []byte {
		b := kmsg.RecordBatch{Magic: 2, Attributes: attributes, NumRecords: int32(len(records)), Records: slices.Concat(records...)}
		b.Length = int32(49 + len(b.Records))
		return b.AppendTo(nil)
	}
	goal, end := record(`{"id":4,"event":"goal"}`), record(`{"id":5,"event":"finished"}`)
	got, err := eventsIn(batch(0, goal, end))
	if err != nil || !slices.Equal(got, []Sent{{4, "goal"}, {5, "finished"}}) || !slices.Equal(GoalIDs(got), []int{4}) {
		t.Errorf("got %v, %v", got, err)
	}
	for name, bytes := range map[string][]byte{
		"compressed": batch(2, goal), "cut": batch(0, goal[:len(goal)-3]), "no JSON": batch(0, record("x")), "no batch": []byte("short"),
	} {
		if got, err := eventsIn(bytes); err == nil {
			t.Errorf("%s: got %v and no error", name, got)
		}
	}
}
