package kafka

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"workshop.example/kit/service"
)

// The lines for students that every service prints in the same words.

// WaitingLine is the line for students while a service waits for brokers or topics.
func WaitingLine(lang service.Lang, cause error) string {
	if lang == service.English {
		return "brokers not available yet: " + cause.Error()
	}
	text := cause.Error()
	var missing *MissingTopicError
	var unreachable *UnreachableError
	switch {
	case errors.As(cause, &missing):
		text = fmt.Sprintf("o tópico %s ainda não existe: «workshop topics apply» cria os do workshop, "+
			"«workshop topics apply --topic %s:PARTIÇÕES» qualquer outro", missing.Topic, missing.Topic)
	case errors.As(cause, &unreachable):
		text = fmt.Sprintf("um broker respondeu em %s, mas o broker %d anuncia %s, que não se alcança daqui (%s): "+
			"anuncie um endereço que os clientes alcancem (ADVERTISED_HOST), ou use em BOOTSTRAP_SERVERS o listener desta rede",
			strings.Join(unreachable.Bootstrap, ","), unreachable.Broker, unreachable.Advertised, short(unreachable.Err))
	}
	return "brokers ainda não disponíveis: " + text
}

func joiningLine(lang service.Lang) string {
	return service.Pick(lang,
		"esperando a vez no grupo: se um membro caiu, o grupo espera o fim da sessão dele (6 s, ou o que ele pediu) antes de repartir as partições",
		"waiting for the group: if a member died, the group waits for the end of its session (6 s, or what it asked for) before it hands out the partitions")
}

func nameTakenLine(lang service.Lang, instance string) string {
	return fmt.Sprintf(service.Pick(lang,
		"o grupo tem outro membro com o GROUP_INSTANCE_ID %q: outro programa, ou um registro antigo deste, que expira com a sessão; esperando para saber",
		"the group has another member with GROUP_INSTANCE_ID %q: another program, or an old entry of this one, which expires with its session; waiting to find out"), instance)
}

func sameNameLine(lang service.Lang, group, instance string) string {
	return fmt.Sprintf(service.Pick(lang,
		"outro membro do grupo %s usa o mesmo GROUP_INSTANCE_ID %q, e o Kafka só aceita o mais novo: dê a cada programa o seu, e inicie este de novo",
		"another member of group %s runs with the same GROUP_INSTANCE_ID %q, and Kafka accepts only the newest: give each program its own, and start this one again"), group, instance)
}

func removedLine(lang service.Lang, partition int32, first, last int64) string {
	return fmt.Sprintf(service.Pick(lang,
		"mensagens apagadas pela retenção antes de serem lidas: partição %d, offsets %d a %d",
		"messages deleted by retention before they were read: partition %d, offsets %d to %d"), partition, first, last)
}

func skippedLine(lang service.Lang, partition int32, offset int64, reason, topic string) string {
	return fmt.Sprintf(service.Pick(lang,
		"mensagem ilegível na partição %d, offset %d (%s): enviada para %s",
		"unreadable message in partition %d, offset %d (%s): sent to %s"), partition, offset, reason, topic)
}

func fencedLine(lang service.Lang, id string, unsure bool) string {
	cause := fmt.Sprintf(service.Pick(lang,
		"este programa foi barrado (fenced): outro programa começou com o mesmo TRANSACTIONAL_ID %q, e o Kafka só aceita o mais novo",
		"this program was fenced: another program has started with the same TRANSACTIONAL_ID %q, and Kafka accepts only the newest"), id)
	if unsure {
		cause += service.Pick(lang,
			"; ou uma transação ficou aberta além de TRANSACTION_TIMEOUT",
			"; or a transaction was open for longer than TRANSACTION_TIMEOUT")
	}
	return cause + service.Pick(lang,
		". Dê a cada programa o seu, e inicie este de novo",
		". Give each program its own, and start this one again")
}

func timedOutLine(lang service.Lang, id string, open, limit time.Duration) string {
	return fmt.Sprintf(service.Pick(lang,
		"a transação ficou aberta %s, à espera dos brokers ou deste programa, mais que TRANSACTION_TIMEOUT (%s), e o Kafka a abortou: nada dela vale. Nenhum outro programa usa o TRANSACTIONAL_ID %q; este segue com um produtor novo",
		"the transaction was open for %s, waiting for the brokers or for this program, longer than TRANSACTION_TIMEOUT (%s), and Kafka has aborted it: nothing of it counts. No other program uses TRANSACTIONAL_ID %q; this one goes on with a new producer"),
		open.Round(time.Second), limit, id)
}
