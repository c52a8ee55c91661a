package lab

import (
	"strings"
	"testing"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
)

// Every lab says everything in both languages, in lines that a terminal holds or folds.
func TestWords(t *testing.T) {
	names := map[string]bool{}
	for _, l := range Labs.All() {
		if found, ok := Labs.Find(l.Name); !ok || found.Name != l.Name || names[l.Name] {
			t.Errorf("lab %q is not there, or twice", l.Name)
		}
		names[l.Name] = true
		for i, text := range append([]service.Text{l.Summary, l.Why}, l.Will[:]...) {
			if text.PT == "" || text.EN == "" || text.PT == text.EN {
				t.Errorf("%s: text %d is %+v", l.Name, i, text)
			}
		}
		if !strings.HasPrefix(l.Will[2].PT, "Previsão: ") || !strings.HasPrefix(l.Will[2].EN, "Prediction: ") {
			t.Errorf("%s: the third line predicts nothing: %+v", l.Name, l.Will[2])
		}
	}
	if _, ok := Labs.Find("no such lab"); ok {
		t.Error("there is a lab that nobody wrote")
	}
}

// What a lab says fits the terminal, and breaks no word.
func TestPrintFits(t *testing.T) {
	ids, duplicated := make([]int, 60), make([]verdict.Message, 60)
	for i := range ids {
		ids[i] = 3*i + 1
		duplicated[i] = verdict.Message{Stream: "m", Number: ids[i]}
	}
	part := report.Part{
		Title: service.Text{PT: "enable.idempotence=false", EN: "enable.idempotence=false"}, Highest: 200,
		Counted: verdict.Verdict{Produced: 200, Processed: 200, Duplicated: duplicated}, Want: report.Prediction{Duplicated: ids},
		Table: []service.Text{{
			PT: "Partição 0: ana 1, eva 3, eva 7, rui 8, rui 9, ana 10, ana 11, eva 12, rui 13, ana 14",
			EN: "Partition 0: ana 1, eva 3, eva 7, rui 8, rui 9, ana 10, ana 11, eva 12, rui 13, ana 14",
		}},
	}
	wrong := part
	wrong.Want = report.Prediction{Lost: ids}
	for _, l := range Labs.All() {
		right := part
		for _, text := range append([]service.Text{l.Summary, l.Why}, l.Will[:]...) { // sentences as long as they come
			right.Facts, right.Notes = append(right.Facts, report.Fact{Text: text, Held: true}), append(right.Notes, text)
		}
		wrong.Hint = l.Why
		r := report.Result{Name: l.Name, Words: l.Words, Parts: []report.Part{right, wrong}}
		for _, lang := range []service.Lang{service.Portuguese, service.English} {
			whole := ""
			for _, width := range []int{10_000, 120, 80, 60} {
				var out strings.Builder
				l.Introduce(&out, lang, "lab "+l.Name+" (seed 42, brokers localhost:9091,localhost:9092,localhost:9093)", width, nil)
				r.Print(&out, lang, true, width)
				for line := range strings.Lines(out.String()) {
					if n := fold.Cells(strings.TrimSuffix(line, "\n")); n > width {
						t.Errorf("%s, %d columns: a line of %d: %s", l.Name, width, n, line)
					}
				}
				words := strings.Join(strings.Fields(out.String()), " ")
				if whole == "" {
					whole = words
				}
				if words != whole {
					t.Errorf("%s, %d columns: other words than on one line:\n%s", l.Name, width, &out)
				}
			}
		}
	}
}
