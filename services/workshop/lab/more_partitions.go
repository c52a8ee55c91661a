package lab

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/kit/wait"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var morePartitionsText = Labs.Texts("more-partitions")

var _ = add(Lab{
	Name:   "more-partitions",
	Pace:   20 * time.Millisecond,
	ByHand: experiment.ByHand{Topics: []string{"crescer"}, Groups: []string{"crescer-grupo"}},
	run: func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
		return runMorePartitions(ctx, b, threePartitions)
	},
	Controls: []Control{enoughFromTheStart},
})

const (
	grownPartitions = 4
	perUser         = 10 // transactions, half of them before the topic grows
)

// growthUsers are the keys. By murmur2 all but 4 change their partition from three to four partitions, some from 0 to 2 and
// one from 2 to 0: whichever partition a reader takes first, it meets somebody's later transactions before the earlier ones.
var growthUsers = []string{"1", "2", "3", "4", "5", "6"}

// growing is a topic that begins with some partitions and has four in the end.
type growing struct {
	name  string
	from  int32
	title service.Text
	grows bool // predicted
}

// runMorePartitions lets one topic grow, and compares it with one that was large enough from the start.
func runMorePartitions(ctx context.Context, b *rig.Bench, from int32) ([]report.Part, error) {
	var parts []report.Part
	for _, g := range []growing{
		{"grown", from, morePartitionsText("title-growing"), true},
		{"planned", grownPartitions, morePartitionsText("title-from-start"), false},
	} {
		part, err := growAndRead(ctx, b, g)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// growAndRead sends half of the transactions, adds the partitions that are missing, sends the rest, and only then starts a
// consumer, which finds everything there at once.
func growAndRead(ctx context.Context, b *rig.Bench, g growing) (report.Part, error) {
	topic := b.Name(g.name)
	if err := b.Topics(ctx, kafka.Topic{Name: topic, Partitions: g.from, Replicas: 3}.WithDeadLetters()...); err != nil {
		return report.Part{}, err
	}
	half := len(growthUsers) * perUser / 2
	if err := sendTransactions(ctx, b, topic, 1, half); err != nil {
		return report.Part{}, err
	}
	if err := addPartitions(ctx, b, topic, g.from); err != nil {
		return report.Part{}, err
	}
	if err := sendTransactions(ctx, b, topic, half+1, 2*half); err != nil {
		return report.Part{}, err
	}
	log, err := b.Transactions(ctx, topic, grownPartitions, kafka.ReadToEnd)
	if err != nil {
		return report.Part{}, err
	}
	p, err := b.Quietly("consumer-"+g.name, "consumer", "TOPIC="+topic, "CONSUMER_GROUP="+b.Group("group-"+g.name),
		"AUTO_OFFSET_RESET=earliest")
	if err != nil {
		return report.Part{}, err
	}
	if err := p.Await(ctx, fmt.Sprintf("%d transactions are shown", len(log)), printed(len(log))); err != nil {
		return report.Part{}, err
	}
	p.Stop()
	return judgeGrowth(g, log, p)
}

// addPartitions brings a topic to four partitions, as «topics alter» does.
func addPartitions(ctx context.Context, b *rig.Bench, topic string, from int32) error {
	if from == grownPartitions {
		return nil
	}
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return err
	}
	if err := admin.CreatePartitions(topic, grownPartitions, nil, false); err != nil {
		return fmt.Errorf("add partitions to %s: %w", topic, err)
	}
	b.Say(morePartitionsText("grows", from, grownPartitions))
	return rig.Await(ctx, fmt.Sprintf("%s has %d partitions", topic, grownPartitions), func() bool {
		if b.Client.RefreshMetadata(topic) != nil {
			return false
		}
		all, err := b.Client.WritablePartitions(topic)
		return err == nil && len(all) == grownPartitions
	})
}

// sendTransactions sends those with the numbers first to last, the users taking turns, with the workshop's own settings. Each call is a new
// producer: one that runs goes on with the partitions that it knows until it asks for metadata again, after minutes.
func sendTransactions(ctx context.Context, b *rig.Bench, topic string, first, last int) error {
	sender, err := rig.NewSender(ctx, b.Cluster, b.Cluster.Config("workshop"))
	if err != nil {
		return fmt.Errorf("send transactions: %w", err)
	}
	defer sender.Close()
	for n := first; n <= last; n++ {
		t := event.Transaction{
			IDSequencia: int64(n), IDUsuario: growthUsers[(n-1)%len(growthUsers)], IDTransacao: rand.Text(), IDProduto: "10000",
			Endereco: "-", CadastroEm: "2026-01-01 00:00:00", IDPlataforma: event.Mobile, Mensagem: fmt.Sprint("transaction ", n),
		}
		msg := &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(t.IDUsuario), Value: sarama.ByteEncoder(t.AppendJSON(nil))}
		if err := sender.Send(ctx, msg); err != nil {
			return fmt.Errorf("send transaction %d: %w", n, err)
		}
		if err := wait.Sleep(ctx, b.Pace); err != nil {
			return err
		}
	}
	return nil
}

