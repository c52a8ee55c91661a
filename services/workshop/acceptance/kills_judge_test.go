//go:build brokers

package acceptance

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
	"workshop.example/kit/verdict"
)

// judge compares what the board has shown, and with exactly-once what it has sent, with its guarantee,
// and with what the blows must have done to it. It returns how well the guarantee was kept.
func (b *killedBoard) judge(events []event.ScoreEvent) reliability.Measurement {
	b.t.Helper()
	v := verdict.Check(verdict.Run{Log: logOf(events), Reads: b.reads(events)})
	b.t.Logf("%-13s %d kills, %d of them blows: %d events not on the screen, %d times one was shown again",
		b.delivery+":", b.kills, len(b.struck), len(v.Missing), len(v.Repeated))
	if b.kills != boardKills || b.delivery != "auto" && len(b.struck) != boardBlows {
		b.t.Errorf("%s: %d kills, %d of them blows, want %d and %d", b.delivery, b.kills, len(b.struck), boardKills, boardBlows)
	}
	if len(v.AbortedRead) > 0 {
		b.t.Errorf("%s has shown what is no event: %v", b.delivery, v.AbortedRead)
	}
	if b.delivery == "auto" && len(v.Repeated) == 0 { // it commits every five seconds, and is killed more often
		b.t.Errorf("auto: nothing was shown again: the kills did not strike")
	}
	if (b.delivery == "auto" || b.delivery == "at-least-once") && len(v.Missing) > 0 {
		b.t.Errorf("%s: these events were lost: %v", b.delivery, v.Missing)
	}
	// The screen of exactly-once is outside of its transactions: a line may be missing.
	if (b.delivery == "at-most-once" || b.delivery == "exactly-once") && len(v.Repeated) > 0 {
		b.t.Errorf("%s: these events were shown again: %v", b.delivery, v.Repeated)
	}
	hit := map[string][]verdict.Message{"at-most-once": v.Missing, "at-least-once": v.Repeated}
	m := reliability.Measurement{Guarantee: b.delivery + ": every event is shown", Lost: len(v.Missing)}
	switch b.delivery {
	case "at-most-once":
		m = reliability.Measurement{Guarantee: "at-most-once: no event is shown twice", Duplicated: len(v.Repeated)}
	case "exactly-once":
		var kept verdict.Verdict
		hit[b.delivery], kept = b.judgeTopic(events)
		m = reliability.Measurement{
			Guarantee: "exactly-once: every event is on BOARD_TOPIC once", Lost: len(kept.Missing), Duplicated: len(kept.Repeated),
			OutOfOrder: len(kept.Nonmonotonic),
		}
	}
	for _, at := range b.struck {
		if m := message(events[at]); !slices.Contains(hit[b.delivery], m) {
			b.t.Errorf("%s: the blow at event %s did not strike: the kill proves nothing", b.delivery, m)
		}
	}
	return m
}

// goal is an event as a screen shows it; the end of a match has no score there.
type goal struct {
	match string
	score event.Score
	ended bool
}

func goalOf(e event.ScoreEvent) goal {
	if e.Event == event.Finished {
		return goal{match: e.Match, ended: true}
	}
	return goal{match: e.Match, score: e.Score}
}

var (
	matchLine = regexp.MustCompile(`^partida (\S+)$`)
	scoreLine = regexp.MustCompile(`^ *(\d+) - (\d+)$`)
)

// reads are the events that the board's lives have shown, each life a session.
func (b *killedBoard) reads(events []event.ScoreEvent) []verdict.Read {
	known := goalsOf(events)
	reads := []verdict.Read{}
	for n, life := range append(b.past, b.now) {
		screen := &boardScreen{known: known, session: strconv.Itoa(n)}
		for _, line := range life.Lines() {
			screen.line(line)
		}
		reads = append(reads, screen.reads...)
	}
	return reads
}

