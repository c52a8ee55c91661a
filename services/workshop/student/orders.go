package student

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/shopspring/decimal"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

const (
	orderCount = 30
	// commitGrace is for the last automatic commit, due five seconds after the one before on a machine with nothing else to do.
	commitGrace = 3 * quietAfter
	crashOrder  = 12 // the program crashes at its first record, after its effect and before its commit
)

// again are the orders that are on the topic twice, by where the second one stands: at once, within the first life, and in the second
// one what the first has handled.
var again = map[int][]int{5: {5}, 9: {8}, 20: {20, 3}, 30: {11, 25}}

// shopper is a program of the student's own that reads orders: a consumer that prints each once, or a fraud detector that decides
// about each once. The orders are on their topic before it starts, so that however long that takes it meets the same.
type shopper struct {
	bench  *rig.Bench
	role   string
	group  string
	prefix string // of its topics
	orders []event.Order
	count  int64 // records
	cue    int64 // the offset of the record at which it crashes

	lives  []*rig.Process
	seen   []visit
	stuck  bool
	strays string // a group of its own, as far as it was looked for
	asked  time.Time

	decisions []decision
	malformed error
}

// visit is what was seen of one life.
type visit struct {
	handled    int // lines that begin with an order, for a consumer
	printed    int
	complained int // such lines on standard error
	code       int
	stopped    bool // by us: nothing more was to come
	joined     bool // the group
	committed  int64
}

// RunOrders carries out an experiment with the student's own consumer or detector of orders.
func RunOrders(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	s := &shopper{bench: b, role: b.Student.Role, group: b.Group("group-" + b.Student.Role), prefix: b.Name("")}
	if err := s.place(ctx); err != nil {
		return nil, err
	}
	if err := s.follow(ctx); err != nil {
		return nil, err
	}
	return s.judge(ctx)
}

// topic returns the name that a topic of the shop has in this run.
func (s *shopper) topic(name string) string { return s.prefix + name }

