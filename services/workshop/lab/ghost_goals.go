package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

var ghostGoals = Lab{
	Name:    "ghost-goals",
	Summary: Text{"gols enviados e abortados: quem os vê", "goals sent and aborted: who sees them"},
	Will: [3]Text{
		{"O simulador publica cada gol numa transação; cada quarto gol é antes enviado para o outro time, e abortado.",
			"The simulator publishes each goal in a transaction; each fourth is first sent for the other team, and aborted."},
		{"Dois placares leem o mesmo tópico, um com read_uncommitted, o outro com read_committed.",
			"Two boards read the same topic, one with read_uncommitted, the other with read_committed."},
		{"Previsão: o primeiro mostra todos os gols fantasmas, o segundo nenhum; os gols de verdade aparecem nos dois.",
			"Prediction: the first shows every ghost goal, the second none; both show the true goals."},
	},
	Why: Text{
		"Abortar não apaga: as mensagens abortadas ficam no tópico, seguidas de um marcador. Quem lê com read_uncommitted as recebe como " +
			"quaisquer outras; com read_committed o cliente as descarta, e espera o fim de cada transação aberta. O padrão do cliente Java " +
			"e do kafka-python é read_uncommitted (o da librdkafka não): sem mudá-lo, a transação do produtor não protege ninguém.",
		"An abort erases nothing: the aborted messages stay in the topic, with a marker behind them. A reader with read_uncommitted gets " +
			"them like any other; with read_committed the client leaves them out, and waits for the end of each open transaction. The Java client and " +
			"kafka-python default to read_uncommitted (librdkafka does not): unless that is changed, the producer's transaction protects nobody.",
	},
	Pace:   100 * time.Millisecond,
	ByHand: theMatch,
	run:    runGhostGoals,
}

// ghostEvery is how many goals go by until the next is aborted first.
const ghostEvery = 4

func runGhostGoals(ctx context.Context, b *Bench) ([]Part, error) {
	m, err := b.NewMatch(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := m.Play("TRANSACTIONAL_ID="+b.Name("simulator"), fmt.Sprint("ABORT_EVERY=", ghostEvery)); err != nil {
		return nil, err
	}
	boards := []*Board{
		m.Board("uncommitted", "DELIVERY=at-least-once", "ISOLATION=read_uncommitted"),
		m.Board("committed", "DELIVERY=at-least-once", "ISOLATION=read_committed"),
	}
	following, ctx := errgroup.WithContext(ctx)
	for _, board := range boards {
		following.Go(func() error {
			_, err := board.Follow(ctx)
			return err
		})
	}
	if err := following.Wait(); err != nil {
		return nil, err
	}
	return m.judgeGhosts(context.WithoutCancel(ctx), boards[0], boards[1])
}

func (m *Match) judgeGhosts(ctx context.Context, uncommitted, committed *Board) ([]Part, error) {
	goals, err := m.Goals(ctx)
	if err != nil {
		return nil, err
	}
	var aborted, ghosts []int
	for _, g := range goals {
		if g.Aborted {
			aborted = append(aborted, g.Number)
		}
	}
	for id := ghostEvery; id <= highest(goals); id += ghostEvery {
		ghosts = append(ghosts, id)
	}
	if !slices.Equal(aborted, ghosts) {
		return nil, &NotRun{fmt.Sprintf("aborted in the topic are %s, where it was to be %s", idsOr(aborted, "none"), idsOr(ghosts, "none"))}
	}
	loose, err := m.Part(ctx, uncommitted)
	if err != nil {
		return nil, err
	}
	loose.Title, loose.Want.Ghosts = Text{"read_uncommitted", "read_uncommitted"}, ghosts
	strict, err := m.Part(ctx, committed)
	strict.Title = Text{"read_committed", "read_committed"}
	return []Part{loose, strict}, err
}
