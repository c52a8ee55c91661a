package lab

import (
	"context"
	"fmt"
	"time"
)

// autoCommitCrash is far enough into the match for one automatic commit, five seconds after the start,
// to lie behind.
const autoCommitCrash = 32

var autoCommit = Lab{
	Name:    "auto-commit",
	Summary: Text{"confirma a cada 5 s: uma queda repete o que veio depois", "commit every 5 s: a crash repeats what came after"},
	Will: [3]Text{
		{"Um simulador joga uma partida; o placar exibe cada gol, e o offset é confirmado a cada 5 segundos.",
			"A simulator plays a match; the board shows each goal, and the offset is committed every 5 seconds."},
		{"No id 32 o placar cai entre duas confirmações, como por kill -9, e é reiniciado.",
			"At id 32 the board crashes between two commits, as by kill -9, and is started again."},
		{"Previsão: repete-se tudo o que foi exibido depois da última confirmação; nada se perde.",
			"Prediction: all that was shown after the last commit is repeated; nothing is lost."},
	},
	Why: Text{
		"A confirmação automática guarda de tempos em tempos o offset do que já foi lido. O que foi exibido desde a última vez não está " +
			"confirmado, e depois da queda vem tudo de novo: quanto maior o intervalo, mais se repete. É uma garantia de pelo menos uma vez, com repetições aos montes.",
		"Automatic commit stores from time to time the offset of what was read. What was shown since the last time is not committed, " +
			"and after the crash all of it comes again: the longer the interval, the more is repeated. It is at-least-once, with plenty of repeats.",
	},
	Pace: 200 * time.Millisecond, Student: true,
	ByHand: theMatch,
	run:    runAutoCommit,
}

func runAutoCommit(ctx context.Context, b *Bench) ([]Part, error) {
	if len(b.Scoreboard) > 0 {
		return b.runStudent(ctx, "auto", autoCommitCrash, afterLastCommit)
	}
	m, err := b.NewMatch(ctx)
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
	if code != crashed {
		return nil, &NotRun{fmt.Sprintf("the board was to crash at id %d with exit code %d, and ended with %d", autoCommitCrash, crashed, code)}
	}
	// While nobody is in the group, its offset stands where the last commit has put it.
	committed, err := b.Committed(board.Group, m.Topic, 0)
	if err != nil {
		return nil, err
	}
	b.Say(Text{
		fmt.Sprintf("o grupo tinha confirmado até o id %d", max(committed, 0)),
		fmt.Sprintf("the group had committed up to id %d", max(committed, 0)),
	})
	b.SayRestart(board, code)
	if _, err := board.Follow(ctx); err != nil {
		return nil, err
	}
	part, err := m.Part(ctx, board)
	for id := int(max(committed, 0)) + 1; id <= autoCommitCrash; id++ {
		part.Want.Repeated = append(part.Want.Repeated, id)
	}
	part.Facts = []Fact{{
		Text{"a queda repetiu ao menos um gol", "the crash repeated at least one goal"},
		len(part.Want.Repeated) > 0,
	}}
	return []Part{part}, err
}
