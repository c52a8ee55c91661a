package lab

import (
	"testing"

	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// A producer that waits for a dead leader for longer than it retries refuses what it had. What comes after that is where it was
// acknowledged, at offsets that are lower than the numbers.
func TestRefusedMessagesAreNoneOfTheLost(t *testing.T) {
	message := func(number int) verdict.Message { return verdict.Message{Stream: "48213", Number: number} }
	sends := []rig.Send{
		{Message: message(1), Outcome: verdict.Acknowledged},
		{Message: message(2), Outcome: verdict.Refused},
		{Message: message(3), Outcome: verdict.Refused},
		{Message: message(4), Outcome: verdict.Acknowledged},
	}
	log := []verdict.Record{{Message: message(1), Offset: 0}, {Message: message(4), Offset: 1}}
	for _, c := range []struct {
		name  string
		log   []verdict.Record
		holds bool
	}{
		{"the refused are not there", log, true},
		{"control: an acknowledged one is gone", log[:1], false},
	} {
		part := report.Part{Unread: true}
		countSends(&part, sentTo(c.log, sends))
		if part.Holds() != c.holds {
			t.Errorf("%s: %v, misses %v", c.name, part.Counted, part.Misses())
		}
	}
}
