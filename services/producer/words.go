package producer

// words are the lines for students.
type words struct {
	ready                   string
	sent, partition, offset string // put together without fmt, for PACE=0
	failed                  string // sequence, error
	summary                 string // sent, acknowledged, failed, unknown, time, acknowledged a second
}

var (
	portuguese = words{
		ready:     "brokers estão disponíveis e prontos para produzir mensagens",
		sent:      "mensagem enviada para o kafka com id de sequência ",
		partition: " (partição ",
		offset:    ", offset ",
		failed:    "mensagem com id de sequência %d não foi confirmada: %v",
		summary:   "resumo: %d enviadas · %d confirmadas · %d falharam · %d sem resposta · em %s: %.1f por segundo",
	}
	english = words{
		ready:     "brokers are available and ready to produce messages",
		sent:      "message sent to kafka with sequence id ",
		partition: " (partition ",
		offset:    ", offset ",
		failed:    "message with sequence id %d was not acknowledged: %v",
		summary:   "summary: %d sent · %d acknowledged · %d failed · %d without an answer · in %s: %.1f a second",
	}
)
