// Package lines has what every service tells students in the same words: what happens inside of kit/kafka.
package lines

import (
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/service"
)

// Hooks returns hooks that print to p's output and use its log, history and metrics.
func Hooks(p *service.Process) kafka.Hooks {
	hooks := kafka.Hooks{
		Log:     p.Log,
		History: p.History,
		Waiting: func(cause error) { p.Out.Print(Waiting(p.Lang, cause)) },
		Removed: func(partition int32, first, last int64) {
			p.Out.Print(fmt.Sprintf(service.Pick(p.Lang,
				"mensagens apagadas pela retenção antes de serem lidas: partição %d, offsets %d a %d",
				"messages deleted by retention before they were read: partition %d, offsets %d to %d"), partition, first, last))
		},
		Skipped: func(msg *sarama.ConsumerMessage, reason, topic string) {
			p.Out.Print(fmt.Sprintf(service.Pick(p.Lang,
				"mensagem ilegível na partição %d, offset %d (%s): enviada para %s",
				"unreadable message in partition %d, offset %d (%s): sent to %s"), msg.Partition, msg.Offset, reason, topic))
		},
		Failed: func(err error) { p.Out.Print(failed(p.Lang, err)) },
		BeforeCommit: func() error {
			if err := p.Out.Flush(); err != nil {
				return fmt.Errorf("print: %w", err)
			}
			return nil
		},
	}
	if p.Ops != nil {
		hooks.Metrics = p.Ops.Registry
	}
	return hooks
}

// Waiting is the line for why a client waits.
func Waiting(lang service.Lang, cause error) string {
	if errors.Is(cause, group.ErrJoining) {
		return service.Pick(lang,
			"esperando a vez no grupo: se um membro caiu, o grupo espera o fim da sessão dele (6 s, ou o que ele pediu) antes de repartir "+
				"as partições",
			"waiting for the group: if a member died, the group waits for the end of its session (6 s, or what it asked for) before it "+
				"hands out the partitions")
	}
	if taken, ok := errors.AsType[*group.NameTakenError](cause); ok {
		return fmt.Sprintf(service.Pick(lang,
			"o grupo tem outro membro com o GROUP_INSTANCE_ID %q: outro programa, ou um registro antigo deste, que expira com a sessão; "+
				"esperando para saber",
			"the group has another member with GROUP_INSTANCE_ID %q: another program, or an old entry of this one, which expires with its "+
				"session; waiting to find out"), taken.Instance)
	}
	if r, ok := errors.AsType[*kafka.RefusedError](cause); ok {
		return service.Words(lang, r.Error())
	}
	if p, ok := errors.AsType[*secure.Error](cause); ok {
		return service.Words(lang, p.Error())
	}
	return service.Words(lang, "brokers not available yet: "+cause.Error())
}

// failed is the line for what ends a client, or a transaction.
func failed(lang service.Lang, err error) string {
	var taken *group.NameTakenError
	var fenced *kafka.FencedError
	var timedOut *kafka.TimedOutError
	var r *kafka.RefusedError
	switch {
	case errors.As(err, &r):
		return service.Words(lang, r.Error())
	case errors.As(err, &taken):
		return fmt.Sprintf(service.Pick(lang,
			"outro membro do grupo %s usa o mesmo GROUP_INSTANCE_ID %q, e o Kafka só aceita o mais novo: dê a cada programa o seu, e "+
				"inicie este de novo",
			"another member of group %s runs with the same GROUP_INSTANCE_ID %q, and Kafka accepts only the newest: give each program its "+
				"own, and start this one again"), taken.Group, taken.Instance)
	case errors.As(err, &fenced):
		return fencedLine(lang, fenced)
	case errors.As(err, &timedOut):
		return fmt.Sprintf(service.Pick(lang,
			"a transação ficou aberta %s, à espera dos brokers ou deste programa, mais que TRANSACTION_TIMEOUT (%s), e o Kafka a abortou: "+
				"nada dela vale. Nenhum outro programa usa o TRANSACTIONAL_ID %q; este segue com um produtor novo",
			"the transaction was open for %s, waiting for the brokers or for this program, longer than TRANSACTION_TIMEOUT (%s), and Kafka "+
				"has aborted it: nothing of it counts. No other program uses TRANSACTIONAL_ID %q; this one goes on with a new producer"),
			timedOut.Open.Round(time.Second), timedOut.Limit, timedOut.ID)
	default:
		return err.Error()
	}
}

func fencedLine(lang service.Lang, err *kafka.FencedError) string {
	cause := fmt.Sprintf(service.Pick(lang,
		"este programa foi barrado (fenced): outro programa começou com o mesmo TRANSACTIONAL_ID %q, e o Kafka só aceita o mais novo",
		"this program was fenced: another program has started with the same TRANSACTIONAL_ID %q, and Kafka accepts only the newest"), err.ID)
	if err.Unsure {
		cause += service.Pick(lang,
			"; ou uma transação ficou aberta além de TRANSACTION_TIMEOUT",
			"; or a transaction was open for longer than TRANSACTION_TIMEOUT")
	}
	return cause + service.Pick(lang,
		". Dê a cada programa o seu, e inicie este de novo",
		". Give each program its own, and start this one again")
}
