package report

import (
	"strings"
	"testing"

	"workshop.example/kit/history"
	"workshop.example/kit/service"
)

// Each send and each line has its id below it, but for those that would touch the one before them.
func TestMarksHaveIDs(t *testing.T) {
	r := lossy()
	p := draw(r.Timeline, r.missing(service.English), reportEnglish)
	ids := func(l lane, step history.Step) string {
		var ids []string
		for _, m := range l.Marks {
			if m.Kind == string(step) {
				ids = append(ids, m.ID)
			}
		}
		return strings.Join(ids, " ")
	}
	if got, want := ids(p.Lanes[0], history.Send), "1 2 3 4 5 6 7 8 9 10"; got != want {
		t.Errorf("sends: %q, want %q", got, want)
	}
	// Id 6 is shown again 20 ms before id 8.
	if got, want := ids(p.Lanes[1], history.Show), "1 2 3 4 6 7 6  9 10"; got != want {
		t.Errorf("lines: %q, want %q", got, want)
	}
	if got := ids(p.Lanes[1], history.Commit); strings.Trim(got, " ") != "" {
		t.Errorf("commits: %q, want none", got)
	}
}
