//go:build labs

package acceptance

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// atOnce is how many pages are run side by side. Their commands wait most of the time.
const atOnce = 4

// Every command of every page that needs neither Docker nor real brokers is run, word for word, and its
// output and exit code are what the page says. In CI a page has its turn in one of the two languages.
func TestPages(t *testing.T) {
	t.Parallel()
	due := pagesDue(t)
	queue := make(chan page)
	var running sync.WaitGroup
	for range atOnce {
		running.Go(func() {
			for p := range queue {
				t.Run(p.lang+"/"+p.name(), func(t *testing.T) {
					p.run(t, classroom(t), func(s step) bool { return !s.has("docker") && !s.has("brokers") && !s.has("migration") })
				})
			}
		})
	}
	// Parallel subtests would begin in any order, and the lane might wait for the longest page in the end.
	for _, long := range []bool{true, false} {
		for _, p := range due {
			if slices.ContainsFunc(p.steps, func(s step) bool { return s.has("long") }) == long {
				queue <- p
			}
		}
	}
	close(queue)
	running.Wait()
}

func pagesDue(t *testing.T) []page {
	t.Helper()
	due, other := pages(t, portuguese), pages(t, english)
	if os.Getenv("CI_SEED") == "" || campaign {
		return append(due, other...)
	}
	var numbers []string
	for _, p := range due {
		numbers = append(numbers, p.number())
	}
	inEnglish := rotated(t, "pages in English, the others in Portuguese", len(numbers)/2, numbers)
	for i := range due {
		if slices.Contains(inEnglish, due[i].number()) {
			due[i] = other[slices.IndexFunc(other, func(p page) bool { return p.number() == due[i].number() })]
		}
	}
	return due
}

// The control: a page that says something else turns red.
func TestPageThatIsWrong(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("a ", 49)) // folded before «bcd»
	output := "laboratório x\n\nboard | 1 - 0\nboard | partida 12ab34cd\nproduzidas 47 · perdidas 1 (id 5)\n" + long + "\n    bcd\nfim"
	for _, c := range []struct {
		name, page string
		ok         bool
	}{
		{"as it is", "laboratório x\n...\nboard | partida 00000000\n...\nfim", true},
		{"another number", "...\nproduzidas 47 · perdidas 2 (id 5)\n...\nboard | partida 12ab34cd\n...", false},
		{"another order", "...\nboard | partida 12ab34cd\n...\nboard | 1 - 0\n...", false},
		{"another order, in a block of its own", "...\nboard | partida 12ab34cd\n...\n```\n```text\n...\nboard | 1 - 0\n...", true},
		{"the second block is wrong", "...\nboard | partida 12ab34cd\n...\n```\n```text\n...\nboard | 2 - 0\n...", false},
		{
			"a line in between that is not quoted",
			"...\nboard | 1 - 0\nproduzidas 47 · perdidas 1 (id 5)\n...\nboard | partida 12ab34cd\n...",
			false,
		},
		{"a sentence that is folded", "...\nboard | partida 12ab34cd\n...\n" + long + "\n    bcd\n...", true},
		{"a sentence that is not folded", "...\nboard | partida 12ab34cd\n...\n" + long + " bcd\n...", true},
		{"another word behind the fold", "...\nboard | partida 12ab34cd\n...\n" + long + "\n    bce\n...", false},
		{"an end that is none", "laboratório x\n...\nboard | partida 12ab34cd", false},
	} {
		p, err := parsePage("<!-- varia: partida -->\n```sh\nx\n```\n```text\n" + c.page + "\n```\n")
		if err != nil {
			t.Fatal(err)
		}
		ok := true
		for _, want := range p.steps[0].want {
			_, found := p.check(strings.Split(output, "\n"), want)
			ok = ok && found
		}
		if ok != c.ok {
			t.Errorf("%s: ok is %t", c.name, ok)
		}
	}
	both, err := parsePage("```sh\nx\n```\n```sh docker\ny\n```\n```text each\na\n```\n```text\nb\n```\n")
	if err != nil || len(both.steps[0].want) != 2 || len(both.steps[1].want) != 1 {
		t.Errorf("an output of each of two commands, and one of the first: %+v, %v", both.steps, err)
	}
	behind, err := parsePage("```sh background\nx\n```\n```sh\ny\n```\n```text\na\n```\n```text background\nb\n```\n")
	if err != nil || len(behind.steps[0].screen) != 0 || len(behind.steps[1].want) != 1 || len(behind.steps[1].screen) != 1 {
		t.Errorf("an output of the second command, and one in the background: %+v, %v", behind.steps, err)
	}
	for _, c := range []struct{ name, page string }{
		{"a mask that does not exist", "<!-- varia: tudo -->\n```sh\nx\n```\n"},
		{"a mask for nothing", "<!-- varia: partida -->\n```sh\nx\n```\n```text\nfim\n```\n"},
		{"an output of no command", "```text\nfim\n```\n```sh\nx\n```\n"},
		{"no command", "# 1. Nada\n"},
	} {
		if _, err := parsePage(c.page); err == nil {
			t.Errorf("%s is accepted", c.name)
		}
	}
}