// place puts the orders on their topic, which has one partition.
func (s *shopper) place(ctx context.Context) error {
	var topics []kafka.Topic
	for _, name := range event.EcommerceTopics {
		topics = append(topics, kafka.Topic{Name: s.topic(name), Partitions: 1, Replicas: 3})
	}
	if err := s.bench.Topics(ctx, topics...); err != nil {
		return err
	}
	sender, err := rig.NewSender(ctx, s.bench.Cluster, s.bench.Cluster.Config("workshop"))
	if err != nil {
		return err
	}
	defer sender.Close()
	random := rand.New(rand.NewPCG(s.bench.Seed, 0))
	for n := 1; n <= orderCount; n++ {
		s.orders = append(s.orders, newOrder(n, random))
		if n == crashOrder {
			s.cue = s.count
		}
		for _, sent := range slices.Concat([]int{n}, again[n]) {
			if err := s.send(ctx, sender, s.orders[sent-1]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shopper) send(ctx context.Context, sender *rig.Sender, o event.Order) error {
	topic := event.NewOrderTopic
	value, err := event.EncodeEnvelope(o, event.NewCorrelationID("NewOrder").SentTo(topic))
	if err != nil {
		return err
	}
	s.count++
	return sender.Send(ctx, &sarama.ProducerMessage{
		Topic: s.topic(topic), Key: sarama.StringEncoder(o.Email), Value: sarama.ByteEncoder(value),
	})
}

// newOrder makes the n-th order. Two of them are at the limit of the rule, and a cent below it.
func newOrder(n int, random *rand.Rand) event.Order {
	cents := random.Int64N(1_000_000)
	switch n {
	case 2:
		cents = 450_000
	case 7:
		cents = 449_999
	}
	return event.Order{
		ID: fmt.Sprint("pedido-", n), Amount: event.Amount{Decimal: decimal.New(cents, -2)},
		Email: fmt.Sprintf("cliente-%d@example.com", random.IntN(4)),
	}
}

// start starts one life. Only the first gets to know of the fault.
func (s *shopper) start(failAt string) error {
	b := s.bench
	env := append(ownEnvironment(b), "FAIL_AT_ID="+failAt, "CONSUMER_GROUP="+s.group, "GROUP_INSTANCE_ID="+s.role,
		"TOPIC_PREFIX="+s.prefix, "TOPIC="+s.topic(event.NewOrderTopic))
	words := slices.Concat(b.Student.Guard, b.Student.Words)
	p, err := b.Launch(b.Screen, s.role, words[0], words[1:], env, true)
	if err == nil {
		s.lives = append(s.lives, p)
	}
	return err
}

// ownEnvironment is what every program of the student's own gets.
func ownEnvironment(b *rig.Bench) []string {
	env := append(slices.Clone(b.Environ),
		"BOOTSTRAP_SERVERS="+strings.Join(b.Cluster.Brokers, ","), "WORKSHOP_LANG="+string(b.Lang),
		"STATE_DIR="+filepath.Join(b.Dir, "state"),
		// Python keeps lines that go to a pipe in a buffer of 8 KiB, which the crash would take along:
		// what the student's program has shown would count as lost.
		"PYTHONUNBUFFERED=1",
	)
	if b.Cluster.Proxy != "" {
		env = append(env, "KAFKA_PROXY="+b.Cluster.Proxy)
	}
	return env
}

// follow watches the first life, and starts others, until all orders are read or it is clear that they will not be.
func (s *shopper) follow(ctx context.Context) error {
	failAt, reached, same := fmt.Sprint("pedido-", crashOrder), int64(-1), 0
	for {
		if err := s.start(failAt); err != nil {
			return err
		}
		life, err := s.watch(ctx, last(s.lives))
		if err != nil {
			return err
		}
		s.seen = append(s.seen, life)
		if life.stopped || life.code != rig.Crashed && life.committed <= 0 || life.code == 0 || life.committed >= s.count {
			return nil
		}
		if life.committed > reached {
			reached, same = life.committed, 0
		}
		if same++; same == stuckLives {
			s.stuck = true
			return nil
		}
		s.bench.Say(says("next-life", s.role, life.code, len(s.lives)+1))
		failAt = "0"
	}
}

// watch returns when a life has ended, by itself or because nothing more was to come of it.
func (s *shopper) watch(ctx context.Context, p *rig.Process) (life visit, err error) {
	before := s.bench.Membership(s.group)
	tick := time.NewTicker(look)
	defer tick.Stop()
	moved, sign := time.Now(), int64(0)
	for running := true; running; {
		select {
		case <-p.Ended():
			running = false
		case <-tick.C:
			group := s.bench.Membership(s.group)
			life.joined = life.joined || group.JoinedSince(before)
			if now := s.progress(ctx, p); now != sign {
				moved, sign = time.Now(), now
			}
			if s.over(p, life.joined && !group.Rebalancing, time.Since(moved)) {
				p.Stop()
				life.stopped, running = true, false
			}
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return life, ctx.Err()
		}
	}
	life.code = p.ExitCode()
	for _, line := range p.Lines() {
		life.printed++
		if orderIn(line.Text) > 0 {
			life.handled++
		}
	}
	life.complained = len(slices.DeleteFunc(p.Errors(), func(l rig.Line) bool { return orderIn(l.Text) == 0 }))
	life.committed, err = s.bench.Committed(s.group, s.topic(event.NewOrderTopic), 0)
	return life, err
}

// progress is a number that changes whenever the program has got further.
func (s *shopper) progress(ctx context.Context, p *rig.Process) int64 {
	sum := int64(len(p.Lines()))
	if committed, err := s.bench.Committed(s.group, s.topic(event.NewOrderTopic), 0); err == nil {
		sum += committed
	}
	for _, name := range decisionTopics {
		if end, err := s.bench.Client.GetOffset(s.topic(name), 0, sarama.OffsetNewest); err == nil {
			sum += end
		}
	}
	return sum
}

// over reports whether nothing more is to come of a life that has been silent for so long.
func (s *shopper) over(p *rig.Process, settled bool, silent time.Duration) bool {
	if len(p.Lines()) > flood {
		return true
	}
	if silent < quietAfter {
		return false
	}
	if time.Since(s.asked) > strayEvery {
		s.asked, s.strays = time.Now(), s.strayed()
	}
	if s.strays != "" {
		return true
	}
	if !settled {
		return time.Since(p.Began) > startGrace
	}
	committed, err := s.bench.Committed(s.group, s.topic(event.NewOrderTopic), 0)
	return err == nil && committed >= s.count || silent > commitGrace
}

// strayed returns a group that is not the program's, and reads the orders in its place.
func (s *shopper) strayed() string { return s.bench.GroupBeside(s.group, s.topic(event.NewOrderTopic)) }

var orderLine = regexp.MustCompile(`^\s*pedido-(\d+)\b`)

// orderIn is the number of the order with which a line begins, 0 where it begins with none.
func orderIn(line string) (n int) {
	if m := orderLine.FindStringSubmatch(line); m != nil {
		fmt.Sscan(m[1], &n)
	}
	if n > orderCount {
		return 0
	}
	return n
}
