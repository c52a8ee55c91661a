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

// entries reads a history in short: a line is SESSION OPERATION STEP PHASE NUMBER [TRANSACTION], and a
// message's offset is one less than its number.
func entries(t *testing.T, text string) []history.Entry {
	t.Helper()
	var all []history.Entry
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		e := history.Entry{At: time.Unix(int64(i), 0)}
		if _, err := fmt.Sscan(line+" 0", &e.Session, &e.Operation, &e.Step, &e.Phase, &e.Number, &e.Transaction); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		e.Stream, e.Topic, e.Offset = "m", "scoreGame", int64(e.Number-1)
		if e.Step == history.Commit {
			e.Offset, e.Number = int64(e.Number), 0 // the next to be read; of a transaction of sends, none
			if e.Transaction > 0 {
				e.Offset = history.None
			}
		}
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

func short(run verdict.Observed) string {
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

// The line that was under way when the board was killed is no fault, whether it came out or not. What
// was committed and never shown is one; what is not committed is only not read yet.
func TestHistoriesGiveTheBenefitOfTheDoubt(t *testing.T) {
	const two = `
		p 1 send intent 1
		p 1 send ok 1
		p 2 send intent 2
		p 2 send ok 2
		b 1 show intent 1
		b 1 show ok 1
		`
	second := []verdict.Message{{Stream: "m", Number: 2}}
	for _, c := range []struct {
		name, text               string
		missing, unread, doubled []verdict.Message
	}{
		{"shown, perhaps", two + "b 2 show intent 2", nil, nil, nil},
		{"shown, perhaps, and again", two + "b 2 show intent 2\nc 1 show intent 2\nc 1 show ok 2", nil, nil, nil},
		{"shown, perhaps, by two lives", two + "b 2 show intent 2\nc 1 show intent 2", nil, nil, nil},
		{"not shown, and not committed", two + "b 2 commit intent 1\nb 2 commit ok 1", nil, second, nil},
		{"not shown, and committed", two + "b 2 commit intent 2\nb 2 commit ok 2", second, nil, nil},
		{"not shown, and committed perhaps", two + "b 2 commit intent 2", second, nil, nil},
		{"not shown, and the commit refused", two + "b 2 commit intent 2\nb 2 commit fail 2", nil, second, nil},
		{"acknowledged again", two + "p 3 send intent 2\np 3 send ok 2\nb 2 show intent 2\nb 2 show ok 2", nil, nil, second},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := verdict.OfHistories(entries(t, c.text))["scoreGame"]
			v := o.Check()
			if !reflect.DeepEqual(v.Missing, c.missing) || !reflect.DeepEqual(o.Unread, c.unread) || !reflect.DeepEqual(v.Duplicated, c.doubled) ||
				len(v.Repeated)+len(v.Nonmonotonic) > 0 {
				t.Errorf("missing %v, unread %v, duplicated %v, repeated %v; want %v, %v, %v, none", v.Missing, o.Unread, v.Duplicated, v.Repeated,
					c.missing, c.unread, c.doubled)
			}
		})
	}
}

// A clock that steps back does not change the outcome of a message.
func TestHistoriesWithAClockThatStepsBack(t *testing.T) {
	all := entries(t, "p 1 send intent 1\np 1 send ok 1\np 2 send intent 2\np 2 send ok 2")
	all[2].At, all[3].At = time.Unix(-9, 0), time.Unix(-10, 0)
	if got, want := short(verdict.OfHistories(all)["scoreGame"]), "writes 1 acknowledged, 2 acknowledged; reads none"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
