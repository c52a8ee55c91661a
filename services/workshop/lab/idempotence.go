package lab

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/wire"
)

// lostEvery is how many messages the broker stores for each whose answer is lost.
const lostEvery = 4

var idempotence = Lab{
	Name:    "idempotence",
	Summary: Text{"a resposta do broker se perde: o reenvio duplica, ou não", "the broker's answer is lost: the retry duplicates, or does not"},
	Will: [3]Text{
		{"Dois simuladores jogam a mesma partida, cada um no seu tópico: um com IDEMPOTENT=false, o outro com true. Um placar segue cada tópico.",
			"Two simulators play the same match, each on its topic: one with IDEMPOTENT=false, the other with true. A board follows each topic."},
		{"A cada quatro mensagens gravadas a resposta do broker se perde na rede, e o simulador envia a mensagem de novo.",
			"For one in four messages stored the broker's answer is lost on the network, and the simulator sends the message again."},
		{"Previsão: sem idempotência está duas vezes no tópico exatamente o que ficou sem resposta; com ela, nada.",
			"Prediction: without idempotence exactly what had no answer is in the topic twice; with it, nothing is."},
	},
	Why: Text{
		"Quem não recebe resposta não sabe se a mensagem foi gravada: desistir pode perdê-la, reenviar pode duplicá-la. O produtor idempotente numera as mensagens de cada " +
			"partição; o broker reconhece um número que já tem, não grava de novo e só repete a resposta. Isso vale para os reenvios do próprio cliente. Se a aplicação " +
			"chama o envio outra vez, ou recomeça depois de uma queda, a mensagem tem um número novo, e a duplicata é dela.",
		"A producer that gets no answer does not know whether the message was stored: giving up may lose it, sending again may duplicate it. The idempotent producer numbers the messages of each " +
			"partition; the broker recognizes a number that it has, does not store it again and only repeats the answer. That is for the retries of the client itself. Where the application " +
			"sends once more, or starts again after a crash, the message has a new number, and the duplicate is the application's own.",
	},
	Pace:   25 * time.Millisecond,
	ByHand: theMatch,
	run:    runIdempotence,
}

func runIdempotence(ctx context.Context, b *Bench) ([]Part, error) {
	parts := make([]Part, 2)
	playing, inTime := errgroup.WithContext(ctx)
	for i, idempotent := range []bool{false, true} {
		playing.Go(func() (err error) {
			parts[i], err = b.loseAnswers(inTime, idempotent)
			return err
		})
	}
	return parts, playing.Wait()
}

// loseAnswers plays a match whose simulator misses answers, and counts what came of it.
func (b *Bench) loseAnswers(ctx context.Context, idempotent bool) (Part, error) {
	name := fmt.Sprint(idempotent)
	m, err := b.NewMatchNamed(ctx, "-"+name)
	if err != nil {
		return Part{}, err
	}
	p, err := b.Wire()
	if err != nil {
		return Part{}, err
	}
	var thief thief
	p.OnAnswer(thief.decide)
	if _, err := m.PlayAs("simulator-"+name, "IDEMPOTENT="+name, through(p)); err != nil {
		return Part{}, err
	}
	board := m.Board("board-"+name, "DELIVERY=auto")
	if _, err := board.Follow(ctx); err != nil {
		return Part{}, err
	}
	if code, err := m.Simulator.Wait(ctx); err != nil || code != 0 {
		return Part{}, unexpected(err, "%s ended with exit code %d", m.Simulator.Name, code)
	}
	lost, err := thief.lost()
	if err != nil {
		return Part{}, err
	}
	part, err := m.Part(ctx, board)
	part.Title = Text{"IDEMPOTENT=" + name, "IDEMPOTENT=" + name}
	part.Notes = []Text{{
		fmt.Sprintf("ficaram gravadas e sem resposta %d: %s", len(lost), ids(lost)), fmt.Sprintf("%d were stored but never answered: %s", len(lost), ids(lost)),
	}}
	if !idempotent {
		part.Want.Duplicated = lost
	}
	return part, err
}

// thief takes away the broker's answer to one in so many messages that it has stored.
type thief struct {
	mu      sync.Mutex
	stored  int
	taken   []int // ids of goals
	problem error
}

func (t *thief) decide(a wire.Answer) wire.Fate {
	if a.Request.Key != kmsg.Produce {
		return wire.Pass
	}
	s, err := answerStep(a)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil && t.problem == nil {
		t.problem = err
	}
	if !s.accepted(kmsg.Produce) {
		return wire.Pass // nothing is stored: to send it again duplicates nothing
	}
	if t.stored++; t.stored%lostEvery != 0 {
		return wire.Pass
	}
	t.taken = append(t.taken, goalIDs(s.Events)...)
	return wire.Cut
}

// lost are the ids of the goals whose answers were taken, sorted.
func (t *thief) lost() ([]int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.problem != nil || len(t.taken) == 0 {
		return nil, &NotRun{fmt.Sprintf("no answer of the broker was lost: %v", t.problem)}
	}
	slices.Sort(t.taken)
	return t.taken, nil
}
