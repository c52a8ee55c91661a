package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/event"
	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var orderText = Labs.Texts("order")

var order = add(Lab{
	Name:     "order",
	Pace:     100 * time.Millisecond,
	ByHand:   experiment.ByHand{Topics: []string{"scoreGame", "scoreGame-3"}, Groups: []string{"group1", "tarde"}},
	run:      runOrder,
	Controls: []Control{keyless},
})

// way is how a match is sent.
type way struct {
	name       string
	partitions int32
	key        string // MESSAGE_KEY
	title      service.Text
	jumps      bool // the score is predicted to jump back
}

var ways = []way{
	{"scattered", threePartitions, "none", orderText("title-no-key"), true},
	{"single", 1, "none", orderText("title-one-partition"), false},
	{"keyed", threePartitions, "match", orderText("title-key"), false},
}

func runOrder(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	parts := make([]report.Part, len(ways))
	playing, inTime := errgroup.WithContext(ctx)
	for i, w := range ways {
		playing.Go(func() (err error) {
			parts[i], err = playThenShow(inTime, b, w)
			return err
		})
	}
	return parts, playing.Wait()
}

// playThenShow plays a match to its end, and only then starts a board: whatever is on several partitions
// is there for it all at once, so that only by a miracle it would take everything in order.
func playThenShow(ctx context.Context, b *rig.Bench, w way) (report.Part, error) {
	start := b.Quietly // one match is enough for a screen
	if w.jumps {
		start = b.Start
	}
	m, err := match.NewOn(ctx, b, "-"+w.name, w.partitions)
	if err != nil {
		return report.Part{}, err
	}
	simulator, err := start("simulator-"+w.name, "score-simulator", "TOPIC="+m.Topic, "PACE="+b.Pace.String(), fmt.Sprint("SEED=", b.Seed),
		"MATCHES=1", "MESSAGE_KEY="+w.key)
	if err != nil {
		return report.Part{}, err
	}
	if code, err := simulator.Wait(ctx); err != nil || code != 0 {
		return report.Part{}, unexpected(err, "%s ended with exit code %d", simulator.Name, code)
	}
	goals, err := scattered(ctx, m, w.partitions)
	if err != nil {
		return report.Part{}, err
	}
	board := m.Board("board-"+w.name, "DELIVERY=auto", "MATCHES=0") // nor does it end with a finish that comes too early
	p, err := start(board.Name, "scoreboard", board.Vars...)
	if err != nil {
		return report.Part{}, err
	}
	board.Lives = append(board.Lives, p)
	err = rig.Await(ctx, board.Name+" has shown the match", func() bool {
		shown := len(board.Scores())
		return shown >= len(goals) || shown > 0 && time.Since(last(p.Lines()).At) > overlooked
	})
	if err != nil {
		return report.Part{}, err
	}
	p.Stop()
	return judgeOrder(w, goals, board.Scores())
}

