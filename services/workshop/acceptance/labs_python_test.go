//go:build brokers

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// patience is for a program in Python or Java that takes one message at a time, on a machine that is busy.
const patience = 3 * time.Minute

// lab starts a program of labs/python with kafka-python.
func lab(t testing.TB, file string, vars ...string) *program {
	t.Helper()
	vars = append([]string{"BOOTSTRAP_SERVERS=" + strings.Join(stack.Brokers, ","), "PYTHONDONTWRITEBYTECODE=1"}, vars...)
	return start(t, vars, os.Getenv("WORKSHOP_PYTHON"), filepath.Join(root(t), "labs", "python", file))
}

// playInPython plays a match with gameSimulator.py, as fast as it goes, and returns the events that
// it says it sent.
func playInPython(t testing.TB, vars ...string) []event.ScoreEvent {
	t.Helper()
	p := lab(t, "gameSimulator.py", append([]string{"PACE=0", "SEED=7"}, vars...)...)
	if code := p.exit(patience); code != 0 {
		t.Fatalf("gameSimulator.py: exit code %d\n%s", code, tail(p.Logs()))
	}
	lines := p.Lines()
	last := len(lines) - 1
	if last < 1 || lines[0] != "Producer iniciado..." || lines[last] != "Producer finalizado." {
		t.Fatalf("gameSimulator.py prints:\n%s", strings.Join(lines, "\n"))
	}
	return sentEvents(t, p)
}

// sentEvents are the events that a simulator said it sends.
func sentEvents(t testing.TB, p *program) []event.ScoreEvent {
	t.Helper()
	var events []event.ScoreEvent
	for _, line := range p.Lines() {
		value, ok := strings.CutPrefix(line, "Enviando: ")
		if !ok {
			continue
		}
		e, err := event.DecodeScoreEvent([]byte(value))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		events = append(events, e)
	}
	return events
}

// shown is what a board of LabScore prints of these events, without its first two lines.
func shown(events []event.ScoreEvent) []string {
	var lines []string
	for _, e := range events {
		indent := ""
		if e.Team == event.TeamB {
			indent = "           "
		}
		if e.Event == event.Finished {
			lines = append(lines, "Partida finalizada!")
		} else {
			lines = append(lines, fmt.Sprintf("%s%d - %d", indent, e.Score.TeamA, e.Score.TeamB))
		}
	}
	return lines
}

