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
