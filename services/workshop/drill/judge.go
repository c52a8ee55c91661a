package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/kit/wait"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// about is a line that a program prints about a message: one sent, a transaction, a goal, a score.
var about = regexp.MustCompile(`\{|\d - \d|offset \d`)

func aboutMessage(l rig.Line) bool { return about.MatchString(l.Text) }

func isTransaction(line string) bool { return len(line) > 0 && line[0] == '{' }

// end stops the producers, waits until everything that is in the topics has come out, and stops the rest.
func (s *Stage) end(ctx context.Context) error {
	s.producer.Stop()
	s.ended = time.Now()
	s.simulator.Stop()
	s.Say(says("read-to-the-end"))
	if err := s.bench.Redial(ctx); err != nil {
		return err
	}
	if err := s.drained(ctx); err != nil {
		return err
	}
	for _, p := range s.guests {
		p.Stop()
	}
	for name, k := range map[string]*kept{"consumer": s.consumer, "scoreboard": s.scoreboard} {
		restarts, err := k.stop()
		if err != nil {
			return err
		}
		s.restarts += restarts
		if restarts > 0 {
			s.notes = append(s.notes, says("new-starts", name, restarts))
		}
	}
	s.meter.catchUp()
	s.leave()
	s.looking.Wait()
	return nil
}

// drained waits until the groups have committed the ends of what they read. It may take any time, but
// not patience without any progress; then what is not read is missing, and the verdict says so.
func (s *Stage) drained(ctx context.Context) error {
	ends := map[string][]int64{}
	for topic, n := range map[string]int32{s.transactions: partitions, s.match: 1} {
		for p := range n {
			end, err := s.bench.Client.GetOffset(topic, p, sarama.OffsetNewest)
			if err != nil {
				return err
			}
			ends[topic] = append(ends[topic], end)
		}
	}
	progress, last := time.Now(), int64(-1)
	for time.Since(progress) < patience {
		left := s.behind(s.group, s.transactions, ends) + s.behind(s.boardGroup, s.match, ends)
		if left == 0 {
			return nil
		}
		if left != last {
			progress, last = time.Now(), left
		}
		if err := wait.Sleep(ctx, lookEvery); err != nil {
			return err
		}
	}
	return nil
}

// behind is how many offsets a group has still to commit; what cannot be asked counts as one.
func (s *Stage) behind(group, topic string, ends map[string][]int64) int64 {
	var n int64
	for p, end := range ends[topic] {
		committed, err := s.bench.Committed(group, topic, int32(p))
		if err != nil {
			n++
			continue
		}
		n += end - max(committed, 0)
	}
	return n
}

// writes are what a program has sent.
func (s *Stage) writes(program string) ([]verdict.Write, error) {
	sends, err := s.bench.Sends(program)
	writes := []verdict.Write{}
	for _, send := range sends {
		writes = append(writes, verdict.Write{Message: send.Message, Outcome: send.Outcome})
	}
	return writes, err
}

// judge counts, measures and gives the verdict.
func (s *Stage) judge(ctx context.Context, d Drill, began time.Time) (Result, error) {
	spec, _ := Drills.Find(d.Name)
	r := Result{
		Drill:    d,
		Words:    spec.Words,
		Seed:     s.Seed,
		Facts:    s.facts,
		Notes:    s.notes,
		Restarts: s.restarts,
		Resumed:  !s.stuck,
		Took:     s.ended.Sub(began),
	}
	var err error
	if r.Transactions, err = s.judgeTransactions(ctx); err != nil {
		return r, err
	}
	r.Acknowledged = s.meter.count()
	if r.Match, r.WrongTallies, err = s.judgeMatch(ctx); err != nil {
		return r, err
	}
	r.Faults = s.measured()
	return r, nil
}

