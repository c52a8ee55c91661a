package student

import (
	"slices"
	"strconv"
	"strings"

	"workshop.example/kit/service"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// hint is what to change in a scoreboard that was seen to do something.
type hint struct {
	delivery string // only there; empty: in any lab
	when     func(s *student, first sight, p report.Part) bool
	text     service.Text // with {id}, the event of the crash, and {last}, the last goal of the first life
}

// hints are tried in this order: first what leaves nothing to compare, then what no guarantee allows,
// then the order of the three steps show, commit and crash, of which each guarantee has its own.
var hints = []hint{
	// Nothing was shown.
	{"", func(s *student, first sight, _ report.Part) bool {
		// What joined at the end of the topic has nothing in a buffer: clients that commit their position by
		// themselves commit that end, as if they had read the goals. It did not meet the event of the crash either.
		return first.last == 0 && first.printed < s.failAt-1 && first.committed > s.failAt && first.code != rig.Crashed && s.late
	}, service.Text{
		PT: "O placar entrou no grupo quando a partida já tinha terminado, e um grupo novo lê só o que chega depois dele, a menos que se peça auto_offset_reset=\"earliest\".",
		EN: "The match was over when the board joined the group, and a new group reads only what comes after it, unless it asks for auto_offset_reset=\"earliest\".",
	}},
	{"", func(s *student, first sight, _ report.Part) bool {
		return first.last == 0 && first.printed < s.failAt-1 && first.committed >= s.failAt-1 && first.stopped
	}, service.Text{
		PT: "O programa leu a partida e confirmou os offsets, mas nenhuma linha saiu: imprima cada placar em uma linha só, como «3 - 2», e esvazie o buffer a cada linha (flush).",
		EN: "The program has read the match and committed its offsets, but no line came out: print each score on a line of its own, as «3 - 2», and flush after every line.",
	}},
	{"", func(s *student, first sight, _ report.Part) bool {
		return first.last == 0 && first.printed < s.failAt-1 && first.committed >= s.failAt-1 && first.code != 0
	}, service.Text{
		PT: "As linhas da primeira vida ficaram no buffer do programa e se perderam com a queda: esvazie-o a cada linha (flush).",
		EN: "The lines of the first life stayed in the program's buffer and were lost in the crash: flush after every line.",
	}},
	{"", func(s *student, first sight, _ report.Part) bool {
		return s.nothing() && !first.stopped && first.code == 0
	}, service.Text{
		PT: "O programa terminou sem mostrar nenhum placar: leia as mensagens em um laço e imprima cada placar em uma linha só, como «3 - 2» (são os TODOs de scoreBoard.py).",
		EN: "The program ended and has shown no score: read the messages in a loop, and print each score on a line of its own, as «3 - 2» (the TODOs of scoreBoard.py).",
	}},
	{"", func(s *student, first sight, _ report.Part) bool {
		return s.nothing() && !first.stopped && first.printed < s.failAt-1
	}, service.Text{
		PT: "O programa termina com um erro antes de mostrar um placar; a mensagem dele está acima.",
		EN: "The program ends with an error before it shows a score; its message is above.",
	}},
	{"", func(s *student, first sight, _ report.Part) bool {
		return s.nothing() && first.stopped && !first.joined
	}, service.Text{
		PT: "O programa não entrou no grupo: tome BOOTSTRAP_SERVERS, TOPIC e CONSUMER_GROUP das variáveis de ambiente.",
		EN: "The program has not joined the group: take BOOTSTRAP_SERVERS, TOPIC and CONSUMER_GROUP from the environment.",
	}},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.nothing() }, service.Text{
		PT: "Nenhuma linha do programa é um placar: imprima cada um em uma linha só, como «3 - 2», sem mais nada; e leia o tópico desde o início (auto_offset_reset=\"earliest\").",
		EN: "None of the program's lines is a score: print each on a line of its own, as «3 - 2», and nothing else; and read the topic from its beginning (auto_offset_reset=\"earliest\").",
	}},

	// What no guarantee allows.
	{"", func(_ *student, _ sight, p report.Part) bool { return len(p.Strange) > 0 }, service.Text{
		PT: "O placar é o que vem no evento: imprima score[\"TeamA\"] e score[\"TeamB\"], nesta ordem, em vez de contar por si.",
		EN: "The score is what the event says: print score[\"TeamA\"] and score[\"TeamB\"], in this order, instead of a count of your own.",
	}},
	{"", func(_ *student, first sight, p report.Part) bool {
		return first.first > 1 && missedStart(p.Counted) > 0
	}, service.Text{
		PT: "Os primeiros gols se perderam: um grupo novo lê só o que chega depois dele, a menos que se peça auto_offset_reset=\"earliest\".",
		EN: "The first goals are lost: a new group reads only what comes after it, unless it asks for auto_offset_reset=\"earliest\".",
	}},
	{"", func(s *student, _ sight, _ report.Part) bool {
		return s.stuck && last(s.seen).last == 0 && last(s.seen).code == 0
	}, service.Text{
		PT: "As vidas seguintes terminaram com código 0 antes de receber uma mensagem: o grupo ainda esperava pelo membro que morreu. Espere sem limite (sem consumer_timeout_ms), ou seja membro estático (GROUP_INSTANCE_ID).",
		EN: "The next lives ended with code 0 before they got a message: the group still waited for the dead member. Wait without a limit (no consumer_timeout_ms), or be a static member (GROUP_INSTANCE_ID).",
	}},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.stuck }, service.Text{
		PT: "O offset do evento que derruba o placar nunca é confirmado, e por isso o evento volta em cada vida. Compare o id com FAIL_AT_ID, que vale {id} só na primeira vida e depois 0, e não com um número fixo. Se a queda não é de propósito, o erro está acima.",
		EN: "The offset of the event that crashes the board is never committed, so the event comes again in every life. Compare the id with FAIL_AT_ID, which is {id} in the first life only and 0 later, not with a fixed number. If the crash is not on purpose, the error is above.",
	}},
	{"auto", func(_ *student, first sight, _ report.Part) bool { return first.committed == 0 }, service.Text{
		PT: "Nada foi confirmado em mais de 5 segundos: peça enable_auto_commit=True, e auto_commit_interval_ms=5000.",
		EN: "Nothing was committed in more than 5 seconds: ask for enable_auto_commit=True, and auto_commit_interval_ms=5000.",
	}},
	{"", func(s *student, first sight, _ report.Part) bool {
		return first.committed == 0 && len(s.seen) > 1 && s.seen[1].first == 1
	}, service.Text{
		PT: "A segunda vida recomeçou do início, porque nada tinha sido confirmado: chame consumer.commit() a cada evento (enable_auto_commit=True só confirma a cada 5 segundos).",
		EN: "The second life began anew, because nothing had been committed: call consumer.commit() at every event (enable_auto_commit=True commits only every 5 seconds).",
	}},
	{"", func(s *student, first sight, _ report.Part) bool {
		return first.last != s.failAt && first.last != s.failAt-1
	}, service.Text{
		PT: "A primeira vida terminou depois do id {last}, e não no id {id}: fique no laço até o evento «finished», e caia só em FAIL_AT_ID. Se foi um erro, ele está acima.",
		EN: "The first life ended after id {last}, and not at id {id}: stay in the loop until the event «finished», and crash only at FAIL_AT_ID. If it was an error, it is above.",
	}},

	// The order of show, commit and crash.
	{"at-most-once", func(s *student, first sight, _ report.Part) bool { return first.committed > s.failAt }, batchCommit},
	{"at-most-once", func(s *student, first sight, _ report.Part) bool {
		return first.committed < s.failAt && first.last == s.failAt
	}, service.Text{
		PT: "O id {id} foi exibido antes de confirmado, e por isso se repetiu: confirme primeiro, exiba depois (isto é at-least-once).",
		EN: "Id {id} was shown before it was committed, and so it is repeated: commit first, then show (this is at-least-once).",
	}},
	{"at-most-once", func(s *student, first sight, _ report.Part) bool { return first.committed < s.failAt }, service.Text{
		PT: "O placar caiu antes de confirmar o id {id}, e por isso nada se perdeu: a queda fica entre confirmar e exibir.",
		EN: "The board crashed before it committed id {id}, and so nothing is lost: the crash belongs between commit and show.",
	}},
	{"at-most-once", func(s *student, first sight, _ report.Part) bool { return first.last == s.failAt }, service.Text{
		PT: "Quando o placar caiu, o id {id} já estava confirmado e exibido: a queda fica entre confirmar e exibir.",
		EN: "When the board crashed, id {id} was committed and shown already: the crash belongs between commit and show.",
	}},

	{"at-least-once", func(s *student, first sight, _ report.Part) bool { return first.committed > s.failAt }, batchCommit},
	{"at-least-once", func(s *student, first sight, _ report.Part) bool {
		return first.committed == s.failAt && first.last < s.failAt
	}, service.Text{
		PT: "O id {id} foi confirmado antes de exibido, e por isso se perdeu: exiba primeiro, confirme depois (isto é at-most-once).",
		EN: "Id {id} was committed before it was shown, and so it is lost: show first, then commit (this is at-most-once).",
	}},
	{"at-least-once", func(s *student, first sight, _ report.Part) bool { return first.committed == s.failAt }, service.Text{
		PT: "Quando o placar caiu, o id {id} já estava exibido e confirmado: a queda fica entre exibir e confirmar, com os._exit(137), porque sys.exit() ainda fecha o consumidor.",
		EN: "When the board crashed, id {id} was shown and committed already: the crash belongs between show and commit, by os._exit(137), because sys.exit() still closes the consumer.",
	}},
	{"at-least-once", func(s *student, first sight, _ report.Part) bool { return first.last < s.failAt }, service.Text{
		PT: "O placar caiu antes de exibir o id {id}, e por isso ele apareceu uma vez só: a queda fica entre exibir e confirmar.",
		EN: "The board crashed before it showed id {id}, and so it was shown only once: the crash belongs between show and commit.",
	}},
	{"at-least-once", func(s *student, first sight, _ report.Part) bool { return first.committed < s.failAt-1 }, service.Text{
		PT: "Repetiu-se mais do que o id {id}: confirme cada evento logo depois de exibir.",
		EN: "More than id {id} is repeated: commit each event as soon as it is shown.",
	}},

	{"auto", func(_ *student, first sight, _ report.Part) bool { return first.committed >= first.last }, service.Text{
		PT: "O que foi exibido já estava confirmado, e por isso nada se repetiu: sem commit() no laço, só a confirmação automática.",
		EN: "What was shown had been committed already, and so nothing is repeated: no commit() in the loop, only the automatic one.",
	}},
}

var batchCommit = service.Text{
	PT: "Foram confirmados eventos depois do id {id}, ainda não exibidos, que se perderam: commit() sem argumentos confirma tudo o que poll() entregou. Confirme um evento por vez, ou use «for msg in consumer».",
	EN: "Events after id {id} were committed that had not been shown yet, and are lost: commit() without arguments commits all that poll() has handed over. Commit one event at a time, or use «for msg in consumer».",
}

// hint is the first that fits; empty where none does.
func (s *student) hint(p report.Part) service.Text {
	first := s.seen[0]
	i := slices.IndexFunc(hints, func(h hint) bool {
		return (h.delivery == "" || h.delivery == s.delivery) && h.when(s, first, p)
	})
	if i < 0 {
		return service.Text{}
	}
	fill := strings.NewReplacer("{id}", strconv.Itoa(s.failAt), "{last}", strconv.Itoa(first.last))
	return service.Text{PT: fill.Replace(hints[i].text.PT), EN: fill.Replace(hints[i].text.EN)}
}
