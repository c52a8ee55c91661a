package lab

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/workshop/rig"
)

// tried reads P, C and E (Produce, TxnOffsetCommit, EndTxn with commit), A (EndTxn with abort),
// T (AddPartitionsToTxn) and I (InitProducerID) as requests; lower case is the answer, and ! behind it a
// refusal.
func tried(text string, id int) []rig.Step {
	keys := map[rune]kmsg.Key{
		'P': kmsg.Produce, 'C': kmsg.TxnOffsetCommit, 'E': kmsg.EndTxn, 'A': kmsg.EndTxn, 'T': kmsg.AddPartitionsToTxn, 'I': kmsg.InitProducerID,
	}
	var steps []rig.Step
	for _, c := range text {
		if c == '!' {
			steps[len(steps)-1].Err = kerr.UnknownMemberID
			continue
		}
		upper := []rune(strings.ToUpper(string(c)))[0]
		steps = append(steps, rig.Step{Key: keys[upper], Answer: c != upper, Commit: upper == 'E', Event: id})
	}
	return steps
}

// Each strike is proven by the steps of its own point, and not by those of another.
func TestStruck(t *testing.T) {
	for at, text := range []string{"T", "TtPp", "TtPpCc", "TtPpCcEe"} {
		for i, s := range strikes {
			if got := s.struck(lastTry(tried(text, s.id), s.id)); got != (i == at) {
				t.Errorf("strike at id %d by the steps %s: %v", s.id, text, got)
			}
		}
	}
	for _, c := range []struct {
		strike int
		text   string
		want   bool
	}{
		{0, "TtPpCc!AaT", true},    // a first try was aborted
		{0, "TtPpIiT", true},       // by the next life
		{1, "TtPp!", false},        // refused
		{1, "TtP", false},          // not answered
		{2, "TtPpC", false},        //
		{2, "TtPpCc!", false},      //
		{2, "TtPpCc!Cc", true},     // tried again
		{3, "TtPpCcE", false},      //
		{3, "TtPpCcEe!", false},    //
		{3, "TtPpCcEe!Ee", true},   //
		{3, "TtPpCcAaTtPp", false}, //
	} {
		s := strikes[c.strike]
		if got := s.struck(lastTry(tried(c.text, s.id), s.id)); got != c.want {
			t.Errorf("strike at id %d by the steps %s: %v, want %v", s.id, c.text, got, c.want)
		}
	}
	if got := lastTry(tried("TtPp", 4), 5); len(got) != 0 {
		t.Errorf("another event's steps %v", got)
	}
}