// judgeGrowth compares what the consumer has shown with the order in which each user's transactions were sent, which is
// what an application relies on, and with that of each partition, which is what Kafka promises.
func judgeGrowth(g growing, log []verdict.Record, p *rig.Process) (report.Part, error) {
	users := verdict.Run{} // no log: one order for each user
	partitions := verdict.Run{Log: log}
	stream := map[int]string{}
	for _, r := range log {
		users.Writes = append(users.Writes, verdict.Write{Message: r.Message, Outcome: verdict.Acknowledged})
		stream[r.Number] = r.Stream
	}
	var shown []int
	for _, line := range p.Lines() {
		if n, ok := transaction(line.Text); ok {
			shown = append(shown, n)
			users.Reads = append(users.Reads, verdict.Read{Message: verdict.Message{Stream: stream[n], Number: n}, Session: p.Name})
		}
	}
	partitions.Reads = users.Reads
	part := report.Part{Title: g.title, Counted: verdict.Check(users)}
	asComputed, moved := true, 0
	for _, user := range growthUsers {
		before, after := javaPartition([]byte(user), int(g.from)), javaPartition([]byte(user), grownPartitions)
		if g.grows {
			before = javaPartition([]byte(user), threePartitions)
		}
		if before != after {
			moved++
		}
		where := placesOf(user, log)
		asComputed = asComputed && slices.Equal(where, slices.Compact([]int32{before, after}))
		part.Table = append(part.Table, userRow(user, where, stream, shown))
	}
	part.Facts = []report.Fact{
		{Text: morePartitionsText("moved", moved, len(growthUsers)), Held: asComputed},
		{Text: morePartitionsText("in-order"), Held: len(verdict.Check(partitions).Nonmonotonic) == 0},
	}
	if !g.grows || !asComputed {
		return part, nil
	}
	// Which they are depends on the partition that the reader takes first; that there are some is the prediction.
	part.Want.OutOfOrder = report.Numbers(part.Counted.Nonmonotonic)
	if len(part.Want.OutOfOrder) == 0 {
		return part, &rig.NotRun{Cause: "every user's transactions were shown in order, by chance: run it again"}
	}
	return part, nil
}

// placesOf lists the partitions that have a user's transactions, in the order in which they were sent.
func placesOf(user string, log []verdict.Record) []int32 {
	own := slices.DeleteFunc(slices.Clone(log), func(r verdict.Record) bool { return r.Stream != user })
	slices.SortFunc(own, func(a, b verdict.Record) int { return a.Number - b.Number })
	var where []int32
	for _, r := range own {
		where = append(where, r.Partition)
	}
	return slices.Compact(where)
}

// userRow is where a user's transactions are, and the order in which they were shown.
func userRow(user string, where []int32, stream map[int]string, shown []int) service.Text {
	path := make([]string, len(where))
	for i, p := range where {
		path[i] = fmt.Sprint(p)
	}
	var read strings.Builder
	before := 0
	for _, n := range shown {
		if stream[n] != user {
			continue
		}
		if n < before {
			read.WriteString(" ↩")
		} else if before > 0 {
			read.WriteString(" ")
		}
		fmt.Fprint(&read, n)
		before = n
	}
	return morePartitionsText("row", user, strings.Join(path, " → "), &read)
}

var enoughFromTheStart = Control{
	Name: "enough-from-the-start",
	run: func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
		return runMorePartitions(ctx, b, grownPartitions)
	},
	caught: func(parts []report.Part) bool {
		return !parts[0].Facts[0].Held && parts[0].Facts[1].Held && parts[1].Holds()
	},
}