// wantShown checks the exit code of a board and all that it printed.
func wantShown(t testing.TB, p *program, wantCode int, want []event.ScoreEvent) {
	t.Helper()
	if code := p.exit(patience); code != wantCode {
		t.Errorf("exit code %d, want %d\n%s", code, wantCode, tail(p.Logs()))
	}
	lines := append([]string{"Aguardando eventos...", "TeamA      TeamB"}, shown(want)...)
	if got := p.Lines(); !slices.Equal(got, lines) {
		t.Errorf("shown:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

// The model connects, shows nothing and ends well: what is missing is the student's.
func TestPythonModelRuns(t *testing.T) {
	t.Parallel()
	name := topic(t, "scoreGame", 1)
	playInPython(t, "TOPIC="+name)
	p := lab(t, "scoreBoard.py", "TOPIC="+name, "CONSUMER_GROUP="+name)
	if code := p.exit(patience); code != 0 || p.count() != 0 {
		t.Errorf("exit code %d, prints:\n%s", code, tail(p.Lines()))
	}
}

// Each solution crashes on cue at id 5, and what its restart shows is its guarantee. The rows are
// each other's negative control: no board passes in the row of another.
func TestPythonSolutions(t *testing.T) {
	t.Parallel()
	name := topic(t, "scoreGame", 1)
	events := playInPython(t, "TOPIC="+name)
	for _, tt := range []struct {
		file             string
		shown, restartAt int // the last id of the first life, the first of the second
	}{
		{"auto_commit.py", 5, 1}, // the crash comes long before the first commit
		{"at_most_once.py", 4, 6},
		{"at_least_once.py", 5, 5},
		{"exactly_once.py", 4, 5},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			boards := topic(t, "scoreBoard", 1)
			vars := []string{"TOPIC=" + name, "CONSUMER_GROUP=" + boards, "GROUP_INSTANCE_ID=one", "BOARD_TOPIC=" + boards}
			file := filepath.Join("solutions", tt.file)
			wantShown(t, lab(t, file, append(vars, "FAIL_AT_ID=5")...), exitCrashed, events[:tt.shown])
			began := time.Now()
			second := lab(t, file, vars...)
			second.waitFor(shown(events[tt.restartAt-1 : tt.restartAt])[0])
			t.Logf("a static member shows its first goal %s after the crash", time.Since(began).Round(time.Millisecond))
			wantShown(t, second, 0, events[tt.restartAt-1:])
			if tt.file == "exactly_once.py" {
				wantBoard(t, boards, events)
			}
		})
	}
}

const exitCrashed = 137

// wantBoard checks that BOARD_TOPIC has each event once, in order and rightly counted, and that the
// one at which the board crashed was there already and is aborted.
func wantBoard(t testing.TB, name string, events []event.ScoreEvent) {
	t.Helper()
	if err := boardMistake(name, events); err != nil {
		t.Error(err)
	}
}

func boardMistake(name string, events []event.ScoreEvent) error {
	msgs, err := kafkatest.ReadAll(stack, name)
	if err != nil {
		return err
	}
	if len(msgs) != len(events) {
		return fmt.Errorf("%d records on %s, want %d", len(msgs), name, len(events))
	}
	for i, msg := range msgs {
		got, err := event.DecodeBoardRecord(msg.Value)
		if err != nil {
			return err
		}
		e := events[i]
		want := event.BoardRecord{ID: e.ID, Match: e.Match, Event: e.Event, Score: e.Score, Tally: e.Score, Source: got.Source}
		if got != want {
			return fmt.Errorf("record %d is %+v, want %+v", i+1, got, want)
		}
	}
	all, err := kafkatest.ReadAllAs(stack, name, sarama.ReadUncommitted)
	if err != nil {
		return err
	}
	if len(all) != len(events)+1 {
		return fmt.Errorf("%d records with the aborted, want %d", len(all), len(events)+1)
	}
	return nil
}

// Our simulator's events have a key and a match, and here ghosts: goals that it sends and aborts.
func TestPythonBoardShowsOurMatch(t *testing.T) {
	t.Parallel()
	name, boards := topic(t, "scoreGame", 1), topic(t, "scoreBoard", 1)
	vars := []string{"TOPIC=" + name, "BOARD_TOPIC=" + boards, "CONSUMER_GROUP=" + name}
	simulator := service(t, "score-simulator", append(vars, "PACE=0", "SEED=8", "TRANSACTIONAL_ID=simulator-"+name, "ABORT_EVERY=5")...)
	if code := simulator.exit(patience); code != 0 {
		t.Fatalf("score-simulator: exit code %d", code)
	}
	events := sentEvents(t, simulator)
	wantShown(t, lab(t, "solutions/exactly_once.py", append(vars, "GROUP_INSTANCE_ID=one", "FAIL_AT_ID=5")...), exitCrashed, events[:4])
	wantShown(t, lab(t, "solutions/exactly_once.py", append(vars, "GROUP_INSTANCE_ID=one")...), 0, events[4:])
	wantBoard(t, boards, events)
}

// The match goes on while its leader dies. A board that the death takes with it is started again:
// every goal is shown, and beyond what a restart repeats none twice. One that commits a wrong leader
// epoch would begin anew when the leader changes.
func TestPythonMatchSurvivesALeadersDeath(t *testing.T) {
	name := topic(t, "scoreGame", 1)
	vars := []string{"TOPIC=" + name, "CONSUMER_GROUP=" + name, "GROUP_INSTANCE_ID=one"}
	simulator := lab(t, "gameSimulator.py", append(vars, "PACE=200ms", "SEED=9")...)
	var lines []string
	lives := 0
	for ended := false; !ended && lives < 10; lives++ {
		board := lab(t, "solutions/at_least_once.py", vars...)
		if lives == 0 {
			kafkatest.Eventually(t, "ten goals are shown", func() bool { return board.count() > 12 })
			killLeader(t, name, 0)
		}
		code := board.exit(90 * time.Second)
		t.Logf("board: exit code %d, %d lines", code, board.count())
		lines = append(lines, board.Lines()[min(2, board.count()):]...)
		ended = code == 0
	}
	if code := simulator.exit(90 * time.Second); code != 0 {
		t.Errorf("gameSimulator.py: exit code %d\n%s", code, tail(simulator.Logs()))
	}
	want := shown(sentEvents(t, simulator))
	if repeated := len(lines) - len(want); repeated >= lives {
		t.Errorf("%d lines shown again in %d lives", repeated, lives)
	}
	if got := slices.Compact(lines); !slices.Equal(got, want) { // a restart repeats the last one
		t.Errorf("shown:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
