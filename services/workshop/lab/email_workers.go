package lab

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/kit/wait"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var emailWorkersText = Labs.Texts("email-workers")

var _ = add(Lab{
	Name:     "email-workers",
	ByHand:   experiment.ByHand{Topics: []string{"mesa-ECOMMERCE_SEND_EMAIL", "mesa-ECOMMERCE_DEADLETTER"}, Groups: []string{"mesa-email"}},
	run:      runEmailWorkers,
	Controls: []Control{tooFewPartitions},
})

const (
	emailsSent   = 90 // a multiple of both numbers of partitions
	workers      = 5
	emailWork    = 100 * time.Millisecond
	slowestRatio = 1.3 // 5/3 is 1.67
	fastestRatio = 2.1
)

func runEmailWorkers(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	return compareWorkers(ctx, b, 3, 5)
}

// compareWorkers compares two numbers of partitions, of which the second is to be one for each worker.
func compareWorkers(ctx context.Context, b *rig.Bench, few, enough int32) ([]report.Part, error) {
	offices := []*postOffice{
		{bench: b, name: "three", partitions: few, title: emailWorkersText("title-three"), busy: 3},
		{bench: b, name: "five", partitions: enough, title: emailWorkersText("title-five"), busy: workers},
	}
	for _, step := range []func(*postOffice, context.Context) error{(*postOffice).open, (*postOffice).work} {
		together, inTime := errgroup.WithContext(ctx)
		for _, o := range offices {
			together.Go(func() error { return step(o, inTime) })
		}
		if err := together.Wait(); err != nil {
			return nil, err
		}
	}
	three, five := offices[0].judge(), offices[1].judge()
	five.Facts = append(five.Facts, compare(offices[0].mails, offices[1].mails))
	return []report.Part{three, five}, nil
}

// allAtWork is when the last of the workers that have something to do sent its first e-mail.
func allAtWork(mails []mailed) (at time.Time) {
	seen := map[int]bool{}
	for _, m := range mails {
		if !seen[m.worker] {
			seen[m.worker], at = true, m.at
		}
	}
	return at
}

// compare counts what both have sent while all workers of both were at work: whatever holds up the machine, or the brokers,
// holds up both.
func compare(few, enough []mailed) report.Fact {
	from, to := allAtWork(few), last(few).at
	if other := allAtWork(enough); other.After(from) {
		from = other
	}
	if last(enough).at.Before(to) {
		to = last(enough).at
	}
	within := func(mails []mailed) (n int) {
		for _, m := range mails {
			if m.at.After(from) && !m.at.After(to) {
				n++
			}
		}
		return n
	}
	slow, fast := within(few), within(enough)
	ratio := float64(fast) / float64(max(slow, 1))
	times := service.Text{EN: fmt.Sprintf("%.2f", ratio)}
	times.PT = strings.Replace(times.EN, ".", ",", 1)
	return report.Fact{Text: emailWorkersText("ratio", fast, slow, times), Held: slow > 0 && ratio >= slowestRatio && ratio <= fastestRatio}
}

// postOffice is an email-service on a topic of its own.
type postOffice struct {
	bench      *rig.Bench
	name       string
	partitions int32
	title      service.Text
	busy       int // workers that are predicted to have something to do
	process    *rig.Process
	topic      string
	shares     map[string][]int32 // by worker, as the coordinator says
	log        []verdict.Record
	mails      []mailed
	took       time.Duration // from the first send to the last e-mail
}

// mailed is an e-mail, as it stands on the screen.
type mailed struct {
	worker  int
	address string
	at      time.Time
}

// open starts the service on the empty topic and waits until its workers share the partitions.
func (o *postOffice) open(ctx context.Context) error {
	b := o.bench
	prefix, group := b.Name(o.name+"-"), b.Group("group-"+o.name)
	o.topic = prefix + event.SendEmailTopic
	if err := b.Topics(ctx, kafka.Topic{Name: prefix + event.DeadLetterTopic, Partitions: 1, Replicas: 3}); err != nil {
		return err
	}
	err := b.PlaceLeader(ctx, o.topic, o.partitions, group)
	if err != nil {
		return err
	}
	o.process, err = b.Quietly("email-service-"+o.name, "email-service", "TOPIC_PREFIX="+prefix, "CONSUMER_GROUP="+
		group, "GROUP_INSTANCE_ID=worker",
		fmt.Sprint("WORKERS=", workers), "WORK="+emailWork.String(), "SMTP_ADDR=")
	if err != nil {
		return err
	}
	err = rig.Await(ctx, fmt.Sprintf("the workers share the %d partitions", o.partitions), func() bool {
		o.shares = shares(b, group, o.topic)
		dealt := 0
		for _, own := range o.shares {
			dealt += len(own)
		}
		return len(o.shares) == workers && dealt == int(o.partitions)
	})
	if err != nil {
		return err
	}
	b.Say(emailWorkersText("joined", o.title))
	return nil
}

