package lab

import (
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/workshop/rig"
)

func TestMailsIn(t *testing.T) {
	now := time.Now()
	var lines []rig.Line
	for i, text := range strings.Split(`brokers ainda não disponíveis
------------------------------------------
Send email
trabalhador 2
ana@example.com
{"type":"String","payload":"worker 9"}
1
0
Email sent
------------------------------------------
Send email
worker 5
worker 7
{}
0
3
Email sent
------------------------------------------
Send email
trabalhador 4`, "\n") {
		lines = append(lines, rig.Line{At: now.Add(time.Duration(i)), Text: text})
	}
	want := []mailed{{2, "ana@example.com", lines[8].At}, {5, "worker 7", lines[16].At}}
	if got := mailsIn(lines); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// every is n e-mails of so many workers, each of which sends one in 100 ms, from a moment on.
func every(n, busy int, from time.Time) []mailed {
	var mails []mailed
	for i := range n {
		mails = append(mails, mailed{worker: 1 + i%busy, at: from.Add(time.Duration(1+i/busy) * emailWork)})
	}
	return mails
}

// tardy is mails with one worker's so much later.
func tardy(mails []mailed, worker int, by time.Duration) []mailed {
	mails = slices.Clone(mails)
	for i := range mails {
		if mails[i].worker == worker {
			mails[i].at = mails[i].at.Add(by)
		}
	}
	slices.SortStableFunc(mails, func(a, b mailed) int { return a.at.Compare(b.at) })
	return mails
}

func TestCompare(t *testing.T) {
	began := time.Now()
	late := began.Add(300 * time.Millisecond)
	for _, c := range []struct {
		name        string
		few, enough []mailed
		want        bool
	}{
		{"three and five workers", every(90, 3, began), every(90, 5, began), true},
		{"one of them begins late", every(90, 3, began), every(90, 5, late), true},
		{"the other does", every(90, 3, late), every(90, 5, began), true},
		{"one of three workers begins very late", tardy(every(90, 3, began), 3, 1550*time.Millisecond), every(90, 5, began), true},
		{"three and three", every(90, 3, began), every(90, 3, began), false},
		{"one worker does it all", every(90, 1, began), every(90, 5, began), false},
		{"never at the same time", every(90, 3, began), every(90, 5, began.Add(time.Minute)), false},
	} {
		if got := compare(c.few, c.enough); got.Held != c.want {
			t.Errorf("%s: held is %t: %s", c.name, got.Held, got.Text.EN)
		}
	}
}
