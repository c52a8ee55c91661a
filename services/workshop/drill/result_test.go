package drill

import (
	"strings"
	"testing"
	"time"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// line is the verdict in English.
func line(r Result) string { return r.Lines(service.English)[0] }

func clean() Result {
	return Result{
		Drill: killLeader, Acknowledged: 100, Transactions: verdict.Verdict{Produced: 100, Processed: 100},
		Resumed: true,
		Match:   verdict.Verdict{Produced: 10, Processed: 10},
		Faults:  []Fault{{Broker: true, Limit: afterDeath, Silence: 8 * time.Second, Acknowledged: 50}},
		Facts:   []report.Fact{{Text: service.Text{PT: "x", EN: "x"}, Held: true}},
	}
}

// Each thing that can go wrong turns the verdict red by itself.
func TestEveryFaultTurnsItRed(t *testing.T) {
	if r := clean(); !r.Held() {
		t.Fatalf("a clean run is red: %+v", r.Checks())
	}
	some := []verdict.Message{{Stream: "a", Number: 1}}
	for name, damage := range map[string]func(*Result){
		"lost":                    func(r *Result) { r.Transactions.Lost = some },
		"duplicated":              func(r *Result) { r.Transactions.Duplicated = some },
		"out of order":            func(r *Result) { r.Transactions.OutOfOrder = some },
		"spurious":                func(r *Result) { r.Transactions.Spurious = some },
		"missing":                 func(r *Result) { r.Transactions.Missing = some },
		"read from nowhere":       func(r *Result) { r.Transactions.AbortedRead = some },
		"nothing acknowledged":    func(r *Result) { r.Acknowledged = 0 },
		"goal lost":               func(r *Result) { r.Match.Lost = some },
		"goal on the board twice": func(r *Result) { r.Match.Repeated = some },
		"board without an offset": func(r *Result) { r.Match.Torn = []string{"x"} },
		"wrong tally":             func(r *Result) { r.WrongTallies = 1 },
		"no match":                func(r *Result) { r.Match = verdict.Verdict{} },
		"too long":                func(r *Result) { r.Faults[0].Silence = afterDeath + 1 },
		"not resumed":             func(r *Result) { r.Resumed = false },
		"a fact":                  func(r *Result) { r.Facts[0].Held = false },
	} {
		r := clean()
		damage(&r)
		if r.Held() || !strings.Contains(line(r), "NOT as predicted") || r.JSON(service.English).Held {
			t.Errorf("%s: the verdict is not red: %s", name, line(r))
		}
	}
	r := clean()
	r.Drill, r.Transactions.UnknownAbsent = twoBrokersDown, some
	if r.Held() {
		t.Error("a send without an answer does not turn two-brokers-down red")
	}
	r = clean() // at-least-once: counted, not judged
	r.Transactions.Repeated, r.Transactions.Nonmonotonic = some, some
	if !r.Held() {
		t.Error("a message that came again turns it red, though at-least-once allows it")
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		seconds []float64
		want    string
	}{
		{nil, "-"}, {[]float64{3}, "median 3.0 s, maximum 3.0 s"}, {[]float64{9, 1, 2}, "median 2.0 s, maximum 9.0 s"},
		{[]float64{4, 1, 2, 3}, "median 2.5 s, maximum 4.0 s"},
	} {
		var times []time.Duration
		for _, s := range c.seconds {
			times = append(times, time.Duration(s*float64(time.Second)))
		}
		if got := spread(times).EN; got != c.want {
			t.Errorf("%v: %q, want %q", c.seconds, got, c.want)
		}
	}
}

// What a drill says fits the terminal, and breaks no word.
func TestPrintFits(t *testing.T) {
	for _, d := range Drills.All() {
		r := Result{
			Drill:        Drill{Name: d.Name, Embedded: !d.Brokers, Answered: true},
			Words:        d.Words,
			Acknowledged: 16398,
			Notes:        []service.Text{d.Why},
			Faults:       make([]Fault, 3),
		}
		for _, lang := range []service.Lang{service.Portuguese, service.English} {
			whole := ""
			for _, width := range []int{10_000, 120, 80, 60} {
				var out strings.Builder
				r.Print(&out, lang, false, width)
				for line := range strings.Lines(out.String()) {
					if n := fold.Cells(strings.TrimSuffix(line, "\n")); n > width {
						t.Errorf("%s, %d columns: a line of %d: %s", d.Name, width, n, line)
					}
				}
				words := strings.Join(strings.Fields(out.String()), " ")
				if whole == "" {
					whole = words
				}
				if words != whole {
					t.Errorf("%s, %d columns: other words than on one line:\n%s", d.Name, width, &out)
				}
			}
		}
	}
}

// What students read is there in both languages, and says what is predicted.
func TestWords(t *testing.T) {
	for _, d := range Drills.All() {
		for i, text := range append(d.Will[:], d.Summary, d.Why) {
			if text.PT == "" || text.EN == "" || text.PT == text.EN {
				t.Errorf("%s: text %d is %+v", d.Name, i, text)
			}
		}
		if !strings.HasPrefix(d.Will[1].PT, "Prova: ") || !strings.HasPrefix(d.Will[2].EN, "Prediction: ") {
			t.Errorf("%s: neither proof nor prediction: %+v", d.Name, d.Will)
		}
		if found, ok := Drills.Find(d.Name); !ok || found.Name != d.Name {
			t.Errorf("%s is not found", d.Name)
		}
	}
	if names := Drills.Names(); len(names) < 9 || names[0] != "kill-leader" {
		t.Errorf("the drills are, in this order, %v", names)
	}
	for _, c := range Drills.Controls() {
		if c.Swap.PT == "" || c.Swap.EN == "" || c.Want.PT == "" || c.Want.EN == "" {
			t.Errorf("control %s lacks words", c.Name)
		}
	}
}

func TestSecond(t *testing.T) {
	s := &Stage{Options: experiment.Options{Options: rig.Options{Pace: 2 * time.Millisecond}}, transactions: "t", watch: &watch{}}
	now := state(1, -1, 1, 3)
	for acknowledged, want := range map[int]string{
		0:    "   7 s                           0  -        13",
		1:    "   7 s  █                        1  -        13",
		250:  "   7 s  ██████████             250  -        13",
		9000: "   7 s  ████████████████████  9000  -        13",
	} {
		if got := s.second(7, acknowledged, now); got != want {
			t.Errorf("%d acknowledged:\n got %q\nwant %q", acknowledged, got, want)
		}
	}
	s.watch.mute = true
	if got := s.second(7, 0, now); !strings.Contains(got, "? ? ?") {
		t.Errorf("nobody answers, and the line says %q", got)
	}
}

// A blow within an outage does not end what the outage is charged with.
func TestMeasured(t *testing.T) {
	s := &Stage{meter: metered(map[int32][]float64{0: {1, 9, 10, 14}, 1: {1, 9, 10, 14}, 2: {1, 9, 10, 14}}), ended: at(15)}
	s.faults = []*Fault{
		{At: at(2), Seen: at(3)}, {At: at(5), Seen: at(6), Within: true}, {At: at(11), Seen: at(12)},
	}
	for i, want := range []struct {
		silence      float64
		acknowledged int
	}{{8, 6}, {8, 6}, {4, 3}} {
		if f := s.measured()[i]; f.Silence.Seconds() != want.silence || f.Acknowledged != want.acknowledged {
			t.Errorf("fault %d: silent for %s, then %d acknowledged; want %g s and %d", i+1, f.Silence, f.Acknowledged, want.silence,
				want.acknowledged)
		}
	}
}