// work sends all e-mail commands at once, and waits until each was printed.
func (o *postOffice) work(ctx context.Context) error {
	b := o.bench
	producer, err := kafka.Interruptible(ctx, func() (sarama.SyncProducer, error) {
		return sarama.NewSyncProducer(b.Cluster.Brokers, b.Cluster.Config("workshop"))
	})
	if err != nil {
		return fmt.Errorf("send e-mail commands: %w", err)
	}
	defer wait.CloseWithin(time.Second, producer)
	var commands []*sarama.ProducerMessage
	for _, address := range o.addresses() {
		value, err := event.EncodeEnvelope("Thank you for your order! We are processing your order!",
			event.NewCorrelationID("Workshop").SentTo(event.SendEmailTopic))
		if err != nil {
			return err
		}
		commands = append(commands, &sarama.ProducerMessage{Topic: o.topic, Key: sarama.StringEncoder(address), Value: sarama.ByteEncoder(value)})
	}
	began := time.Now()
	if err := producer.SendMessages(commands); err != nil {
		return fmt.Errorf("send e-mail commands: %w", err)
	}
	for i, c := range commands {
		o.log = append(o.log, verdict.Record{Message: verdict.Message{Number: i + 1}, Partition: c.Partition, Offset: c.Offset})
	}
	slices.SortFunc(o.log, func(a, b verdict.Record) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	err = o.process.Await(ctx, fmt.Sprintf("%d e-mails are sent", emailsSent),
		func(lines []rig.Line) bool { return rig.Count(lines, "Email sent") >= emailsSent })
	if err != nil {
		return err
	}
	o.process.Stop()
	o.mails = mailsIn(o.process.Lines())
	o.took = last(o.mails).at.Sub(began)
	return nil
}

// addresses are customers whose e-mails fall to the partitions in equal numbers, by murmur2 of their address.
func (o *postOffice) addresses() []string {
	rng := rand.New(rand.NewPCG(o.bench.Seed, 0))
	room := slices.Repeat([]int{emailsSent / int(o.partitions)}, int(o.partitions))
	var all []string
	for len(all) < emailsSent {
		address := fmt.Sprintf("customer-%d@example.com", rng.IntN(1_000_000))
		if p := javaPartition([]byte(address), int(o.partitions)); room[p] > 0 && !slices.Contains(all, address) {
			room[p]--
			all = append(all, address)
		}
	}
	return all
}

// mailsIn are the blocks that the service prints: the worker, then the address.
func mailsIn(lines []rig.Line) []mailed {
	var all []mailed
	var m mailed
	for i, l := range lines {
		if l.Text == "Send email" && i+2 < len(lines) {
			_, number, _ := strings.Cut(lines[i+1].Text, " ")
			n, _ := strconv.Atoi(number) // 0 is nobody, and has no partition
			m = mailed{worker: n, address: lines[i+2].Text}
		}
		if l.Text == "Email sent" {
			m.at = l.At
			all = append(all, m)
		}
	}
	return all
}

// judge counts what each worker has sent.
func (o *postOffice) judge() report.Part {
	numbers, partitions := map[string]int{}, map[int]int32{}
	for i, address := range o.addresses() {
		numbers[address] = i + 1
	}
	for _, r := range o.log {
		partitions[r.Number] = r.Partition
	}
	run := verdict.Run{Log: o.log, Reads: []verdict.Read{}}
	sent, ownOnly := map[int]int{}, true
	for _, m := range o.mails {
		n := numbers[m.address]
		run.Reads = append(run.Reads, verdict.Read{Message: verdict.Message{Number: n}, Session: fmt.Sprint("worker-", m.worker)})
		sent[m.worker]++
		ownOnly = ownOnly && slices.Contains(o.shares[fmt.Sprint("worker-", m.worker)], partitions[n])
	}
	part := report.Part{Title: o.title, Counted: verdict.Check(run), Shown: emailWorkersText("shown")}
	busy := 0
	for n := 1; n <= workers; n++ {
		if sent[n] > 0 {
			busy++
		}
		own := o.shares[fmt.Sprint("worker-", n)]
		row := emailWorkersText("worker", n, numbered(own), sent[n])
		if len(own) == 0 {
			row = emailWorkersText("idle", n, sent[n])
		}
		part.Table = append(part.Table, row)
	}
	part.Facts = []report.Fact{
		{Text: emailWorkersText("busy", busy, workers-busy), Held: busy == o.busy},
		{Text: emailWorkersText("own-partitions"), Held: ownOnly},
	}
	part.Notes = []service.Text{emailWorkersText("took", seconds(o.took))}
	return part
}

var tooFewPartitions = Control{
	Name: "three-partitions",
	run:  func(ctx context.Context, b *rig.Bench) ([]report.Part, error) { return compareWorkers(ctx, b, 3, 3) },
	caught: func(parts []report.Part) bool {
		return parts[0].Holds() && !parts[1].Facts[0].Held && !last(parts[1].Facts).Held
	},
}
