package lab

import (
	"context"
	"fmt"
	"time"
)

// loopLives is how often the loop is watched before the way out is taken.
const loopLives = 3

var crashLoop = Lab{
	Name:    "crash-loop",
	Summary: Text{"um evento que derruba o placar a cada reinício, e a saída", "an event that crashes the board at each restart, and the way out"},
	Will: [3]Text{
		{"O placar exibe e depois confirma (at-least-once), e cai no id 5 toda vez que o encontra (FAIL_MODE=always).",
			"The board shows, then commits (at-least-once), and crashes at id 5 whenever it meets it (FAIL_MODE=always)."},
		{"Ele é reiniciado 3 vezes do mesmo jeito; depois, sem a falha.",
			"It is started again 3 times as it is; then without the fault."},
		{"Previsão: o id 5 sai uma vez por vida e nada depois dele; sem a falha, a partida vai até o fim e nada se perde.",
			"Prediction: id 5 is shown once a life and nothing after it; without the fault the match goes to its end, and nothing is lost."},
	},
	Why: Text{
		"O offset do id 5 nunca é confirmado, porque a queda vem antes: cada reinício recebe o mesmo evento e cai de novo. " +
			"Reiniciar não cura o que a própria mensagem provoca. A saída é mudar o programa, ou pôr a mensagem de lado (veja o laboratório poison).",
		"The offset of id 5 is never committed, because the crash comes before: each restart gets the same event and crashes again. " +
			"A restart does not heal what the message itself causes. The way out is to change the program, or to put the message aside (see the lab poison).",
	},
	Pace:   100 * time.Millisecond,
	ByHand: theMatch,
	run:    runCrashLoop,
}

func runCrashLoop(ctx context.Context, b *Bench) ([]Part, error) {
	m, err := b.NewMatch(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := m.Play(); err != nil {
		return nil, err
	}
	board := m.Board("scoreboard", "DELIVERY=at-least-once", fmt.Sprint("FAIL_AT_ID=", failAt))
	var want []int
	stuck := true
	for range loopLives + 1 {
		p, err := board.Start("FAIL_MODE=always")
		if err != nil {
			return nil, err
		}
		code, err := p.Wait(ctx)
		if err != nil {
			return nil, err
		}
		if code != crashed {
			return nil, &NotRun{fmt.Sprintf("the board was to crash with exit code %d, and ended with %d", crashed, code)}
		}
		committed, err := b.Committed(board.Group, m.Topic, 0)
		if err != nil {
			return nil, err
		}
		stuck = stuck && committed == failAt-1
		want = append(want, failAt)
		b.SayRestart(board, code)
	}
	stuck = stuck && last(board.Scores()).ID() == failAt
	if _, err := board.Start("FAIL_AT_ID=0"); err != nil {
		return nil, err
	}
	if code, err := board.Lives[len(board.Lives)-1].Wait(ctx); err != nil || code != 0 {
		return nil, unexpected(err, "without the fault the board ended with exit code %d", code)
	}
	part, err := m.Part(ctx, board)
	part.Want.Repeated = want
	part.Facts = []Fact{{
		Text{"em cada vida o grupo ficou no mesmo offset, e nada depois do id 5 foi exibido", "in every life the group stayed at the same offset, and nothing after id 5 was shown"},
		stuck,
	}}
	return []Part{part}, err
}
