//go:build labs

package acceptance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// A lab on the board's cluster is on the board: what it predicts, what it does, and its verdict, which are in the topic too.
func TestBoardShowsALab(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3", "transactions.alerts:3", "scoreGame:1", event.ExperimentsTopic+":1")
	_, page := startBoard(t, "BOOTSTRAP_SERVERS="+c.Bootstrap())
	seeOnBoard(t, page, "no experiment", func(b drawnBoard) bool { return len(b.Partitions) > 0 && b.Experiment == "" })
	lab := runLab(t, "hanging-transaction", "--bootstrap-servers", c.Bootstrap())
	seeOnBoard(t, page, "a lab under way", func(b drawnBoard) bool {
		return strings.Contains(b.Experiment, "hanging-transaction") && strings.Contains(b.Experiment, "em andamento")
	})
	if code := lab.exit(3 * kafkatest.Deadline); code != 0 {
		t.Fatalf("the lab: exit code %d", code)
	}
	b := seeOnBoard(t, page, "its verdict", func(b drawnBoard) bool { return b.Verdict == event.Held })
	var steps []string
	var run string
	for _, msg := range c.ReadAll(event.ExperimentsTopic) {
		s, err := event.DecodeExperimentStep(msg.Value)
		if err != nil || run != "" && s.Run != run {
			t.Fatalf("%s: %v", msg.Value, err)
		}
		run, steps = s.Run, append(steps, s.Step)
		if !strings.Contains(b.Experiment, s.PT) {
			t.Errorf("the board does not say %q:\n%s", s.PT, b.Experiment)
		}
	}
	if steps = slices.Compact(steps); !slices.Equal(steps, []string{event.Predicts, event.Strikes, event.Held}) {
		t.Errorf("steps %v", steps)
	}
	photographBoard(t, page, "lab", func(name string) { wantNoViolation(t, page, name) })
}

// Where the topic is missing the lab has its verdict all the same.
func TestLabWithoutABoard(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3")
	lab := runLab(t, "at-most-once", "--pace", "0s", "--bootstrap-servers", c.Bootstrap())
	if code := lab.exit(3 * kafkatest.Deadline); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func runLab(t testing.TB, args ...string) *program {
	t.Helper()
	return start(t, nil, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), append([]string{"lab", "run"}, args...)...)
}
