package scoreboard

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

func env(c *kafkatest.Cluster, more ...string) map[string]string {
	vars := map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap()}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	return vars
}

func values(t *testing.T, match string, begun float64, events ...event.ScoreEvent) []string {
	t.Helper()
	var all []string
	for _, e := range events {
		e.Match, e.Timestamp, e.Period = match, begun+float64(e.ID), 1
		v, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(v))
	}
	return all
}

var scores = regexp.MustCompile(`^ *\d+ - \d+$`)

func scoreLines(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return !scores.MatchString(s) })
}

// As LabScore asks: header, scores, the end; then the program ends by itself.
// It is not parallel: a join that takes two seconds is told, too.
func TestEndsWithTheMatch(t *testing.T) {
	for _, delivery := range []string{autoCommit, atLeastOnce} {
		t.Run(delivery, func(t *testing.T) {
			c := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1")
			c.ProduceValues("scoreGame", values(t, "", 1e9, b(1, 0, 1), a(2, 1, 1), end(a(3, 1, 1)), a(1, 1, 0))...)
			r := kafkatest.StartRun(t, env(c, "DELIVERY", delivery), configure, run)
			if err := r.Wait(); err != nil {
				t.Fatal(err)
			}
			want := []string{
				"Aguardando eventos...", "TeamA      TeamB", "           0 - 1", "1 - 1", "Partida finalizada!",
				"contagem própria: 1 a 1, igual ao placar anunciado", "ids perdidos: nenhum · ids repetidos: nenhum",
				"resumo: 3 lidas · 0 ignoradas",
			}
			if got := r.Out.Lines(); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if got := c.Committed("group1", "scoreGame", 0); got != 3 {
				t.Errorf("committed offset %d, want 3: the next match is for the next run", got)
			}
		})
	}
}

func TestGoesOnMatchAfterMatch(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1")
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, a(1, 1, 0), end(a(2, 1, 0)))...)
	r := kafkatest.StartRun(t, env(c, "MATCHES", "0"), configure, run)
	r.WaitFor("Partida finalizada!")
	c.ProduceValues("scoreGame", values(t, "m2", 2e9, b(1, 0, 1))...)
	r.WaitFor("           0 - 1")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := c.Committed("group1", "scoreGame", 0); got != 3 {
		t.Errorf("committed offset %d, want 3: a stop in good order commits", got)
	}
}

func TestRestartGoesOnWithoutRepeating(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1")
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, a(1, 1, 0), a(2, 2, 0))...)
	first := kafkatest.StartRun(t, env(c), configure, run)
	first.WaitFor("2 - 0")
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, a(3, 3, 0), end(a(4, 3, 0)))...)
	second := kafkatest.StartRun(t, env(c), configure, run)
	if err := second.Wait(); err != nil {
		t.Fatal(err)
	}
	if got, want := scoreLines(second.Out.Lines()), []string{"3 - 0"}; !slices.Equal(got, want) {
		t.Errorf("after the restart: %v, want %v", got, want)
	}
	if !strings.Contains(second.Out.String(), "continua no id 3") {
		t.Error("the board does not say that it came in the middle")
	}
}

// Two boards in one group on one partition: the second says why it stays empty.
func TestSecondBoardOfAGroupIsToldWhy(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1")
	boards := []*kafkatest.Run{
		kafkatest.StartRun(t, env(c), configure, run),
		kafkatest.StartRun(t, env(c), configure, run),
	}
	kafkatest.Eventually(t, "one of them says that it has no partition", func() bool {
		return strings.Contains(boards[0].Out.String()+boards[1].Out.String(), "outro membro do grupo group1 a tem")
	})
}

func TestUnreadableEventDoesNotStopTheMatch(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1")
	events := values(t, "m1", 1e9, a(1, 1, 0), a(2, 2, 0), end(a(3, 2, 0)))
	c.ProduceValues("scoreGame", events[0], `{"id": 2, "event": "penalty"}`, events[1], events[2])
	r := kafkatest.StartRun(t, env(c), configure, run)
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	if got, want := scoreLines(r.Out.Lines()), []string{"1 - 0", "2 - 0"}; !slices.Equal(got, want) {
		t.Errorf("scores %v, want %v", got, want)
	}
	if got := len(c.ReadAll("scoreGame.dlq")); got != 1 {
		t.Errorf("%d dead letters, want 1", got)
	}
}
