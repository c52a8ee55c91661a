package lab

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// shop is the part of the e-commerce system that an order passes through: the gateway, which may be killed
// and started again, and the fraud detector. It has topics of its own.
type shop struct {
	bench   *rig.Bench
	name    string // of its programs, topics, group and files
	intake  string // the gateway's INTAKE
	vars    []string
	prefix  string
	group   string
	mu      sync.Mutex
	gateway *rig.Process // the life of now
	fraud   *rig.Process
	clients *shoptest.Clients
}

// newShop makes the topics and starts both programs; remember is the fraud detector's REMEMBER.
func newShop(ctx context.Context, b *rig.Bench, name, intake, remember string, parallel int, vars ...string) (*shop, error) {
	s := &shop{bench: b, name: name, intake: intake, vars: vars, prefix: b.Name(name + "-"), group: b.Group("group-" + name)}
	s.clients = &shoptest.Clients{URL: s.url, Parallel: parallel}
	var topics []kafka.Topic
	for _, topic := range event.EcommerceTopics {
		topics = append(topics, kafka.Topic{Name: s.prefix + topic, Partitions: threePartitions, Replicas: 3})
	}
	if err := b.Topics(ctx, topics...); err != nil {
		return nil, err
	}
	var err error
	s.fraud, err = b.Quietly("fraud-detector-"+name, "fraud-detector",
		"TOPIC_PREFIX="+s.prefix, "CONSUMER_GROUP="+s.group, "REMEMBER="+remember, "GROUP_INSTANCE_ID="+name, s.state())
	if err == nil {
		err = s.open(ctx)
	}
	return s, err
}

// state is the programs' folder: the files of two shops are not to meet.
func (s *shop) state() string { return "STATE_DIR=" + s.bench.Dir + "/state/" + s.name }

// open starts the gateway and waits until it listens; the brokers may come later.
func (s *shop) open(ctx context.Context) error {
	vars := append([]string{
		"TOPIC_PREFIX=" + s.prefix,
		"INTAKE=" + s.intake,
		"HTTP_PORT=0",
		"HTTP_ADDR=",
		"MAX_PENDING=1000",
		s.state(),
	}, s.vars...)
	p, err := s.bench.Quietly("http-ecommerce-"+s.name, "http-ecommerce", vars...)
	if err != nil {
		return err
	}
	if err := p.Await(ctx, "it listens", func(lines []rig.Line) bool { return addressIn(lines) != "" }); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway = p
	return nil
}

// url is where the gateway listens, in the life of now: each has a port of its own.
func (s *shop) url() string {
	s.mu.Lock()
	p := s.gateway
	s.mu.Unlock()
	return addressIn(p.Lines())
}

func addressIn(lines []rig.Line) string {
	for _, l := range lines {
		if strings.HasPrefix(l.Text, "http://") {
			return strings.TrimSuffix(l.Text, "/")
		}
	}
	return ""
}

// kill is kill -9 of the gateway, which then is started again. It returns how many requests were under way:
// their clients have no answer. Without any the blow was none.
func (s *shop) kill(ctx context.Context) (cut int, err error) {
	before := s.clients.Cut()
	if err := s.strike(); err != nil {
		return 0, err
	}
	if err := rig.Await(ctx, "requests were under way when the gateway was killed",
		func() bool { return s.clients.Cut() > before }); err != nil {
		return 0, err
	}
	if err := wait.Sleep(ctx, 100*time.Millisecond); err != nil { // each client finds it out by itself
		return 0, err
	}
	return s.clients.Cut() - before, s.open(ctx)
}

// strike is kill -9 of the gateway, and makes sure that it has died of that.
func (s *shop) strike() error {
	select {
	case <-s.gateway.Ended():
		return &rig.NotRun{Cause: fmt.Sprintf("the gateway ended by itself, with exit code %d: %s", s.gateway.ExitCode(),
			s.bench.LastWords(s.gateway.Name))}
	default:
	}
	s.gateway.Kill()
	if code := s.gateway.ExitCode(); code != rig.Killed && runtime.GOOS != "windows" { // which has no signals
		return &rig.NotRun{Cause: fmt.Sprintf("the gateway was to be killed, and ended with exit code %d", code)}
	}
	return nil
}

// busy waits until so many clients have their answer, and requests of others are under way.
func (s *shop) busy(ctx context.Context, answered int) error {
	for deadline := time.Now().Add(rig.Patience); s.clients.Answered() < answered || s.clients.UnderWay() == 0; {
		if time.Now().After(deadline) {
			return &rig.NotRun{Cause: fmt.Sprintf("%d of %d clients have their answer after %s", s.clients.Answered(), answered, rig.Patience)}
		}
		if err := wait.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// post posts orders, each so many times at once.
func (s *shop) post(ctx context.Context, orders []event.Order, times int) ([]shoptest.Account, error) {
	ctx, cancel := context.WithTimeout(ctx, rig.Patience)
	defer cancel()
	accounts, err := s.clients.Post(ctx, orders, times)
	if err != nil {
		return nil, &rig.NotRun{Cause: fmt.Sprintf("not every client got an answer: %v", err)}
	}
	return accounts, nil
}

// settle posts one more order, and judges the others when that one has gone through all of it: the gateway
// publishes in the order in which it took them in, so that what is not there by then does not come any more.
func (s *shop) settle(ctx context.Context, accounts []shoptest.Account, closing event.Order) (shoptest.Judgement, error) {
	last, err := s.post(ctx, []event.Order{closing}, 1)
	if err != nil {
		return shoptest.Judgement{}, err
	}
	err = rig.Await(ctx, "the last order is on "+event.NewOrderTopic, func() bool {
		e, err := shoptest.Collect(ctx, s.bench.Client, s.prefix, last)
		return err == nil && len(shoptest.Judge(e).Accepted.Lost) == 0
	})
	if err != nil {
		return shoptest.Judgement{}, err
	}
	s.gateway.Stop() // whatever is still on its way to the brokers is there when it has ended
	if err := rig.Await(ctx, "the fraud detector has read all orders", s.caughtUp); err != nil {
		return shoptest.Judgement{}, err
	}
	s.fraud.Stop()
	e, err := shoptest.Collect(ctx, s.bench.Client, s.prefix, accounts)
	return shoptest.Judge(e.Without(closing.ID)), err
}

// caughtUp reports whether the fraud detector has committed the end of every partition.
func (s *shop) caughtUp() bool {
	topic := s.prefix + event.NewOrderTopic
	for partition := range int32(threePartitions) {
		end, err := s.bench.Client.GetOffset(topic, partition, sarama.OffsetNewest)
		if err != nil {
			return false
		}
		committed, err := s.bench.Committed(s.group, topic, partition)
		if err != nil || max(committed, 0) < end {
			return false
		}
	}
	return true
}

// story is the outcome of the orders of one gateway.
type story struct {
	accounts  []shoptest.Account
	judgement shoptest.Judgement
	cut       int // requests that were under way when a gateway died
}

// partOfOrders compares what the clients were told with the topic.
func partOfOrders(told story) report.Part {
	part := report.Part{Counted: told.judgement.Accepted, Unread: true, Sent: len(told.accounts)}
	for _, a := range told.accounts {
		if a.Accepted() {
			part.Acknowledged++
		}
	}
	return part
}
