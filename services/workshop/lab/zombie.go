package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/wire"
)

// takenOver is the id up to which the second board goes before the first comes back.
const takenOver = failAt + 3

var zombie = Lab{
	Name:    "zombie",
	Summary: Text{"um placar dado por morto acorda no meio de uma transação", "a board that was presumed dead wakes up inside a transaction"},
	Will: [3]Text{
		{"Dois placares do mesmo grupo, a e b, exatamente uma vez. O a trabalha; no id 5 ele é pausado (SIGSTOP) dentro da transação.",
			"Two boards of one group, a and b, exactly-once. Board a works; at id 5 it is paused (SIGSTOP) inside its transaction."},
		{"Depois de 6 s sem sinal dele o grupo dá a partição a b, que segue a partir do id 5. Depois do id 8, a acorda e termina a transação onde estava.",
			"After 6 s without a sign of it the group gives the partition to b, which goes on with id 5. After id 8, a wakes up and finishes its transaction where it was."},
		{"Previsão: o coordenador recusa o offset de a, a transação dele é abortada, e cada gol está em scoreBoard uma vez.",
			"Prediction: the coordinator refuses a's offset, its transaction is aborted, and every goal is in scoreBoard once."},
	},
	Why: Text{
		"O placar a não podia saber que perdeu a partição: para ele não se passou tempo algum. Por isso não basta que ele verifique antes de enviar; é o coordenador " +
			"do grupo que precisa recusar. Ele só pode fazê-lo porque o offset entra na transação com o nome do membro e a geração do grupo (AddOffsetsToTxnWithGroupMetadata); " +
			"só com o nome do grupo (AddMessageToTxn) o offset do zumbi seria aceito, e o gol contado duas vezes. O TRANSACTIONAL_ID não ajuda aqui: cada placar tem o seu.",
		"Board a could not know that it had lost the partition: for it no time has passed. So it is not enough that it looks before it sends; the group's coordinator " +
			"has to refuse. It can only because the offset goes into the transaction with the member's name and the group's generation (AddOffsetsToTxnWithGroupMetadata); " +
			"by the group's name alone (AddMessageToTxn) the zombie's offset would be accepted, and the goal counted twice. The TRANSACTIONAL_ID does not help here: each board has its own.",
	},
	Pace:   250 * time.Millisecond,
	ByHand: theMatch,
	run:    runZombie,
}

func runZombie(ctx context.Context, b *Bench) ([]Part, error) {
	m, err := b.NewMatch(ctx)
	if err != nil {
		return nil, err
	}
	t, err := b.tap(ctx, "a")
	if err != nil {
		return nil, err
	}
	first := m.Board("a", "DELIVERY=exactly-once", "TRANSACTION_TIMEOUT=60s", through(t.Proxy))
	second := first.Mate("b", "KAFKA_PROXY=")
	if _, err := m.Play(); err != nil {
		return nil, err
	}
	t.holdAt(func(s step) bool { return s.is(kmsg.AddPartitionsToTxn, false) && s.Event == failAt })
	sleeper, err := first.Start()
	if err != nil {
		return nil, err
	}
	h, err := t.caught(ctx, sleeper, fmt.Sprintf("it was to be paused at id %d", failAt))
	if err != nil {
		return nil, err
	}
	if err := sleeper.Pause(); err != nil {
		return nil, err
	}
	b.Say(Text{fmt.Sprintf("o placar a está pausado, no id %d; o placar b começa", failAt), fmt.Sprintf("board a is paused, at id %d; board b begins", failAt)})
	heir, err := second.Start()
	if err != nil {
		return nil, err
	}
	if err := heir.Await(ctx, fmt.Sprintf("id %d is shown", takenOver), Showing(takenOver)); err != nil {
		return nil, err
	}
	b.Say(Text{"o placar a acorda", "board a wakes up"})
	before := t.count()
	if err := t.wake(ctx, sleeper, h); err != nil {
		return nil, err
	}
	if code, err := heir.Wait(ctx); err != nil || code != 0 {
		return nil, unexpected(err, "board b ended with exit code %d", code)
	}
	return m.judgeZombie(ctx, first, t.since(before))
}

// wake lets the zombie go on to the end of its transaction, whichever that is, and kills it there: it
// would join the group again, and take the match from the other.
func (t *tap) wake(ctx context.Context, sleeper *Process, h *held) error {
	t.holdAt(func(s step) bool { return s.is(kmsg.EndTxn, true) || s.is(kmsg.InitProducerID, true) })
	if err := sleeper.Resume(); err != nil {
		return err
	}
	h.let(wire.Pass)
	end, err := t.caught(ctx, sleeper, "its transaction was over")
	if err != nil {
		return err
	}
	sleeper.Kill()
	end.let(wire.Cut)
	return nil
}

// disowned are the answers to a member that the group has given up; others would only ask for another try.
var disowned = []string{"UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_INSTANCE_ID"}

func (m *Match) judgeZombie(ctx context.Context, board *Board, awake []step) ([]Part, error) {
	goals, err := m.Goals(ctx)
	if err != nil {
		return nil, err
	}
	part, err := m.scoreBoardPart(ctx, board, goals)
	if err != nil {
		return nil, err
	}
	refused, answer, aborted := false, "?", false
	for _, s := range awake {
		if s.is(kmsg.TxnOffsetCommit, true) && s.Offset == failAt { // the last one: others were tried again
			refused, answer = slices.Contains(disowned, s.refusal()), s.refusal()
		}
		aborted = aborted || s.accepted(kmsg.EndTxn) && !s.Commit && s.Event == failAt
	}
	part.Facts = append(part.Facts,
		Fact{Text{
			fmt.Sprintf("ao offset que o placar a quis confirmar com o id %d, o coordenador respondeu %s", failAt, answer),
			fmt.Sprintf("to the offset that board a wanted to commit with id %d, the coordinator answered %s", failAt, answer),
		}, refused},
		Fact{Text{
			fmt.Sprintf("o placar a abortou a transação do id %d", failAt), fmt.Sprintf("board a aborted its transaction of id %d", failAt),
		}, aborted},
	)
	return []Part{part}, nil
}
