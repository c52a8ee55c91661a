package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// Stage is a cluster under load: a producer and a consumer of transactions, a match and its scoreboard,
// and somebody who looks at it all.
type Stage struct {
	experiment.Options
	control Control // the mistake, in a control

	bench *rig.Bench
	watch *watch
	meter *meter

	transactions, match, board string // topics
	group, boardGroup          string

	producer, simulator  *rig.Process
	consumer, scoreboard *kept
	guests               []*rig.Process // further consumers, in the order of their starts

	looking sync.WaitGroup
	leave   context.CancelFunc // ends the looking

	began    time.Time // of the time line
	ended    time.Time // of the producer
	faults   []*Fault
	facts    []report.Fact
	stuck    bool // after a blow was put right, not every partition was acknowledged again
	restarts int  // of programs that had ended by themselves
	notes    []service.Text
}

const partitions = 3 // of the transactions

// open connects to a cluster that is whole, and whose brokers can be struck.
func open(ctx context.Context, d Drill, o experiment.Options, c Control) (*Stage, error) {
	s := &Stage{Options: o, control: c}
	var brokers *rig.BrokerFaults
	if !d.Embedded {
		var err error
		if brokers, err = rig.FindBrokers(o.Options); err != nil {
			return nil, err
		}
		if err := s.ready(brokers); err != nil {
			return nil, err
		}
	}
	var err error
	if s.bench, err = rig.NewBench(ctx, "drill-"+d.Name, brokers, o.Options); err != nil {
		return nil, err
	}
	if err = s.ours(ctx, brokers); err == nil {
		s.watch = newWatch(s.bench.Cluster, s.bench.Client.Brokers())
		s.meter = newMeter(s.bench.History("producer"))
		var looking context.Context
		looking, s.leave = context.WithCancel(ctx)
		s.looking.Go(func() { s.watch.run(looking) })
		s.looking.Go(func() { s.meter.run(looking) })
		err = s.whole(ctx)
	}
	if err != nil {
		if s.leave != nil {
			s.dismiss()
		}
		s.bench.Close()
		return nil, err
	}
	return s, nil
}

// ready wants every process up, or starts what is down.
func (s *Stage) ready(brokers *rig.BrokerFaults) error {
	if s.Force {
		return brokers.StartAll(s.Say)
	}
	for _, id := range brokers.Nodes() {
		if !brokers.Running(id) {
			return &rig.NotRun{Cause: fmt.Sprintf("the cluster is not whole: %s is down. Start it (scripts/native-kafka up, docker compose up "+
				"-d), or let the drill start it: --force", rig.NodeName(id))}
		}
	}
	return nil
}

// ours makes sure that the cluster that is watched is that whose brokers are struck.
func (s *Stage) ours(ctx context.Context, brokers *rig.BrokerFaults) error {
	if brokers == nil {
		return nil
	}
	theirs, err := kafka.ClusterID(ctx, s.bench.Client)
	if err != nil {
		return err
	}
	if here := brokers.ClusterID(); here != theirs {
		return &rig.NotRun{Cause: fmt.Sprintf("the cluster at %v is not ours: its id is %s, and that of the brokers that this machine runs, "+
			"and that would be killed, is %q. Name the brokers of the latter (--bootstrap-servers), or where the former keeps its pid "+
			"files (KAFKA_DATA) or containers (CONTAINER_PREFIX)",
			s.bench.Cluster.Brokers, theirs, here)}
	}
	return nil
}

// whole waits for a moment, where told so for longer, until every partition has a leader and all its replicas.
func (s *Stage) whole(ctx context.Context) error {
	limit := 5 * time.Second
	if s.Force {
		limit = patience
	}
	state, held, err := s.watch.await(ctx, limit, func(state State) bool { return state.missing() == "" })
	if err != nil || held {
		return err
	}
	missing := "no broker answers"
	if state.Topics != nil {
		missing = state.missing()
	}
	return &rig.NotRun{Cause: fmt.Sprintf("the cluster is not whole: %s. Look with «workshop cluster» and «workshop topics describe», or "+
		"wait for it longer: --force", missing)}
}