// The control: what the programs in the background print is not found where it is not, or where it was
// before.
func TestTerminalThatShowsSomethingElse(t *testing.T) {
	s := terminal{lines: [2][]string{
		{"shop  | order 1", "shop  | approved", "other | x", "shop  | order 2", "other | y", "shop  | approved"},
		{"shop  | level=INFO"},
	}}
	for _, c := range []struct {
		name string
		m    mark
		want string
		ok   bool
	}{
		{"between another's lines", mark{}, "...\nshop  | order 2\nshop  | approved", true},
		{"of two programs", mark{}, "...\nshop  | order 2\nother | y", true},
		{"on standard error", mark{}, "shop  | level=INFO", true},
		{"on both", mark{}, "...\nshop  | approved\nshop  | level=INFO", false},
		{"another order", mark{}, "...\nshop  | approved\n...\nshop  | order 1", false},
		{"a line in between that is not quoted", mark{}, "...\nshop  | order 1\nshop  | order 2", false},
		{"before", mark{3, 0}, "...\nshop  | order 1", false},
		{"since then", mark{3, 0}, "shop  | order 2", true},
	} {
		if got := s.shows(page{}, c.m, strings.Split(c.want, "\n")); got != c.ok {
			t.Errorf("%s: shown is %t", c.name, got)
		}
	}
}

