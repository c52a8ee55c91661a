package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"workshop.example/kit/history"
)

// reportWords are the words of the page that no lab brings along.
type reportWords struct {
	Lab, Seed, Date, Timeline, Legend, Room, None, Table, TableHint, When, What string
	Steps, Verdict, Why, Hint, Held, NotHeld, IDs, Figures                      string
	Send, Deliver, Show, Commit, Abort, End, OK, Failed, Unknown                string
	Life, Running, Ended, Killed, Crashed, Began                                string
}

var (
	reportPortuguese = reportWords{
		Lab: "Laboratório", Seed: "semente", Date: "02/01/2006 15:04:05", Timeline: "Linha do tempo",
		Room:   "O número é o id. Onde dois sinais quase se tocam, o segundo fica sem número: as tabelas têm todos.",
		Legend: "Aponte para um sinal ou toque nele para ler o que ele é. No teclado: Tab, e depois as setas.",
		None:   "O próprio laboratório enviou e leu as mensagens: não há programas a desenhar.",
		Table:  "Os mesmos fatos em tabelas", TableHint: "Os segundos contam do início do primeiro programa.", When: "segundos",
		What:  "o que aconteceu",
		Steps: "O que acontece", Verdict: "Veredito", Why: "Por quê", Hint: "Dica", Held: "Como previsto", NotHeld: "NÃO como previsto",
		IDs: "Gols, por id", Figures: "O que está onde",
		Send: "envio", Deliver: "entrega", Show: "exibição", Commit: "confirmação de offset ou transação", Abort: "transação abortada",
		End: "queda",
		OK:  "feito", Failed: "recusado", Unknown: "sem resposta",
		Life: "vida", Running: "rodava até o veredito", Ended: "terminou com código", Killed: "morto (kill -9)", Crashed: "queda (código 137)",
		Began: "começa",
	}
	reportEnglish = reportWords{
		Lab: "Lab", Seed: "seed", Date: "2 Jan 2006 15:04:05", Timeline: "Timeline",
		Room:   "The number is the id. Where two marks nearly touch, the second has none: the tables have all of them.",
		Legend: "Point at a mark or tap it to read what it is. With the keyboard: Tab, then the arrow keys.",
		None:   "The lab itself sent and read the messages: there are no programs to draw.",
		Table:  "The same facts as tables", TableHint: "Seconds count from the start of the first program.", When: "seconds",
		What:  "what happened",
		Steps: "What happens", Verdict: "Verdict", Why: "Why", Hint: "Hint", Held: "As predicted", NotHeld: "NOT as predicted",
		IDs: "Goals, by id", Figures: "What is where",
		Send: "send", Deliver: "delivery", Show: "shown", Commit: "commit of an offset or a transaction", Abort: "transaction aborted",
		End: "crash",
		OK:  "done", Failed: "refused", Unknown: "no answer",
		Life: "life", Running: "ran until the verdict", Ended: "ended with code", Killed: "killed (kill -9)", Crashed: "crash (code 137)",
		Began: "begins",
	}
)

// The exit codes of lives that did not end by themselves: of a signal, as os.ProcessState has it, and of a crash on cue.
const (
	killedCode  = -1
	crashedCode = 137
)

// ending is how a life ended.
func (w reportWords) ending(life Life) string {
	switch {
	case life.Ended.IsZero():
		return w.Running
	case life.Code == killedCode:
		return w.Killed
	case life.Code == crashedCode:
		return w.Crashed
	}
	return fmt.Sprintf("%s %d", w.Ended, life.Code)
}

// describe is an entry in words.
func (w reportWords) describe(e history.Entry) string {
	outcome := map[history.Phase]string{history.OK: w.OK, history.Failed: w.Failed}[e.Phase]
	if outcome == "" {
		outcome = w.Unknown
	}
	fields := []string{map[history.Step]string{
		history.Send: w.Send, history.Deliver: w.Deliver, history.Show: w.Show, history.Commit: w.Commit, history.Abort: w.Abort,
	}[e.Step]}
	if e.Number > 0 {
		fields = append(fields, fmt.Sprintf("id %d", e.Number))
	}
	if e.Offset >= 0 {
		fields = append(fields, fmt.Sprintf("offset %d", e.Offset))
	}
	fields = append(fields, outcome, e.At.Local().Format("15:04:05.000"), e.Error)
	return strings.Join(slices.DeleteFunc(fields, func(s string) bool { return s == "" }), " · ")
}

// histories are the timeline in words, for readers who cannot see the picture.
func histories(t Timeline, words reportWords) []historyView {
	var views []historyView
	for _, track := range t.Tracks {
		type fact struct {
			at   time.Time
			text string
		}
		var facts []fact
		for n, life := range track.Lives {
			name := fmt.Sprintf("%s %d: ", words.Life, n+1)
			facts = append(facts, fact{life.Began, name + words.Began})
			if !life.Ended.IsZero() {
				facts = append(facts, fact{life.Ended, name + words.ending(life)})
			}
		}
		for _, e := range outcomes(track.Entries) {
			facts = append(facts, fact{e.At, words.describe(e)})
		}
		slices.SortStableFunc(facts, func(a, b fact) int { return a.at.Compare(b.at) })
		view := historyView{Name: track.Name}
		for _, f := range facts {
			view.Rows = append(view.Rows, historyRow{fmt.Sprintf("%.3f", f.at.Sub(t.Began).Seconds()), f.text})
		}
		views = append(views, view)
	}
	return views
}
