// The monitor watches financial transactions: sliding windows of one and five minutes, and alerts.
//
//	topic in:  TOPIC (transactions), in the group CONSUMER_GROUP
//	topic out: ALERTS_TOPIC (TOPIC.alerts), the records that break one of RULES, by user or platform
//	HTTP in:   the class board at / (package board), its windows in tables at /windows, GET /api/state
//	delivery:  each alert is on ALERTS_TOPIC once, and none is missing, however often the process dies: watch.go
//	time:      the records' own; a record older than five minutes is counted apart: package window
//
// The rules look at one partition at a time. Where the messages' key is the user, as with the workshop's producer, all transactions
// of a user are in one. The original program sends no key: its users are spread over the partitions, and a rule is broken where
// they are too many within one.
//
// A transaction that cannot be read is counted and passed. It becomes no dead letter: the consumer sends it there already.
package monitor

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"

	"workshop.example/monitor/board"
	"workshop.example/monitor/window"
)

// Main runs the monitor, and exits.
func Main() {
	// Most of the memory is users, who stay for five minutes, and beside them what is fetched, which is garbage at once. To let that grow
	// until it is as much as the users would take twice the memory.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(25)
	}
	service.Main(service.About{
		Name:    "monitor",
		Summary: "monitor watches the transactions of a Kafka topic in windows of one and five minutes, and says once where a rule is broken.",
		Example: "  monitor                                 then open http://127.0.0.1:8088/\n" +
			"  monitor --rules count:3/1m,silence:1m   other rules\n" +
			"  monitor --http-port 8089                a second member: the two share the partitions, and each page adds up both",
	}, configure, run)
}

// defaultRules are quiet at the producer's pace, and heard when it is hurried.
const defaultRules = "count:5/1m,value:1500000/1m,silence:5m"

type config struct {
	cluster       kafka.Cluster
	member        kafka.Membership
	topic         string
	alerts        string
	score         string // the board's topics
	scoreboard    string
	rules         []window.Rule
	currency      string
	addr          string
	advertised    string // where other members reach the page; empty: the address that is listened on
	transactional kafka.Transactional

	// Broken on purpose, for tests.
	forgets bool // the windows are empty after each start
	apart   bool // offsets are committed after the transaction and not in it, and nobody looks for what was sent
}

func configure(env *service.Env) config {
	cfg := config{
		cluster:    kafkaenv.Cluster(env),
		topic:      env.Topic("TOPIC", "transactions", "topic to read"),
		member:     kafkaenv.Membership(env, "monitor"),
		advertised: env.HostPort("HTTP_ADVERTISED", "", "where other members reach this one's page; by default where it listens"),
	}
	cfg.alerts = env.Topic("ALERTS_TOPIC", cfg.topic+".alerts", "where each record that breaks a rule is told once")
	if cfg.alerts == cfg.topic {
		env.Fail("ALERTS_TOPIC", "accepted: a topic other than TOPIC")
	}
	cfg.score = env.Topic("SCORE_TOPIC", "scoreGame", "topic of the match on the class board")
	cfg.scoreboard = env.Topic("BOARD_TOPIC", "scoreBoard", "where a scoreboard with DELIVERY=exactly-once writes, for the class board")
	if cfg.member.Isolation != sarama.ReadCommitted {
		env.Fail("ISOLATION", "the monitor would count transactions that are aborted; accepted: read_committed")
	}
	var err error
	if cfg.rules, err = window.ParseRules(env.Text("RULES", defaultRules, window.Accepted, "what is told on ALERTS_TOPIC")); err != nil {
		env.Fail("RULES", strings.ReplaceAll(err.Error(), "\n", "; ")+"; accepted: "+window.Accepted)
	}
	cfg.currency = env.Text("CURRENCY", "BRL", "three capital letters",
		"the currency that is added up; others are only in the table by currency")
	if len(cfg.currency) != 3 || strings.Trim(cfg.currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		env.Fail("CURRENCY", "accepted: three capital letters, such as BRL")
	}
	port := env.Number("HTTP_PORT", 8088, "port of 127.0.0.1")
	if port > 65535 {
		env.Fail("HTTP_PORT", "accepted: 0 to 65535; 0 is any free port")
	}
	cfg.addr = env.HostPort("HTTP_ADDR", net.JoinHostPort("127.0.0.1", strconv.FormatUint(port, 10)),
		"another address to listen on; wins over HTTP_PORT")
	cfg.transactional = kafkaenv.Transactional(env, "", "of one program at a time; by default CONSUMER_GROUP and GROUP_INSTANCE_ID, "+
		"or the address of the page")
	return cfg
}

