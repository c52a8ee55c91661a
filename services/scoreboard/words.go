package scoreboard

// words are the lines for students; the Portuguese waiting and finished are LabScore's.
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
	since             string // id, behind the ledger
	none              string
	summary           string // read, skipped
	crash             string // id; then one of the next three
	crashOnce         string
	crashLoop         string // FAIL_MODE=always, where the event comes again
	crashLost         string // FAIL_MODE=always, at most once
	crashedBefore     string // id
	restored          string // match, id, TeamA, TeamB, board topic
	unseen            string // id, board topic
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
		since:     " (contados desde o id %d)",
		none:      "nenhum",
		summary:   "resumo: %d lidas · %d ignoradas",
		crash:     "! queda proposital no id %d (FAIL_AT_ID), como um kill -9: código de saída 137.",
		crashOnce: "Reinicie o placar: desta vez ele passa por este evento.",
		crashLoop: "O evento não teve o offset confirmado: a cada reinício ele volta e o placar cai de novo. Isto é um crash loop " +
			"(FAIL_MODE=always); para sair dele: FAIL_MODE=once, ou FAIL_AT_ID=0.",
		crashLost: "O offset já estava confirmado: o evento está perdido, e o reinício segue no próximo. No máximo uma vez não há crash loop " +
			"(FAIL_MODE=always), há perda.",

		restored: "(partida %s: o placar continua depois do id %d, com a contagem %d a %d, como está em %s)",
		unseen:   "(id %d está confirmado em %s, mas a linha dele não saiu nesta tela)",

		crashedBefore: "(o placar já caiu no id %d de propósito: desta vez segue)",
	}
	english = words{
		waiting:   "Waiting for events...",
		finished:  "Match finished!",
		idle:      "this board was given no partition: another member of group %s has it (CONSUMER_GROUP chooses another group)",
		match:     "match %s",
		resumed:   "(the match had already begun: the board continues at id %d)",
		abandoned: "(the match before had no end: no finished event came)",
		missed:    "! id missed: %s",
		repeated:  "! id repeated: %d",
		late:      "! late id: %d came out of order",
		tally:     "own tally: %d to %d, %s",
		agrees:    "as announced",
		differs:   "DIFFERENT from the announced score of %d to %d",
		ledger:    "ids missed: %s · ids repeated: %s",
		since:     " (counted since id %d)",
		none:      "none",
		summary:   "summary: %d read · %d skipped",
		crash:     "! crash on purpose at id %d (FAIL_AT_ID), as by kill -9: exit code 137.",
		crashOnce: "Start the scoreboard again: this time it passes the event.",
		crashLoop: "The event's offset was not committed: at every restart it comes again and the scoreboard crashes again. This is a crash " +
			"loop (FAIL_MODE=always); the way out: FAIL_MODE=once, or FAIL_AT_ID=0.",
		crashLost: "The offset was committed already: the event is lost, and the restart goes on with the next. At most once there is no " +
			"crash loop (FAIL_MODE=always), there is loss.",

		restored: "(match %s: the board goes on after id %d, with a tally of %d to %d, as it is in %s)",
		unseen:   "(id %d is committed in %s, but its line did not come out on this screen)",

		crashedBefore: "(the scoreboard has crashed at id %d on purpose already: this time it goes on)",
	}
)
