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
	"lista":    regexp.MustCompile(`\b\d+ \(ids? [^)]*\)`),                                                 // how many, and which
	"tira":     regexp.MustCompile(`^  \d.*$`),                                                             // the strip of ids
	"retoma":   regexp.MustCompile(`\b(confirmado até o|continua no|committed up to|goes on at) id \d+\b`), // where a restart begins
	"offset":   regexp.MustCompile(`\boffset \d+\b`),
	"exibidas": regexp.MustCompile(`\b(exibidas|shown) \d\b`), // a few: not those of a whole match
	"eventos":  regexp.MustCompile(`\b\d+ (eventos novos|new events)\b`),
	// Part of a match. Who is fenced at a commit, and not before, has no answer for what that transaction holds.
	"barrado": regexp.MustCompile(`^enviadas [1-3]\d · confirmadas [1-3]\d · no tópico [1-3]\d · perdidas 0 · duplicadas no tópico 0 · ` +
		`fora de ordem 0( · sem resposta 1 \(no tópico 0\))?` +
		`|^sent [1-3]\d · acknowledged [1-3]\d · in the topic [1-3]\d · lost 0 · duplicated in the topic 0 · ` +
		`out of order 0( · without an answer 1 \(in the topic 0\))?`),
	"contagem": regexp.MustCompile(`\b(confirmadas \d+|\d+ de \d+ eventos)\b`),                   // as many as there was time for
	"muitas":   regexp.MustCompile(`^enviadas \d{3,} · confirmadas \d{3,} · no tópico \d{3,}\b`), // as many as there was time for
	"tópico":   regexp.MustCompile(`· (no tópico|in the topic) \d+\b`),
	"quantas":  regexp.MustCompile(`\bproduzidas \d+ · exibidas \d+\b`), // as many as there was time for
	"repete":   regexp.MustCompile(`\brepetidas \d+( \(ids? [^)]*\))?`),
	"fila":     regexp.MustCompile(`\bfora de ordem \d+( \(ids? [^)]*\))|\bnão confirmou: \d+`), // of a queue
	"salto":    regexp.MustCompile(`(uma vez|\d+ vezes); a pior, de \d+ - \d+ para \d+ - \d+|última linha da tela é \d+ - \d+`),
	"gols":     regexp.MustCompile(`gols em cada partição: [\d, ]+`),
	"leitura":  regexp.MustCompile(`^  usuário \d, partição \d → \d: [\d↩ ]+$`), // the order of a reader
	"exibido":  regexp.MustCompile(`exibido até o id \d+`),
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
	"pedidos":     regexp.MustCompile(`\b\d+ pedidos (a caminho|perdidos)\b|\bos outros \d+\b|\b(sem resposta|antes de marcar|morte do gateway): \d+\b`), // where kills strike
	"corrida":     regexp.MustCompile(`\b\d+ dos \d+ pedidos aceitos|\bas decisões somam [\d.]+,\d\d`),
	"razão":       regexp.MustCompile(`\b\d+ e-mails contra \d+ em 3 partições: \d,\d\d vezes`),
	"ritmo":       regexp.MustCompile(`\b\d+ eventos por segundo; \d+\.\d ms\b`),
	"lote":        regexp.MustCompile(`\btransações: \d+|\babortou \d+ registros`), // as many as were waiting
	"trabalhador": regexp.MustCompile(`\btrabalhador \d\b`),                        // whoever of them has the partition
	"colunas":     regexp.MustCompile(` {2,}`),                                     // as wide as the longest name of the cluster
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