// scattered are the goals of a match on several partitions, in the order of their ids.
func scattered(ctx context.Context, m *match.Match, partitions int32) ([]match.Goal, error) {
	var goals []match.Goal
	for partition := range partitions {
		_, err := kafka.ReadToEnd(ctx, m.Bench.Client, m.Topic, partition, sarama.OffsetOldest, sarama.ReadCommitted,
			func(msg *sarama.ConsumerMessage) error {
				e, err := event.DecodeScoreEvent(msg.Value)
				if err == nil && e.Event == event.Goal {
					record := verdict.Record{Message: verdict.Message{Stream: e.Match, Number: e.ID}, Partition: partition, Offset: msg.Offset}
					goals = append(goals, match.Goal{Record: record, Score: match.Score{TeamA: e.Score.TeamA, TeamB: e.Score.TeamB}})
				}
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(goals, func(a, b match.Goal) int { return a.Number - b.Number })
	return goals, nil
}

// judgeOrder compares the board with the match twice: with the order of the goals, which is what people
// look at, and with that of each partition, which is what Kafka promises.
func judgeOrder(w way, goals []match.Goal, scores []match.Score) (report.Part, error) {
	people := verdict.Run{Reads: []verdict.Read{}} // no log: one order for all
	kafkas := verdict.Run{Log: []verdict.Record{}, Reads: []verdict.Read{}}
	byScore := map[match.Score]match.Goal{}
	spread := make([]int, w.partitions)
	for _, g := range goals {
		people.Writes = append(people.Writes, verdict.Write{Message: g.Message, Outcome: verdict.Acknowledged})
		kafkas.Log = append(kafkas.Log, g.Record)
		byScore[g.Score] = g
		spread[g.Partition]++
	}
	part := report.Part{Title: w.title}
	var seen []match.Score
	for _, s := range scores {
		g, ok := byScore[match.Score{TeamA: s.TeamA, TeamB: s.TeamB}]
		if !ok {
			part.Strange = append(part.Strange, s.String())
			continue
		}
		seen = append(seen, s)
		people.Reads = append(people.Reads, verdict.Read{Message: g.Message, Session: s.Session})
	}
	kafkas.Reads = people.Reads
	part.Counted = verdict.Check(people)
	part.Table = append([]service.Text{orderText("screen")}, sequence(seen)...)
	part.Facts = []report.Fact{{Text: orderText("spread", amounts(spread)), Held: len(verdict.Check(kafkas).Nonmonotonic) == 0}}
	if !w.jumps {
		used := len(spread) - report.Occurrences(spread, 0)
		part.Facts = append(part.Facts, report.Fact{Text: orderText("single-partition"), Held: used == 1})
		return part, nil
	}
	return part, jumpedBack(&part, seen, last(goals).Score)
}

// jumpedBack notes how often the score has jumped back, and how far.
func jumpedBack(part *report.Part, seen []match.Score, result match.Score) error {
	back := stepsBack(seen)
	if len(back) == 0 {
		return &rig.NotRun{Cause: "the score did not jump back: the board has met the goals in order by chance, run it again"}
	}
	// Which they are nobody can say beforehand; that there are some, and nothing else is wrong, is the prediction.
	for _, i := range back {
		part.Want.OutOfOrder = append(part.Want.OutOfOrder, seen[i].ID())
	}
	slices.Sort(part.Want.OutOfOrder)
	far := slices.MaxFunc(back, func(i, j int) int { return (seen[i-1].ID() - seen[i].ID()) - (seen[j-1].ID() - seen[j].ID()) })
	times := orderText("times", len(back))
	if len(back) == 1 {
		times = orderText("once")
	}
	part.Facts = append(part.Facts, report.Fact{Text: orderText("jumped-back", times, seen[far-1], seen[far]), Held: true})
	part.Notes = []service.Text{orderText("last-line", last(seen), result)}
	return nil
}

// stepsBack are the places of scores that are older than the one before.
func stepsBack(seen []match.Score) []int {
	var back []int
	for i := 1; i < len(seen); i++ {
		if seen[i].ID() < seen[i-1].ID() {
			back = append(back, i)
		}
	}
	return back
}

// sequenceWidth holds on a terminal of 80 columns.
const sequenceWidth = 76

// sequence is the ids in the order of the screen.
func sequence(seen []match.Score) []service.Text {
	text := ""
	for i, s := range seen {
		if i > 0 && s.ID() < seen[i-1].ID() {
			text += "↩"
		}
		text += fmt.Sprint(s.ID(), " ")
	}
	var rows []service.Text
	for _, line := range fold.Line(text, sequenceWidth, 0) {
		rows = append(rows, service.Text{PT: line, EN: line})
	}
	return rows
}

func amounts(list []int) string {
	partitions := make([]int32, len(list))
	for i, n := range list {
		partitions[i] = int32(n)
	}
	return numbered(partitions)
}

var keyless = Control{
	Name:    "no-key",
	pace:    5 * time.Millisecond,
	instead: given("simulator-keyed", "MESSAGE_KEY=none"),
	caught: func(parts []report.Part) bool {
		return len(report.Numbers(parts[2].Counted.Nonmonotonic)) > 0 && parts[0].Holds() && parts[1].Holds()
	},
}
