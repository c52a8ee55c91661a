package scoreboard

import (
	"fmt"
	"slices"

	"workshop.example/kit/event"
	"workshop.example/kit/service"
)

// board turns events into the lines on the screen. It does no input or output, so that every case
// is a line in a table of its test.
//
// An event carries the absolute score: one that is lost or repeated is healed by the next, and
// nobody sees it. So the board keeps a second account beside the announced score, a tally of the
// goals that it saw itself, and names the ids that are missing or came twice.
type board struct {
	words   words
	matches []*match // the latest last; at most remembered
	shown   *match   // whose header is the last on the screen
	ended   uint64   // matches that were shown to their end

	missed, repeated int // ids, since the last settle
}

// remembered is how many matches are kept to tell a repeated event from a new one.
const remembered = 100

// match is what the board knows of one match.
type match struct {
	id        string
	lastID    int
	tally     event.Score
	announced event.Score
	begun     float64 // timestamp of the event with id 1, 0 where the board came later
	latest    float64 // timestamp of the last event in order
	since     int     // the first id that missed and repeated count: those before it were another board's
	seen      bool    // an event of it came to this board
	missed    []int
	repeated  []int
	finished  bool
}

func newBoard(words words) *board { return &board{words: words} }

// take returns the lines for an event. Lines with a score hold nothing else, as in LabScore;
// whatever the board has to say besides is on lines of another form.
func (b *board) take(e event.ScoreEvent) []string {
	m, lines := b.find(e)
	m.seen = true
	if b.shown != m {
		lines = append(lines, b.header(m, e)...)
		b.shown = m
	}
	switch {
	case e.ID <= m.lastID:
		if i := slices.Index(m.missed, e.ID); i >= 0 { // late, not lost: on a topic with several partitions
			m.missed = slices.Delete(m.missed, i, i+1)
			m.count(e)
			lines = append(lines, fmt.Sprintf(b.words.late, e.ID))
			break
		}
		m.repeated = append(m.repeated, e.ID)
		b.repeated++
		lines = append(lines, fmt.Sprintf(b.words.repeated, e.ID))
	case e.ID > m.lastID+1:
		lines = append(lines, fmt.Sprintf(b.words.missed, ids(m.lastID+1, e.ID-1)))
		b.missed += e.ID - 1 - m.lastID
		for id := m.lastID + 1; id < e.ID && len(m.missed) < remembered; id++ {
			m.missed = append(m.missed, id)
		}
		fallthrough
	default:
		m.lastID, m.announced, m.latest = e.ID, e.Score, e.Timestamp
		m.count(e)
	}
	if e.Event == event.Finished {
		if !m.finished {
			m.finished = true
			b.ended++
		}
		return append(append(lines, b.words.finished), b.account(m)...)
	}
	return append(lines, scoreLine(e))
}

// settle returns how many ids were missed and repeated since the last call.
func (b *board) settle() (missed, repeated int) {
	missed, repeated = b.missed, b.repeated
	b.missed, b.repeated = 0, 0
	return missed, repeated
}

// count adds a goal to the tally.
func (m *match) count(e event.ScoreEvent) {
	switch {
	case e.Event != event.Goal:
	case e.Team == event.TeamA:
		m.tally.TeamA++
	default:
		m.tally.TeamB++
	}
}

// find returns the event's match, a new one where it is unknown. Events of the original program have
// no match: there id 1 starts one, unless it is the very event that started the last, and so does
// whatever is younger than the end of the last.
func (b *board) find(e event.ScoreEvent) (*match, []string) {
	if m := b.latest(e.Match); m != nil && !b.succeeds(e, m) {
		return m, nil
	}
	m := &match{id: e.Match}
	var lines []string
	if b.shown != nil && !b.shown.finished {
		lines = append(lines, b.words.abandoned)
	}
	switch {
	case e.ID == 1:
		m.begun = e.Timestamp
	case len(b.matches) == 0:
		// The events before this one were another board's, or this one's before it was restarted: they
		// are not missing, and their goals are taken over from the announced score.
		m.lastID, m.since = e.ID-1, e.ID
		m.tally = before(e)
	}
	b.keep(m)
	return m, lines
}

// succeeds reports whether an event without a match belongs to one after m.
func (b *board) succeeds(e event.ScoreEvent, m *match) bool {
	return e.Match == "" && (e.ID == 1 && m.begun != e.Timestamp || m.finished && e.Timestamp > m.latest)
}

// latest is the last match with an id, or nil.
func (b *board) latest(id string) *match {
	for _, m := range slices.Backward(b.matches) {
		if m.id == id {
			return m
		}
	}
	return nil
}

// keep remembers a match. What is forgotten for it is one that has ended, where there is any: the tally
// of one that goes on would begin at nothing.
func (b *board) keep(m *match) {
	if len(b.matches) >= remembered {
		i := max(0, slices.IndexFunc(b.matches, func(old *match) bool { return old.finished }))
		b.matches = slices.Delete(b.matches, i, i+1)
	}
	b.matches = append(b.matches, m)
}

// before is the score before a goal.
func before(e event.ScoreEvent) event.Score {
	s := e.Score
	switch {
	case e.Event != event.Goal:
	case e.Team == event.TeamA:
		s.TeamA--
	default:
		s.TeamB--
	}
	return s
}

func (b *board) header(m *match, e event.ScoreEvent) []string {
	var lines []string
	if m.id != "" {
		lines = append(lines, fmt.Sprintf(b.words.match, service.Safe(m.id))) // a name of others', which must not forge lines
	}
	if m.begun == 0 && m.announced == (event.Score{}) && m.lastID > 0 {
		lines = append(lines, fmt.Sprintf(b.words.resumed, e.ID))
	}
	return append(lines, "TeamA      TeamB")
}

// account is what the board itself counted, and whether that agrees with what was announced.
func (b *board) account(m *match) []string {
	verdict := b.words.agrees
	if m.tally != m.announced {
		verdict = fmt.Sprintf(b.words.differs, m.announced.TeamA, m.announced.TeamB)
	}
	ledger := fmt.Sprintf(b.words.ledger, b.list(m.missed), b.list(m.repeated))
	if m.since > 1 {
		ledger += fmt.Sprintf(b.words.since, m.since)
	}
	return []string{fmt.Sprintf(b.words.tally, m.tally.TeamA, m.tally.TeamB, verdict), ledger}
}

func (b *board) list(numbers []int) string {
	if len(numbers) == 0 {
		return b.words.none
	}
	text := ""
	for i, n := range numbers {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(n)
	}
	return text
}

// ids writes a range of ids: 5, or 5-7.
func ids(first, last int) string {
	if first == last {
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

// scoreLine stands under the team that scored: left for TeamA, right for TeamB.
func scoreLine(e event.ScoreEvent) string {
	indent := ""
	if e.Team == event.TeamB {
		indent = "           "
	}
	return fmt.Sprintf("%s%d - %d", indent, e.Score.TeamA, e.Score.TeamB)
}
