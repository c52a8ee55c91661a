package student

import (
	"context"
	"fmt"
	"time"

	"workshop.example/kit/service"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// judge counts what the student's scoreboard has shown, as it does for ours, and says what to change
// where that is not as predicted.
func (s *student) judge(ctx context.Context, want func(*student) report.Prediction) ([]report.Part, error) {
	part, err := s.Match.Part(ctx, s.Board)
	if err != nil {
		return nil, err
	}
	s.strays = s.elsewhere()
	if s.strays == "" && !s.nothing() && missedStart(part.Counted) < s.failAt {
		if err := s.struck(); err != nil {
			return nil, err
		}
	}
	part.Want = want(s)
	if s.delivery == "auto" {
		part.Facts = []report.Fact{
			{Text: says("commit-before-the-crash"), Held: s.seen[0].committed > 0},
			{Text: says("repeated"), Held: len(part.Want.Repeated) > 0},
		}
	}
	if !s.complete() {
		part.Pending = true
		part.Facts = append(part.Facts, report.Fact{Text: says("to-its-end"), Held: false})
	}
	part.Facts = append(part.Facts, s.strayed()...)
	part.Notes = s.notes()
	part.Hint = s.hint(part)
	return []report.Part{part}, nil
}

// struck returns an error where the fault has not struck as it must to prove anything.
func (s *student) struck() error {
	first := s.seen[0]
	if len(s.seen) == 1 && (first.stopped || s.complete()) {
		s.Match.Bench.Say(says("not-crashed", s.failAt))
		return &rig.NotRun{Cause: fmt.Sprintf("the scoreboard has not crashed: at the event whose id is FAIL_AT_ID (here %d) it must end at "+
			"once, such as by os._exit(137)", s.failAt)}
	}
	if s.delivery == "auto" && first.committed == 0 && first.lasted < autoCommitInterval {
		return &rig.NotRun{Cause: fmt.Sprintf("the scoreboard crashed %s after its first goal, before an automatic commit is due: "+
			"leave --pace out",
			first.lasted.Round(time.Millisecond))}
	}
	return nil
}

// autoCommitInterval is the default of all libraries, and a little more: a client commits when it next
// looks for messages.
const autoCommitInterval = 5*time.Second + 500*time.Millisecond

// notes are what is worth knowing, whatever the verdict.
func (s *student) notes() []service.Text {
	var notes []service.Text
	for i, life := range s.seen {
		if life.waited > 0 {
			seconds := life.waited.Seconds()
			notes = append(notes, says("waited", i+1, seconds))
		}
	}
	if s.delivery == "auto" && s.seen[0].committed == s.seen[0].last-1 {
		notes = append(notes, says("only-the-last"))
	}
	if end := last(s.seen); end.stopped && s.complete() {
		notes = append(notes, says("not-ended"))
	}
	if last(s.seen).printed > flood {
		notes = append(notes, says("flood", flood))
	}
	return notes
}

// Always is a prediction that does not depend on how the board crashed.
func Always(want report.Prediction) func(*student) report.Prediction {
	return func(*student) report.Prediction { return want }
}

// AfterLastCommit predicts that all is repeated that the first life had shown and not committed.
func AfterLastCommit(s *student) report.Prediction {
	var want report.Prediction
	for id := s.seen[0].committed + 1; id <= s.seen[0].last; id++ {
		want.Repeated = append(want.Repeated, id)
	}
	return want
}