func goalsOf(events []event.ScoreEvent) map[goal]verdict.Message {
	known := map[goal]verdict.Message{}
	for _, e := range events {
		known[goalOf(e)] = message(e)
	}
	return known
}

// boardScreen finds the events in the lines of a board's life.
type boardScreen struct {
	known   map[goal]verdict.Message
	session string
	match   string // whose header is the last
	reads   []verdict.Read
}

func (s *boardScreen) line(line string) {
	if m := matchLine.FindStringSubmatch(line); m != nil {
		s.match = m[1]
	} else if m := scoreLine.FindStringSubmatch(line); m != nil {
		teamA, _ := strconv.Atoi(m[1])
		teamB, _ := strconv.Atoi(m[2])
		s.show(goal{match: s.match, score: event.Score{TeamA: teamA, TeamB: teamB}})
	} else if strings.HasPrefix(line, "Partida finalizada!") {
		s.show(goal{match: s.match, ended: true})
	}
}

func (s *boardScreen) show(g goal) {
	m, ok := s.known[g]
	if !ok {
		m = verdict.Message{Stream: fmt.Sprintf("no event: %+v", g)}
	}
	s.reads = append(s.reads, verdict.Read{Message: m, Session: s.session})
}

func message(e event.ScoreEvent) verdict.Message {
	return verdict.Message{Stream: e.Match, Number: e.ID}
}

// logOf is a topic's one partition, in which each event's offset is its index.
func logOf(events []event.ScoreEvent) []verdict.Record {
	log := []verdict.Record{}
	for i, e := range events {
		log = append(log, verdict.Record{Message: message(e), Offset: int64(i)})
	}
	return log
}

// judgeTopic wants every event on BOARD_TOPIC once, in order, its offset committed, and with a tally that
// is its score. It returns the events of which a first try is there, aborted, and the verdict.
func (b *killedBoard) judgeTopic(events []event.ScoreEvent) (aborted []verdict.Message, v verdict.Verdict) {
	b.t.Helper()
	run := verdict.Run{Log: logOf(events), Reads: []verdict.Read{}, Commits: map[int32]int64{0: b.committed}}
	wrong := 0
	committed := map[int64]bool{} // offsets on BOARD_TOPIC
	for _, msg := range b.records(sarama.ReadCommitted) {
		committed[msg.Offset] = true
		r := decodeBoard(b.t, msg)
		run.Reads = append(run.Reads, verdict.Read{Message: verdict.Message{Stream: r.Match, Number: r.ID}, Session: "0"})
		if at := r.Source.Offset; at >= int64(len(events)) || r.ID != events[at].ID || r.Match != events[at].Match ||
			r.Tally != events[at].Score {
			wrong++
		}
	}
	for _, msg := range b.records(sarama.ReadUncommitted) {
		if !committed[msg.Offset] {
			r := decodeBoard(b.t, msg)
			aborted = append(aborted, verdict.Message{Stream: r.Match, Number: r.ID})
		}
	}
	v = verdict.Check(run)
	b.t.Logf("%s: %d events, %d missing, %d repeated, %d out of order, %d without their commit, %d wrong; %d transactions were aborted",
		b.topic, v.Produced, len(v.Missing), len(v.Repeated), len(v.Nonmonotonic), len(v.Torn), wrong, len(aborted))
	if !v.Clean() || wrong > 0 || v.Processed != len(events) {
		b.t.Errorf("exactly-once was not kept on BOARD_TOPIC: %+v", v)
	}
	return aborted, v
}

func (b *killedBoard) records(isolation sarama.IsolationLevel) []*sarama.ConsumerMessage {
	b.t.Helper()
	msgs, err := kafkatest.ReadAllAs(stack, b.topic, isolation)
	if err != nil {
		b.t.Fatal(err)
	}
	return msgs
}

func decodeBoard(t testing.TB, msg *sarama.ConsumerMessage) event.BoardRecord {
	t.Helper()
	r, err := event.DecodeBoardRecord(msg.Value)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