// judgeTransactions compares what the producer was told, what the topic holds and what the consumers
// have printed.
func (s *Stage) judgeTransactions(ctx context.Context) (verdict.Verdict, error) {
	run := verdict.Run{Reads: []verdict.Read{}}
	var err error
	if run.Writes, err = s.writes("producer"); err != nil {
		return verdict.Verdict{}, err
	}
	if run.Log, err = s.bench.Transactions(ctx, s.transactions, partitions, kafka.ReadToEnd); err != nil {
		return verdict.Verdict{}, err
	}
	streams := map[int]string{} // a line does not name the message's key
	for _, w := range run.Writes {
		streams[w.Number] = w.Stream
	}
	for i, p := range s.readers() {
		for _, line := range p.Lines() {
			var tx event.Transaction
			if isTransaction(line.Text) && json.Unmarshal([]byte(line.Text), &tx) == nil {
				number := int(tx.IDSequencia)
				run.Reads = append(run.Reads, verdict.Read{
					Message: verdict.Message{Stream: streams[number], Number: number},
					Session: fmt.Sprintf("consumer-%d", i),
				})
			}
		}
	}
	return verdict.Check(run), nil
}

// judgeMatch compares the simulator's goals with the topic, and that with what the scoreboard has
// written in its transactions. Wrong are records whose tally is not the score of their goal.
func (s *Stage) judgeMatch(ctx context.Context) (v verdict.Verdict, wrong int, err error) {
	run := verdict.Run{Log: []verdict.Record{}, Reads: []verdict.Read{}}
	if run.Writes, err = s.writes("score-simulator"); err != nil {
		return v, 0, err
	}
	read := func(topic string, take func(*sarama.ConsumerMessage) error) error {
		_, err := kafka.ReadToEnd(ctx, s.bench.Client, topic, 0, sarama.OffsetOldest, sarama.ReadCommitted, take)
		return err
	}
	scores := map[verdict.Message]event.Score{}
	err = read(s.match, func(msg *sarama.ConsumerMessage) error {
		e, err := event.DecodeScoreEvent(msg.Value)
		message := verdict.Message{Stream: e.Match, Number: e.ID}
		run.Log = append(run.Log, verdict.Record{Message: message, Offset: msg.Offset})
		scores[message] = e.Score
		return err
	})
	if err != nil {
		return v, 0, err
	}
	err = read(s.board, func(msg *sarama.ConsumerMessage) error {
		record, err := event.DecodeBoardRecord(msg.Value)
		message := verdict.Message{Stream: record.Match, Number: record.ID}
		run.Reads = append(run.Reads, verdict.Read{Message: message, Session: "scoreBoard"})
		if record.Tally != scores[message] {
			wrong++
		}
		return err
	})
	if err != nil {
		return v, 0, err
	}
	committed, err := s.bench.Committed(s.boardGroup, s.match, 0)
	run.Commits = map[int32]int64{0: max(committed, 0)}
	return verdict.Check(run), wrong, err
}

func (s *Stage) fact(held bool, text service.Text) {
	s.facts = append(s.facts, report.Fact{Text: text, Held: held})
}

// measured gives each fault the silence that it caused: up to the next one that is not part of it.
func (s *Stage) measured() []Fault {
	var faults []Fault
	for i, f := range s.faults {
		until := s.ended
		if next := slices.IndexFunc(s.faults[i+1:], func(next *Fault) bool { return f.Within || !next.Within }); next >= 0 {
			until = s.faults[i+1+next].At
		}
		f.Silence = s.meter.silence(partitions, f.At, until)
		f.Acknowledged = s.meter.between(f.Seen, until)
		faults = append(faults, *f)
	}
	return faults
}

// spread is the median and the greatest of some times.
func spread(times []time.Duration) service.Text {
	if len(times) == 0 {
		return service.Text{PT: "-", EN: "-"}
	}
	sorted := slices.Sorted(slices.Values(times))
	median, longest := sorted[len(sorted)/2], sorted[len(sorted)-1]
	if len(sorted)%2 == 0 {
		median = (median + sorted[len(sorted)/2-1]) / 2
	}
	return says("spread", median.Seconds(), longest.Seconds())
}
