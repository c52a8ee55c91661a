package scoreboard

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// resume brings the board up to what is committed on BOARD_TOPIC. At the start that is all that a
// crash has left of it. Later there may be more than this board knows: a commit whose answer was
// lost, or the work of another member.
func (r *reader) resume(ctx context.Context, partition int32) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.once
	from, again := o.next[partition]
	if !again {
		from, o.taken[partition] = sarama.OffsetOldest, -1
	}
	var last *event.BoardRecord
	ended := r.board.ended
	if err := o.knows(partition); err != nil {
		return err
	}
	next, err := kafka.ReadToEnd(ctx, o.client, o.topic, partition, from, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		record, err := event.DecodeBoardRecord(msg.Value)
		if err != nil {
			r.process.Log.Warn("not a board: passed", "topic", msg.Topic, "partition", msg.Partition, "offset", msg.Offset, "error", err)
			return nil
		}
		if record.Source.Offset > o.taken[partition] || !again {
			r.board.restore(record)
			o.taken[partition] = record.Source.Offset
			last = &record
			if again {
				r.process.Out.Print(fmt.Sprintf(r.board.words.unseen, record.ID, o.topic))
				r.read.Add(1)
			}
		}
		return nil
	})
	if errors.Is(err, sarama.ErrOffsetOutOfRange) { // the topic was made anew: begin with it again
		delete(o.next, partition)
	}
	if err != nil {
		return err
	}
	o.next[partition] = next
	if !again {
		r.board.ended = ended // matches that ended before this program began are not its
	}
	if last != nil && !again && last.Event != event.Finished {
		r.process.Out.Print(fmt.Sprintf(r.board.words.restored, service.Safe(last.Match), last.ID, last.Tally.TeamA, last.Tally.TeamB, o.topic))
	}
	return nil
}

// knows reports, as an error, a partition that was added to TOPIC and not to BOARD_TOPIC. The group joins
// again until somebody has added it there too.
func (o *onceOnly) knows(partition int32) error {
	if err := o.client.RefreshMetadata(o.topic); err != nil {
		return fmt.Errorf("partitions of %s: %w", o.topic, err)
	}
	boards, err := o.client.Partitions(o.topic)
	if err != nil {
		return fmt.Errorf("partitions of %s: %w", o.topic, err)
	}
	if int(partition) >= len(boards) {
		return fmt.Errorf("BOARD_TOPIC %s has %d partitions, and TOPIC has more: each needs its own; "+
			"add them with: workshop topics alter %s --partitions", o.topic, len(boards), o.topic)
	}
	return nil
}

// restore puts a match where a record says it was.
func (b *board) restore(record event.BoardRecord) {
	m := b.latest(record.Match)
	if m == nil || record.Match == "" && record.ID == 1 { // id 1 starts a match where they have no names
		m = &match{id: record.Match}
		b.keep(m)
	}
	if !m.seen { // whoever wrote the record has counted so far
		m.since = record.ID + 1
	}
	m.tally = record.Tally
	if record.Event == event.Finished && !m.finished {
		m.finished = true
		b.ended++
	}
	if record.ID >= m.lastID {
		m.lastID, m.announced = record.ID, record.Score
	}
}

// record is the board after e, which it has taken in.
func (b *board) record(e event.ScoreEvent, partition int32, offset int64) event.BoardRecord {
	return event.BoardRecord{
		ID: e.ID, Match: e.Match, Event: e.Event, Score: e.Score, Tally: b.latest(e.Match).tally,
		Source: event.Source{Partition: partition, Offset: offset},
	}
}

// clone is a board of its own that shares nothing that take changes.
func (b *board) clone() *board {
	c := &board{words: b.words, shown: b.shown, ended: b.ended, missed: b.missed, repeated: b.repeated}
	for _, m := range b.matches {
		own := *m
		own.missed, own.repeated = slices.Clone(m.missed), slices.Clone(m.repeated)
		c.matches = append(c.matches, &own)
		if b.shown == m {
			c.shown = &own
		}
	}
	return c
}