// A mask hides what differs from run to run, and nothing beside it.
func TestMasks(t *testing.T) {
	examples := map[string]struct{ line, masked string }{
		"partida": {"match 12ab34cd, 47 goals", "match *, 47 goals"},
		"hora":    {`"id":4,"timestamp":1795321262.386156`, `"id":4,"timestamp":*`},
		"porta":   {"brokers localhost:9091", "brokers *"},
		"tempo":   {"acks=1 0.62 ms · acks=all 2 s · 47 gols", "acks=1 * · acks=all * · 47 gols"},
		"broker":  {"os seguidores [2 3] congelam; o líder é o broker 1", "os seguidores * congelam; o líder é o *"},
		"lista": {
			"exibidas 47 · perdidas 0 · repetidas 7 (ids 26-32) · fora de ordem 0",
			"exibidas 47 · perdidas 0 · repetidas * · fora de ordem 0",
		},
		"tira":     {"  1 2×2 3", "*"},
		"retoma":   {"o placar continua no id 26, e caiu no id 32", "o placar *, e caiu no id 32"},
		"offset":   {"o grupo ficou no offset 5 em 3 vidas", "o grupo ficou no * em 3 vidas"},
		"exibidas": {"exibidas 5 de um, exibidas 47 do outro", "* de um, exibidas 47 do outro"},
		"eventos":  {"48 eventos novos em 6s", "* em 6s"},
		"barrado": {
			"enviadas 13 · confirmadas 12 · no tópico 12 · perdidas 0 · duplicadas no tópico 0 · fora de ordem 0 · sem resposta 1 (no tópico 0) → x",
			"* → x",
		},
		"quantas": {"produzidas 217 · exibidas 217 · perdidas 0", "* · perdidas 0"},
		"repete":  {"perdidas 0 · repetidas 1 (id 79) · fora de ordem 0", "perdidas 0 · * · fora de ordem 0"},
		"fila": {
			"kill -9 no consumer-1, que exibiu e não confirmou: 5 · fora de ordem 25 (ids 1, 2 ×2)",
			"kill -9 no consumer-1, que exibiu e * · *",
		},
		"salto":    {"voltou atrás 11 vezes; a pior, de 22 - 25 para 7 - 9", "voltou atrás *"},
		"gols":     {"gols em cada partição: 18, 15, 14; nada", "*; nada"},
		"exibido":  {"exibido até o id 32, confirmado", "*, confirmado"},
		"leitura":  {"  usuário 2, partição 2 → 0: 32 38 ↩2 8", "*"},
		"sorteio":  {"Partição 0: 1, 5, 7", "*"},
		"contagem": {"golpes 3 · confirmadas 160 · perdidas 0, placar: 16 de 16 eventos", "golpes 3 · * · perdidas 0, placar: *"},
		"muitas":   {"enviadas 356 · confirmadas 356 · no tópico 356 · perdidas 0", "* · perdidas 0"},
		"tópico":   {"enviadas 87 · no tópico 57 · duplicadas no tópico 0", "enviadas 87 * · duplicadas no tópico 0"},
		"líder":    {"\tTopic: t\tPartition: 1\tLeader: 2\tReplicas: 2,3\tIsr: 3", "\tTopic: t\tPartition: 1\t*\t*\t*"},
		"linha":    {"0          2       2,1       1,2      0         4", "*      0         4"},
		"papel":    {"1       localhost:9091  -     v3.9     10        3      controller", "1       localhost:9091  -     *"},
		"instante": {"1  0  2026-11-22T06:59:16.015Z  ana", "1  0  *  ana"},
		"uuid":     {"NewOrder(9e4c1a8d-3b52-4f17-a3c9-0d6f3c2b1a47), 3", "NewOrder(*), 3"},
		"pasta":    {"File created: /home/ana/kafka/dados/target/x.txt", "File created: */target/x.txt"},
		"quem":     {"User and ana@example.com added", "User and * added"},
		"cluster":  {"ok  cluster   cluster xhEPuNnyTdOeJA4X-tVvhQ: 1 broker", "ok  cluster   *: 1 broker"},
		"pedidos":  {"8 pedidos perdidos, os outros 392; sem resposta: 106", "*, *; *"},
		"corrida": {
			"18 dos 20 pedidos aceitos mais de uma vez; as decisões somam 826.800,42; pediram 1,00",
			"* mais de uma vez; *; pediram 1,00",
		},
		"razão":       {"trabalhavam, 90 e-mails contra 54 em 3 partições: 1,67 vezes mais rápido", "trabalhavam, * mais rápido"},
		"ritmo":       {"· 1205 eventos por segundo; 0.8 ms por transação", "· * por transação"},
		"lote":        {"eventos: 180; transações: 18 (até 30), abortou 48 registros, e", "eventos: 180; * (até 30), *, e"},
		"trabalhador": {"email-service      | trabalhador 3", "email-service      | *"},
		"colunas":     {"ferramentas    3           1", "ferramentas*3*1"},
		"pid":         {"broker-1   localhost:9091       up (pid 102)", "broker-1   localhost:9091       up *"},
	}
	// In English, where that is another part of the mask.
	inEnglish := map[string]struct{ line, masked string }{
		"retoma":   {"had committed up to id 25; the board continues at id 26, crashed at id 32", "had *; the board *, crashed at id 32"},
		"exibidas": {"produced 48 · shown 5 of one, shown 47 of the other", "produced 48 · * of one, shown 47 of the other"},
		"eventos":  {"48 new events in 6s", "* in 6s"},
		"barrado": {
			"sent 13 · acknowledged 12 · in the topic 12 · lost 0 · duplicated in the topic 0 · out of order 0 · " +
				"without an answer 1 (in the topic 0) → x",
			"* → x",
		},
		"tópico":   {"sent 87 · in the topic 57 · duplicated in the topic 0", "sent 87 * · duplicated in the topic 0"},
		"sorteio":  {"Partition 0: 1, 5, 7", "*"},
		"contagem": {"blows 3 · acknowledged 160 · lost 0, the simulator: 16 of 16 events", "blows 3 · * · lost 0, the simulator: *"},
		"muitas":   {"sent 356 · acknowledged 356 · in the topic 356 · lost 0", "* · lost 0"},
		"quantas":  {"produced 217 · shown 217 · lost 0", "* · lost 0"},
		"repete":   {"lost 0 · repeated 1 (id 79) · out of order 0", "lost 0 · * · out of order 0"},
		"salto":    {"jumped back 11 times; the worst, from 22 - 25 to 7 - 9", "jumped back *"},
		"gols":     {"goals on each partition: 18, 15, 14; nothing", "*; nothing"},
		"leitura":  {"  user 2, partition 2 → 0: 32 38 ↩2 8", "*"},
		"exibido":  {"shown up to id 32, committed", "*, committed"},
		"ritmo":    {"· 1205 events per second; 0.8 ms per transaction", "· * per transaction"},
		"lote":     {"events: 180; transactions: 18 (up to 30), aborted 48 records, and", "events: 180; * (up to 30), *, and"},
		"fila": {
			"kill -9 of consumer-1; shown and not committed: 5 · out of order 24 (ids 1-3, 5)",
			"kill -9 of consumer-1; shown and * · *",
		},
		"pedidos": {
			"8 orders lost, the other 392; requests that they left without an answer: 106; died before it marked them: 2",
			"*, *; requests that they left *; died before it *",
		},
		"corrida": {
			"18 of the 20 orders accepted more than once; the decisions add up to 826,800.42; ordered 1.00",
			"* more than once; *; ordered 1.00",
		},
		"razão":       {"at work, 90 e-mails against 54 on 3 partitions: 1.67 times as fast", "at work, * as fast"},
		"trabalhador": {"email-service      | worker 3", "email-service      | *"},
	}
	for name, e := range inEnglish {
		if got := (page{varies: []string{name}}).mask(e.line); got != e.masked {
			t.Errorf("mask %s of %q: %q, want %q", name, e.line, got, e.masked)
		}
	}
	for name := range masks {
		e, ok := examples[name]
		if got := (page{varies: []string{name}}).mask(e.line); !ok || got != e.masked {
			t.Errorf("mask %s of %q: %q, want %q", name, e.line, got, e.masked)
		}
	}
}
