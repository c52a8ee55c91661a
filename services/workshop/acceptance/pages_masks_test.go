//go:build labs || docker || brokers

package acceptance

import (
	"regexp"
	"strings"

	"workshop.example/kit/fold"
)

// masks are the fields that differ from run to run. A page declares which of them it uses: all else has
// to come out as it is written.
var masks = map[string]*regexp.Regexp{
	"partida":  regexp.MustCompile(`\b[0-9a-f]{8}\b`),
	"hora":     regexp.MustCompile(`\b\d{10}\.\d{1,7}\b`),
	"porta":    regexp.MustCompile(`\b(localhost|127\.0\.0\.1):\d+\b`),
	"tempo":    regexp.MustCompile(`\b\d+([.,]\d+)? ?(ms|s)\b`),
	"broker":   regexp.MustCompile(`\bbroker \d\b|\[\d \d\]`),
	"lista":    regexp.MustCompile(`\b\d+ \(ids? [^)]*\)`),                                                              // how many, and which
	"tira":     regexp.MustCompile(`^  \d.*$`),                                                                          // the strip of ids
	"retoma":   regexp.MustCompile(`\b(confirmado até o|continua no|committed up to|goes on at|continues at) id \d+\b`), // where a restart begins
	"offset":   regexp.MustCompile(`\boffset \d+\b`),
	"exibidas": regexp.MustCompile(`\b(exibidas|shown) \d\b`), // a few: not those of a whole match
	"eventos":  regexp.MustCompile(`\b\d+ (eventos novos|new events)\b`),
	// Part of a match. Who is fenced at a commit, and not before, has no answer for what that transaction holds.
	"barrado": regexp.MustCompile(`^enviadas [1-3]\d · confirmadas [1-3]\d · no tópico [1-3]\d · perdidas 0 · duplicadas no tópico 0 · ` +
		`fora de ordem 0( · sem resposta 1 \(no tópico 0\))?` +
		`|^sent [1-3]\d · acknowledged [1-3]\d · in the topic [1-3]\d · lost 0 · duplicated in the topic 0 · ` +
		`out of order 0( · without an answer 1 \(in the topic 0\))?`),
	"contagem": regexp.MustCompile(`\b(confirmadas \d+|\d+ de \d+ eventos|acknowledged \d+|\d+ of \d+ events)\b`), // as many as there was time for
	"muitas": regexp.MustCompile(`^enviadas \d{3,} · confirmadas \d{3,} · no tópico \d{3,}\b|` +
		`^sent \d{3,} · acknowledged \d{3,} · in the topic \d{3,}\b`), // as many as there was time for
	"tópico":  regexp.MustCompile(`· (no tópico|in the topic) \d+\b`),
	"quantas": regexp.MustCompile(`\b(produzidas \d+ · exibidas|produced \d+ · shown) \d+\b`), // as many as there was time for
	"repete":  regexp.MustCompile(`\b(repetidas|repeated) \d+( \(ids? [^)]*\))?`),
	"fila":    regexp.MustCompile(`\b(fora de ordem|out of order) \d+( \(ids? [^)]*\))|\b(não confirmou|not committed): \d+`), // of a queue
	"salto": regexp.MustCompile(`(uma vez|\d+ vezes); a pior, de \d+ - \d+ para \d+ - \d+|última linha da tela é \d+ - \d+|` +
		`(once|\d+ times); the worst, from \d+ - \d+ to \d+ - \d+|last line of the screen is \d+ - \d+`),
	"gols":    regexp.MustCompile(`(gols em cada partição|goals on each partition): [\d, ]+`),
	"leitura": regexp.MustCompile(`^  (usuário|user) \d, (partição|partition) \d → \d: [\d↩ ]+$`), // the order of a reader
	"exibido": regexp.MustCompile(`(exibido até o|shown up to) id \d+`),
	// What has no key: where it went, and in which order it is read.
	"sorteio": regexp.MustCompile(`sem chave: partição \d, offset \d|Partição \d:( \d,?)*$|uma partição depois da outra: [\d ]+` +
		`|without a key: partition \d, offset \d|Partition \d:( \d,?)*$|one partition after the other: [\d ]+`),
	"líder":       regexp.MustCompile(`\bTopicId: \S+|\bLeader: \d|\bReplicas: [\d,]+|\bIsr: [\d,]+`), // as kafka-topics says it
	"linha":       regexp.MustCompile(`^\d( +[\d,]+){2,3}`),                                           // a partition, its leader and replicas
	"papel":       regexp.MustCompile(`\bv3\.9 +\d+ +\d+ +(-|controller)`),
	"instante":    regexp.MustCompile(`\b\d{4}-\d\d-\d\dT[\d:.]+Z`),
	"pid":         regexp.MustCompile(`\(pid \d+\)`),
	"uuid":        regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`),
	"pasta":       regexp.MustCompile(`(/[^/ ]+)+/dados\b`),      // the folder of this run
	"quem":        regexp.MustCompile(`\b[a-z]+@example\.com\b`), // in an order of its own each time
	"cluster":     regexp.MustCompile(`\bcluster [\w-]{22}`),
	"pedidos":     regexp.MustCompile(`\b\d+ (pedidos (a caminho|perdidos)|orders (under way|lost))\b|\b(os outros|the other) \d+\b|\b(sem resposta|without an answer|antes de marcar|marked them|morte do gateway|gateway's death): \d+\b`), // where kills strike
	"corrida":     regexp.MustCompile(`\b\d+ (dos \d+ pedidos aceitos|of the \d+ orders accepted)|\b(as decisões somam|the decisions add up to) [\d.,]+[.,]\d\d`),
	"razão":       regexp.MustCompile(`\b\d+ e-mails (contra|against) \d+ (em 3 partições|on 3 partitions): \d[.,]\d\d (vezes|times)`),
	"ritmo":       regexp.MustCompile(`\b\d+ (eventos por segundo|events per second); \d+\.\d ms\b`),
	"lote":        regexp.MustCompile(`\b(transações|transactions): \d+|\babortou \d+ registros|\baborted \d+ records`), // as many as were waiting
	"trabalhador": regexp.MustCompile(`\b(trabalhador|worker) \d\b`),                                                    // whoever of them has the partition
	"colunas":     regexp.MustCompile(` {2,}`),                                                                          // as wide as the longest name of the cluster
}

// unfold joins the lines of sentences that the tool has folded: what varies, such as a list of ids, may
// be longer or shorter, and a fold elsewhere then.
func unfold(lines []string) []string {
	var whole []string
	last := "" // as it was printed
	for _, line := range lines {
		bare := strings.TrimLeft(line, " ")
		word, _, _ := strings.Cut(bare, " ")
		hangs := len(line)-len(bare) >= 3 && bare != "" && last != "" && fold.Cells(last) <= fold.Default
		noRoom := fold.Cells(last)+1+fold.Cells(word) > fold.Default
		outcome := word == "→" && len(whole) > 0 && fold.Cells(whole[len(whole)-1])+1+fold.Cells(bare) > fold.Default
		if n := len(whole) - 1; n >= 0 && hangs && (noRoom || outcome) {
			whole[n] += " " + bare
		} else {
			whole = append(whole, line)
		}
		last = line
	}
	return whole
}
