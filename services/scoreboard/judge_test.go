package scoreboard

import (
	"fmt"
	"testing"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
	"workshop.example/kit/verdict"
)

// judgement is the outcome of the events of TOPIC on BOARD_TOPIC.
type judgement struct {
	verdict.Verdict
	wrong int // records that are not the event's, or with another tally than its score
}

func (o judgement) String() string {
	return fmt.Sprintf("%d events, %d on BOARD_TOPIC: %d lost, %d duplicated, %d out of order, %d torn, %d wrong", o.Produced, o.Processed,
		len(o.Missing), len(o.Repeated), len(o.Nonmonotonic), len(o.Torn), o.wrong)
}

// measurement is the judgement as a campaign keeps it.
func (o judgement) measurement() reliability.Measurement {
	return reliability.Measurement{
		Guarantee: onceGuarantee, Ground: reliability.Embedded, Events: o.Produced,
		Lost:       len(o.Missing) + o.wrong, // in place of a wrong record the right one is missing
		Duplicated: len(o.Repeated), OutOfOrder: len(o.Nonmonotonic),
	}
}

// judge holds the records of BOARD_TOPIC against the events of TOPIC and the group's offsets.
func judge(t testing.TB, c *kafkatest.Cluster) judgement {
	t.Helper()
	run := verdict.Run{Log: []verdict.Record{}, Reads: []verdict.Read{}, Commits: map[int32]int64{}}
	want := map[event.Source]event.ScoreEvent{}
	for _, msg := range c.ReadAll("scoreGame") {
		e, err := event.DecodeScoreEvent(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		want[event.Source{Partition: msg.Partition, Offset: msg.Offset}] = e
		run.Log = append(run.Log, verdict.Record{
			Message:   verdict.Message{Stream: e.Match, Number: e.ID},
			Partition: msg.Partition,
			Offset:    msg.Offset,
		})
	}
	for p := range int32(soakPartitions) {
		run.Commits[p] = c.Committed("group1", "scoreGame", p)
	}
	var o judgement
	for _, msg := range c.ReadAll("scoreBoard") {
		r, err := event.DecodeBoardRecord(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		run.Reads = append(run.Reads, verdict.Read{
			Message: verdict.Message{Stream: r.Match, Number: r.ID},
			Session: fmt.Sprint("partition ", msg.Partition),
		})
		if e := want[r.Source]; r.ID != e.ID || r.Match != e.Match || r.Score != e.Score || r.Tally != e.Score ||
			r.Source.Partition != msg.Partition {
			if o.wrong++; o.wrong <= 5 {
				t.Logf("wrong at %d/%d: %+v of event %+v", msg.Partition, msg.Offset, r, e)
			}
		}
	}
	o.Verdict = verdict.Check(run)
	return o
}
