package main

// words are the lines for students; the Portuguese ones are document 000's.
type words struct {
	started, sending, finished string
	summary                    string // sent, acknowledged, failed, unknown
}

var (
	portuguese = words{
		started:  "Producer iniciado...",
		sending:  "Enviando: ",
		finished: "Producer finalizado.",
		summary:  "resumo: %d enviadas · %d confirmadas · %d falharam · %d sem resposta",
	}
	english = words{
		started:  "Producer started...",
		sending:  "Sending: ",
		finished: "Producer finished.",
		summary:  "summary: %d sent · %d acknowledged · %d failed · %d without an answer",
	}
)
