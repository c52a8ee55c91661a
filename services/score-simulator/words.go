package scoresimulator

// words are the lines for students; the Portuguese ones are LabScore's.
type words struct {
	started, sending, finished string
	ghost                      string // an aborted event follows
	summary                    string // sent, acknowledged, failed, unknown
}

var (
	portuguese = words{
		started:  "Producer iniciado...",
		sending:  "Enviando: ",
		ghost:    "Gol fantasma (enviado e abortado): ",
		finished: "Producer finalizado.",
		summary:  "resumo: %d enviadas · %d confirmadas · %d falharam · %d sem resposta",
	}
	english = words{
		started:  "Producer started...",
		sending:  "Sending: ",
		ghost:    "Ghost goal (sent and aborted): ",
		finished: "Producer finished.",
		summary:  "summary: %d sent · %d acknowledged · %d failed · %d without an answer",
	}
)
