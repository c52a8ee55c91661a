package scoreboard

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/event"
)

// play gives a board events written as "ID TEAM SCORE", with F behind a finished one.
func play(b *board, match string, begun float64, events ...event.ScoreEvent) []string {
	var lines []string
	for _, e := range events {
		e.Match, e.Timestamp = match, begun+float64(e.ID)
		lines = append(lines, b.take(e)...)
	}
	return lines
}

func a(id, scoreA, scoreB int) event.ScoreEvent {
	return event.ScoreEvent{ID: id, Event: event.Goal, Team: event.TeamA, Score: event.Score{TeamA: scoreA, TeamB: scoreB}}
}

func b(id, scoreA, scoreB int) event.ScoreEvent {
	e := a(id, scoreA, scoreB)
	e.Team = event.TeamB
	return e
}

func end(e event.ScoreEvent) event.ScoreEvent {
	e.Event = event.Finished
	return e
}

func TestBoard(t *testing.T) {
	const header = "TeamA      TeamB"
	for _, c := range []struct {
		name   string
		match  string
		events []event.ScoreEvent
		want   []string
	}{
		{"LabScore's form", "", []event.ScoreEvent{b(1, 0, 1), a(2, 1, 1), end(a(3, 1, 1))}, []string{
			header, "           0 - 1", "1 - 1", "Partida finalizada!",
			"contagem própria: 1 a 1, igual ao placar anunciado", "ids perdidos: nenhum · ids repetidos: nenhum"}},
		{"with a match", "m1", []event.ScoreEvent{a(1, 1, 0)}, []string{"partida m1", header, "1 - 0"}},
		{"with a match that clears the screen and forges a line", "m1\x1b[2J\n9 - 0", []event.ScoreEvent{a(1, 1, 0)}, []string{
			`partida m1\x1b[2J\n9 - 0`, header, "1 - 0"}},
		{"an id is missed, and its goal in the tally", "m1", []event.ScoreEvent{a(1, 1, 0), a(3, 3, 0), end(a(4, 3, 0))}, []string{
			"partida m1", header, "1 - 0", "! id perdido: 2", "3 - 0", "Partida finalizada!",
			"contagem própria: 2 a 0, DIFERENTE do placar anunciado de 3 a 0", "ids perdidos: 2 · ids repetidos: nenhum"}},
		{"several are missed", "m1", []event.ScoreEvent{a(1, 1, 0), b(5, 3, 2)}, []string{
			"partida m1", header, "1 - 0", "! id perdido: 2-4", "           3 - 2"}},
		{"an id comes twice, and counts once", "m1", []event.ScoreEvent{a(1, 1, 0), a(2, 2, 0), a(2, 2, 0), end(a(3, 2, 0))}, []string{
			"partida m1", header, "1 - 0", "2 - 0", "! id repetido: 2", "2 - 0", "Partida finalizada!",
			"contagem própria: 2 a 0, igual ao placar anunciado", "ids perdidos: nenhum · ids repetidos: 2"}},
		{"the first id comes twice without a match", "", []event.ScoreEvent{a(1, 1, 0), a(1, 1, 0)}, []string{
			header, "1 - 0", "! id repetido: 1", "1 - 0"}},
		{"the end comes twice", "m1", []event.ScoreEvent{a(1, 1, 0), end(a(2, 1, 0)), end(a(2, 1, 0))}, []string{
			"partida m1", header, "1 - 0", "Partida finalizada!", "contagem própria: 1 a 0, igual ao placar anunciado",
			"ids perdidos: nenhum · ids repetidos: nenhum",
			"! id repetido: 2", "Partida finalizada!", "contagem própria: 1 a 0, igual ao placar anunciado",
			"ids perdidos: nenhum · ids repetidos: 2"}},
		{"out of order is late, not lost", "m1", []event.ScoreEvent{a(1, 1, 0), a(3, 2, 1), b(2, 1, 1), end(a(4, 2, 1))}, []string{
			"partida m1", header, "1 - 0", "! id perdido: 2", "2 - 1", "! id atrasado: 2 chegou fora de ordem", "           1 - 1",
			"Partida finalizada!",
			"contagem própria: 2 a 1, igual ao placar anunciado", "ids perdidos: nenhum · ids repetidos: nenhum"}},
		{"a board that comes later", "m1", []event.ScoreEvent{b(20, 11, 9), end(b(21, 11, 9))}, []string{
			"partida m1", "(a partida já estava em andamento: o placar continua no id 20)", header, "           11 - 9", "Partida finalizada!",
			"contagem própria: 11 a 9, igual ao placar anunciado", "ids perdidos: nenhum · ids repetidos: nenhum (contados desde o id 20)"}},
	} {
		if got := play(newBoard(portuguese), c.match, 1e9, c.events...); !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestBoardTellsMatchesApart(t *testing.T) {
	for _, c := range []struct {
		name, first, second string
		want                []string
	}{
		{"by their ids", "m1", "m2", []string{
			"partida m1", "TeamA      TeamB", "1 - 0", "(a partida anterior ficou sem fim: nenhum evento finished chegou)", "partida m2",
			"TeamA      TeamB", "1 - 0"}},
		{"by id 1 where they have none", "", "", []string{
			"TeamA      TeamB", "1 - 0", "(a partida anterior ficou sem fim: nenhum evento finished chegou)", "TeamA      TeamB", "1 - 0"}},
	} {
		board := newBoard(portuguese)
		got := append(play(board, c.first, 1e9, a(1, 1, 0)), play(board, c.second, 2e9, a(1, 1, 0))...)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// A board that was there before the match has missed its first events, and says so.
func TestBoardMissesTheBeginning(t *testing.T) {
	for _, c := range []struct {
		name, first, second string
		want                []string
	}{
		{"with a match", "m1", "m2", []string{"partida m2", "TeamA      TeamB", "! id perdido: 1-2", "3 - 0"}},
		{"without", "", "", []string{"TeamA      TeamB", "! id perdido: 1-2", "3 - 0"}},
	} {
		board := newBoard(portuguese)
		play(board, c.first, 1e9, a(1, 1, 0), end(a(2, 1, 0)))
		if got := play(board, c.second, 2e9, a(3, 3, 0)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// An end that comes twice is one end: MATCHES counts matches.
func TestBoardCountsEnds(t *testing.T) {
	board := newBoard(portuguese)
	play(board, "m1", 1e9, a(1, 1, 0), end(a(2, 1, 0)), end(a(2, 1, 0)))
	if board.ended != 1 {
		t.Errorf("%d matches ended, want 1", board.ended)
	}
}

// Two simulators at once: each match keeps its own account.
func TestBoardFollowsTwoMatches(t *testing.T) {
	board := newBoard(portuguese)
	play(board, "m1", 1e9, a(1, 1, 0))
	play(board, "m2", 1e9, b(1, 0, 1))
	play(board, "m1", 1e9, a(2, 2, 0))
	got := play(board, "m2", 1e9, b(2, 0, 2), end(b(3, 0, 2)))
	want := []string{"partida m2", "TeamA      TeamB", "           0 - 2", "Partida finalizada!",
		"contagem própria: 0 a 2, igual ao placar anunciado", "ids perdidos: nenhum · ids repetidos: nenhum"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestBoardForgetsOldMatches(t *testing.T) {
	board := newBoard(portuguese)
	for i := range 3 * remembered {
		play(board, string(rune('a'+i)), 1e9, a(1, 1, 0))
	}
	if got := len(board.matches); got != remembered {
		t.Errorf("%d matches kept, want %d", got, remembered)
	}
}

// A match that goes on is not forgotten for others that have ended, however many: a board that has just
// been restored from a long topic meets it last.
func TestMatchThatGoesOnIsRemembered(t *testing.T) {
	b := newBoard(portuguese)
	play(b, "long", 1e9, a(1, 1, 0))
	for n := range 3 * remembered {
		play(b, fmt.Sprint("short", n), 1e9, a(1, 1, 0), end(a(2, 1, 0)))
	}
	play(b, "long", 1e9, a(2, 2, 0))
	if got := b.latest("long").tally; got != (event.Score{TeamA: 2}) {
		t.Errorf("tally %+v, want 2 to 0", got)
	}
	if len(b.matches) > remembered {
		t.Errorf("%d matches are kept", len(b.matches))
	}
}