// begin makes the topics, starts the programs and waits until each has something to show.
func (s *Stage) begin(ctx context.Context) error {
	b := s.bench
	s.transactions, s.match, s.board = b.Name("transactions"), b.Name("scoreGame"), b.Name("scoreBoard")
	s.group, s.boardGroup = b.Group("consumer"), b.Group("scoreboard")
	topics := slices.Concat(
		s.control.change(kafka.Topic{Name: s.transactions, Partitions: partitions, Replicas: rig.BrokerCount}).WithDeadLetters(),
		kafka.Topic{Name: s.match, Partitions: 1, Replicas: rig.BrokerCount}.WithDeadLetters(),
		[]kafka.Topic{{Name: s.board, Partitions: 1, Replicas: rig.BrokerCount}})
	if err := b.Topics(ctx, topics...); err != nil {
		return err
	}
	var err error
	vars := append([]string{
		"TOPIC=" + s.transactions,
		"PACE=" + s.Pace.String(),
		"COUNT=0",
		fmt.Sprintf("SEED=%d", s.Seed),
	}, s.control.vars...)
	if s.producer, err = b.Quietly("producer", "producer", vars...); err != nil {
		return err
	}
	// A static member, so that its own restart costs nothing, and only the drill's blows show.
	if s.consumer, err = s.keep(ctx, "consumer", "consumer", append(s.member(), "GROUP_INSTANCE_ID=consumer")...); err != nil {
		return err
	}
	if s.simulator, err = b.Quietly("score-simulator", "score-simulator",
		"TOPIC="+s.match, "PACE="+goalGap.String(), "MATCHES=0", fmt.Sprintf("SEED=%d", s.Seed)); err != nil {
		return err
	}
	if s.scoreboard, err = s.keep(ctx, "scoreboard", "scoreboard", "TOPIC="+s.match, "BOARD_TOPIC="+s.board,
		"CONSUMER_GROUP="+s.boardGroup, "GROUP_INSTANCE_ID=scoreboard", "DELIVERY=exactly-once", "MATCHES=0"); err != nil {
		return err
	}
	for _, p := range []*rig.Process{s.producer, s.simulator, s.consumer.Last(), s.scoreboard.Last()} {
		if err := p.Await(ctx, "its first message", func(lines []rig.Line) bool { return slices.ContainsFunc(lines, aboutMessage) }); err != nil {
			return err
		}
	}
	s.began = time.Now()
	looking, leave := context.WithCancel(ctx)
	before := s.leave
	s.leave = func() { leave(); before() }
	s.looking.Go(func() { s.timeline(looking) })
	return nil
}

// member are the variables of a consumer of the transactions.
func (s *Stage) member() []string {
	return []string{"TOPIC=" + s.transactions, "CONSUMER_GROUP=" + s.group}
}

// join starts a further consumer.
func (s *Stage) join(name string) (*rig.Process, error) {
	p, err := s.bench.Quietly(name, "consumer", s.member()...)
	if err == nil {
		s.guests = append(s.guests, p)
	}
	return p, err
}

// readers are all consumers, in all their lives.
func (s *Stage) readers() []*rig.Process { return append(s.consumer.Lives(), s.guests...) }

// dismiss waits until nobody looks, and nobody starts programs, any more. Their context has ended.
func (s *Stage) dismiss() {
	s.leave()
	s.looking.Wait()
	for _, k := range []*kept{s.consumer, s.scoreboard} {
		if k != nil {
			k.Release()
		}
	}
}

// mend starts and resumes whatever is not running, and waits until the cluster is whole.
func (s *Stage) mend(ctx context.Context) error {
	if err := s.bench.Brokers.Mend(); err != nil {
		return err
	}
	if err := s.awaitWhole(ctx); err != nil {
		return err
	}
	return s.stillThere()
}

func (s *Stage) awaitWhole(ctx context.Context) error {
	since := time.Now()
	_, err := s.watch.must(ctx, "every broker is there, and every replica in sync", func(state State) bool {
		return state.At.After(since) && (s.bench.Brokers == nil || len(state.Brokers) >= rig.BrokerCount) && state.missing() == ""
	})
	return err
}

// stillThere wants the senders running: one that gave up has seen less of the blows than the verdict would claim.
func (s *Stage) stillThere() error {
	var errs []error
	for _, p := range []*rig.Process{s.producer, s.simulator} {
		select {
		case <-p.Ended():
			errs = append(errs, &rig.NotRun{Cause: fmt.Sprintf("%s has ended with exit code %d in the middle of it; its last line: %s", p.Name,
				p.ExitCode(), s.bench.LastWords(p.Name))})
		default:
		}
	}
	return errors.Join(errs...)
}
