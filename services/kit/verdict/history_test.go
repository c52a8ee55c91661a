package verdict_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/history"
	"workshop.example/kit/verdict"
)

// entries reads a history in short: a line is SESSION OPERATION STEP PHASE NUMBER [TRANSACTION].
func entries(t *testing.T, text string) []history.Entry {
	t.Helper()
	var all []history.Entry
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		e := history.Entry{At: time.Unix(int64(i), 0)}
		if _, err := fmt.Sscan(line+" 0", &e.Session, &e.Operation, &e.Step, &e.Phase, &e.Number, &e.Transaction); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		e.Stream, e.Topic = "m", "scoreGame"
		all = append(all, e)
	}
	return all
}

func TestOfHistories(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"each outcome of a send", `
			p 1 send intent 1
			p 1 send ok 1
			p 2 send intent 2
			p 2 send fail 2
			p 3 send intent 3
			p 3 send unknown 3
			p 4 send intent 4`, "writes 1 acknowledged, 2 refused, 3 unknown, 4 unknown; reads none"},
		{"a transaction decides", `
			p 1 send intent 1 1
			p 1 send ok 1 1
			p 2 abort intent 0 1
			p 2 abort ok 0 1
			p 3 send intent 1 2
			p 3 send ok 1 2
			p 4 commit intent 0 2
			p 4 commit ok 0 2
			p 5 send intent 2 3
			p 5 send ok 2 3
			p 6 commit intent 0 3
			p 7 send intent 3 4
			p 7 send unknown 3 4
			p 8 commit fail 0 4
			p 9 send intent 4 5
			p 9 send ok 4 5
			p 10 commit unknown 0 5
			p 11 abort ok 0 5
			p 12 send intent 5 6
			p 12 send ok 5 6`, "writes 1 refused, 1 acknowledged, 2 unknown, 3 refused, 4 refused, 5 refused; reads none"},
		{"lines", `
			b 1 deliver ok 0
			b 2 show intent 1
			b 2 show ok 1
			b 3 show intent 2
			c 1 show intent 2
			c 1 show ok 2
			c 2 show intent 3`, "writes none; reads 1 in b, 2 in c, 3 in c?m/3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := verdict.OfHistories(entries(t, c.text))["scoreGame"]
			if got := short(run); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func short(run verdict.Run) string {
	var writes, reads []string
	for _, w := range run.Writes {
		writes = append(writes, fmt.Sprint(w.Number, " ", w.Outcome))
	}
	for _, r := range run.Reads {
		reads = append(reads, fmt.Sprint(r.Number, " in ", r.Session))
	}
	list := func(all []string) string {
		if len(all) == 0 {
			return "none"
		}
		return strings.Join(all, ", ")
	}
	return "writes " + list(writes) + "; reads " + list(reads)
}

// The line that was under way when the board was killed is no fault, whether it came out or not; the
// event that was committed and never begun is one.
func TestHistoriesGiveTheBenefitOfTheDoubt(t *testing.T) {
	sent := `
		p 1 send intent 1
		p 1 send ok 1
		p 2 send intent 2
		p 2 send ok 2
		b 1 show intent 1
		b 1 show ok 1`
	for text, missing := range map[string][]verdict.Message{
		sent + "\nb 2 show intent 2":                                   nil,
		sent + "\nb 2 show intent 2\nc 1 show intent 2\nc 1 show ok 2": nil,
		sent: {{Stream: "m", Number: 2}},
	} {
		v := verdict.Check(verdict.OfHistories(entries(t, text))["scoreGame"])
		if !reflect.DeepEqual(v.Missing, missing) || len(v.Repeated) > 0 || len(v.Nonmonotonic) > 0 {
			t.Errorf("%s\nmissing %v, want %v; repeated %v", text, v.Missing, missing, v.Repeated)
		}
	}
}