// listenAndName listens, and completes what depends on the port that was found.
func (cfg *config) listenAndName() (net.Listener, error) {
	listener, err := net.Listen("tcp", cfg.addr)
	if err != nil {
		return nil, fmt.Errorf("%w: choose another port with HTTP_PORT, or end what has this one", err)
	}
	if cfg.advertised == "" {
		cfg.advertised = reachable(listener.Addr())
	}
	if cfg.transactional.ID == "" {
		// Stable over restarts, so that the next life of this member ends what this one leaves open, and different for every member.
		name := cfg.member.InstanceID
		if name == "" {
			name = cfg.advertised
		}
		cfg.transactional.ID = cfg.member.Group + "-" + name
	}
	return listener, nil
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	listener, err := cfg.listenAndName()
	if err != nil {
		return err
	}
	defer listener.Close()
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.cluster.Brokers, "topic", cfg.topic, "group", cfg.member.Group,
		"rules", cfg.rules, "page", listener.Addr().String())
	words := service.Pick(p.Lang, portuguese, english)
	w := newWatcher(cfg, words, p)
	classBoard := board.New(board.Config{
		Kafka: cfg.cluster, Currency: cfg.currency, Lang: p.Lang, Traffic: w.traffic,
		Transactions: cfg.topic, Alerts: cfg.alerts, Score: cfg.score, Scoreboard: cfg.scoreboard,
	})
	p.Out.Print("http://" + listener.Addr().String() + "/")

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serve(ctx, listener, w, classBoard) })
	g.Go(func() error { return classBoard.Run(ctx) })
	g.Go(func() error { return w.run(ctx) })
	err = g.Wait()
	p.Out.Print(fmt.Sprintf(words.summary, w.taken.Load(), w.sent.Load()))
	return err
}

// run connects, and watches until ctx ends.
func (w *watcher) run(ctx context.Context) error {
	cfg, hooks := w.cfg, lines.Hooks(w.process)
	conf := cfg.cluster.Config(w.process.Name)
	conf.MetricRegistry = kafka.Meters(w.process.Ops.Registry)
	cfg.member.Apply(conf)
	conf.ChannelBufferSize = 512 // messages of a partition that wait for their turn: with fewer, goroutines are woken for a handful
	conf.Consumer.Group.Member.UserData = []byte(cfg.advertised)
	connect := cfg.cluster.MemberDialer(cfg.member, conf, []string{cfg.topic, cfg.alerts}, hooks.Waiting)
	client, err := connect(ctx)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	// Before the group is joined: this aborts what a crash has left open, which would hold back the offset.
	transactor, err := cfg.cluster.NewTransactor(ctx, client, conf, cfg.transactional, hooks)
	if err != nil {
		return err
	}
	defer transactor.Close()
	// What is asked on the group's connections waits behind its fetches, for a tenth of a second each time.
	questions, err := connect(ctx)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, questions)
	w.connected(questions, transactor)
	w.process.Out.Print(w.words.ready)
	member := &group.Consumer{
		Client: client, Redial: connect, Member: cfg.member, Topic: cfg.topic, Hooks: hooks, Handle: w.watch,
		Assigned: func(given, lost, held []int32) {
			w.process.Log.Info("rebalance", "given", given, "lost", lost, "held", held)
			w.process.Out.Print(fmt.Sprintf(w.words.held, numbers(held, w.words.none)))
		},
	}
	w.process.Ops.ReadyWhen(member.Ready)
	return member.Run(ctx)
}

// numbers writes partitions as 0, 1, 2.
func numbers(partitions []int32, none string) string {
	if len(partitions) == 0 {
		return none
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(partitions), " ", ", "), "[]")
}
