//go:build brokers

package acceptance

import (
	"fmt"
	"slices"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/verdict"
)

// scoresJudged is the outcome of the simulators' events.
type scoresJudged struct {
	sent   verdict.Verdict            // from the simulators to the topic
	boards map[string]verdict.Verdict // from the topic to each board's screen, by DELIVERY
	topic  verdict.Verdict            // from the topic to BOARD_TOPIC
	wrong  int                        // records of BOARD_TOPIC that are not the board after the event at their source
}

// promises are what each DELIVERY must not do; the screen of exactly-once is outside of its transactions.
var promises = map[string]struct{ all, once bool }{
	"auto": {all: true}, "at-most-once": {once: true}, "at-least-once": {all: true}, "exactly-once": {once: true},
}

// broken says which promises were not kept.
func (j scoresJudged) broken() []string {
	var broken []string
	if !j.sent.Clean() {
		broken = append(broken, "the simulators' events")
	}
	for _, delivery := range deliveries {
		v, promise := j.boards[delivery], promises[delivery]
		if promise.all && len(v.Missing) > 0 || promise.once && len(v.Repeated) > 0 || len(v.AbortedRead) > 0 {
			broken = append(broken, delivery)
		}
	}
	if !j.topic.Clean() || j.wrong > 0 {
		broken = append(broken, "the topic of exactly-once")
	}
	return broken
}

var deliveries = []string{"auto", "at-most-once", "at-least-once", "exactly-once"}

func (j scoresJudged) String() string {
	text := fmt.Sprintf("%d events in the log: lost %d, duplicated %d, out of order %d, spurious %d, torn %d; aborted or without an answer %d",
		j.sent.Produced, len(j.sent.Lost), len(j.sent.Duplicated), len(j.sent.OutOfOrder), len(j.sent.Spurious), len(j.sent.Torn),
		len(j.sent.UnknownAbsent)+len(j.sent.UnknownPresent))
	for _, delivery := range deliveries {
		v := j.boards[delivery]
		text += fmt.Sprintf("\n%-13s not shown %d, shown again %d, shown and no event %d", delivery+":", len(v.Missing), len(v.Repeated),
			len(v.AbortedRead))
	}
	return text + fmt.Sprintf("\non BOARD_TOPIC: missing %d, repeated %d, out of order %d, without their commit %d, wrong %d",
		len(j.topic.Missing), len(j.topic.Repeated), len(j.topic.Nonmonotonic), len(j.topic.Torn), j.wrong)
}

func judgeScores(e *evidence) (scoresJudged, error) {
	j := scoresJudged{boards: map[string]verdict.Verdict{}}
	var entries []history.Entry
	if err := e.histories(e.Simulators, func(h history.Entry) { entries = append(entries, h) }); err != nil {
		return j, err
	}
	log, at := []verdict.Record{}, map[int64]event.ScoreEvent{}
	err := e.read(e.Scores, func(msg *sarama.ConsumerMessage) error {
		s, err := event.DecodeScoreEvent(msg.Value)
		log = append(log, verdict.Record{Message: message(s), Partition: msg.Partition, Offset: msg.Offset})
		at[msg.Offset] = s
		return err
	})
	if err != nil {
		return j, err
	}
	j.sent = verdict.Check(verdict.Run{Writes: verdict.OfHistories(entries)[e.Scores].Writes, Log: log})
	var events []event.ScoreEvent
	for _, r := range log {
		events = append(events, at[r.Offset])
	}
	known := goalsOf(events)
	for _, delivery := range deliveries {
		if _, ran := e.Boards[delivery]; !ran { // one that ran and left no screen has lost everything
			continue
		}
		reads := []verdict.Read{}
		for _, name := range e.Boards[delivery] {
			screen := &boardScreen{known: known, session: name}
			if err := e.lines(name, func(line []byte) { screen.line(string(line)) }); err != nil {
				return j, err
			}
			reads = append(reads, screen.reads...)
		}
		j.boards[delivery] = verdict.Check(verdict.Run{Log: log, Reads: reads})
	}
	run := verdict.Run{Log: log, Reads: []verdict.Read{}, Commits: map[int32]int64{0: e.Committed}}
	err = e.read(e.Board, func(msg *sarama.ConsumerMessage) error {
		r, err := event.DecodeBoardRecord(msg.Value)
		run.Reads = append(run.Reads, verdict.Read{Message: verdict.Message{Stream: r.Match, Number: r.ID}, Session: "BOARD_TOPIC"})
		if s, ok := at[r.Source.Offset]; !ok || r.ID != s.ID || r.Match != s.Match || r.Tally != s.Score {
			j.wrong++
		}
		return err
	})
	j.topic = verdict.Check(run)
	return j, err
}

// totals of the boards, by what they promise.
func (j scoresJudged) counts(delivery string) (lost, twice int) {
	v := j.boards[delivery]
	if promises[delivery].all {
		lost = len(v.Missing)
	}
	if promises[delivery].once {
		twice = len(v.Repeated)
	}
	return lost + len(v.AbortedRead), twice
}

// observed reports whether a board that may lose or repeat has done so: the faults have struck it.
func (j scoresJudged) observed() []string {
	var seen []string
	for _, delivery := range deliveries {
		v := j.boards[delivery]
		if n := len(v.Missing); n > 0 {
			seen = append(seen, fmt.Sprintf("%s did not show %d", delivery, n))
		}
		if n := len(v.Repeated); n > 0 {
			seen = append(seen, fmt.Sprintf("%s showed %d again", delivery, n))
		}
	}
	return slices.Clip(seen)
}
