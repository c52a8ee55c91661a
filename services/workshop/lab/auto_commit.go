package lab

import (
	"context"
	"fmt"
	"time"

	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/student"
)

// autoCommitCrash is far enough into the match for one automatic commit, five seconds after the start,
// to lie behind.
const autoCommitCrash = 32

var autoCommitText = Labs.Texts("auto-commit")

var _ = add(Lab{
	Name: "auto-commit",
	Pace: 200 * time.Millisecond, Student: []string{student.Scoreboard},
	ByHand: theMatch,
	run:    runAutoCommit,
})

func runAutoCommit(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	if b.Student.Role != "" {
		return student.Run(ctx, b, "auto", autoCommitCrash, student.AfterLastCommit)
	}
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	board := m.Board("scoreboard", "DELIVERY=auto", fmt.Sprint("FAIL_AT_ID=", autoCommitCrash))
	if _, err := m.Play(); err != nil {
		return nil, err
	}
	p, err := board.Start()
	if err != nil {
		return nil, err
	}
	code, err := p.Wait(ctx)
	if err != nil {
		return nil, err
	}
	if code != rig.Crashed {
		return nil, &rig.NotRun{Cause: fmt.Sprintf("the board was to crash at id %d with exit code %d, and ended with %d", autoCommitCrash,
			rig.Crashed, code)}
	}
	// While nobody is in the group, its offset stands where the last commit has put it.
	committed, err := b.Committed(board.Group, m.Topic, 0)
	if err != nil {
		return nil, err
	}
	b.Say(autoCommitText("committed", max(committed, 0)))
	board.SayRestart(code)
	if _, err := board.Follow(ctx); err != nil {
		return nil, err
	}
	part, err := m.Part(ctx, board)
	for id := int(max(committed, 0)) + 1; id <= autoCommitCrash; id++ {
		part.Want.Repeated = append(part.Want.Repeated, id)
	}
	part.Facts = []report.Fact{{
		Text: autoCommitText("repeated"),
		Held: len(part.Want.Repeated) > 0,
	}}
	return []report.Part{part}, err
}
