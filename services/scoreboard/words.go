package main

// words are the lines for students; waiting and finished are document 000's in Portuguese.
type words struct {
	waiting, finished string
	idle              string // group
	match             string // id
	resumed           string // id of the first event seen
	abandoned         string
	missed            string // ids
	repeated, late    string // id
	tally             string // TeamA, TeamB, agrees or differs
	agrees, differs   string // differs: announced TeamA, TeamB
	ledger            string // missed, repeated
	none              string
	summary           string // read, skipped
}

var (
	portuguese = words{
		waiting:   "Aguardando eventos...",
		finished:  "Partida finalizada!",
		idle:      "este placar não recebeu partição: outro membro do grupo %s a tem (CONSUMER_GROUP escolhe outro grupo)",
		match:     "partida %s",
		resumed:   "(a partida já estava em andamento: o placar continua no id %d)",
		abandoned: "(a partida anterior ficou sem fim: nenhum evento finished chegou)",
		missed:    "! id perdido: %s",
		repeated:  "! id repetido: %d",
		late:      "! id atrasado: %d chegou fora de ordem",
		tally:     "contagem própria: %d a %d, %s",
		agrees:    "igual ao placar anunciado",
		differs:   "DIFERENTE do placar anunciado de %d a %d",
		ledger:    "ids perdidos: %s · ids repetidos: %s",
		none:      "nenhum",
		summary:   "resumo: %d lidas · %d ignoradas",
	}
	english = words{
		waiting:   "Waiting for events...",
		finished:  "Match finished!",
		idle:      "this board was given no partition: another member of group %s has it (CONSUMER_GROUP chooses another group)",
		match:     "match %s",
		resumed:   "(the match was under way already: the board goes on at id %d)",
		abandoned: "(the match before had no end: no finished event came)",
		missed:    "! id missed: %s",
		repeated:  "! id repeated: %d",
		late:      "! id late: %d came out of order",
		tally:     "own tally: %d to %d, %s",
		agrees:    "as announced",
		differs:   "DIFFERENT from the announced score of %d to %d",
		ledger:    "ids missed: %s · ids repeated: %s",
		none:      "none",
		summary:   "summary: %d read · %d skipped",
	}
)
