// The score-simulator plays matches and publishes every goal.
//
//	topic out: TOPIC (scoreGame), 1 partition
//	key:       the match's id, so that a match stays in order on a topic with more partitions too;
//	           MESSAGE_KEY=none: no key, as in LabScore, so that it does not
//	delivery:  acks=all and idempotent, one event at a time: the next is sent when the last one is
//	           acknowledged, and an event that is refused ends the match, with exit code 1
//	           TRANSACTIONAL_ID: each event in a transaction of its own; with ABORT_EVERY=n each n-th
//	           goal is first sent as a goal for the other team, and aborted
package scoresimulator

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Main runs the score-simulator, and exits.
func Main() {
	service.Main(service.About{
		Name:    "score-simulator",
		Summary: "score-simulator plays a match, goal by goal, and publishes it to a Kafka topic.",
		Example: "  score-simulator                        one match, a goal a second\n" +
			"  score-simulator --matches 0 --match-pause 10s\n" +
			"  score-simulator --seed 42 --pace 0     the same match every time\n" +
			"  score-simulator --transactional-id sim --abort-every 5",
	}, configure, run)
}

type config struct {
	cluster       kafka.Cluster
	publishing    kafka.Publishing
	transactional kafka.Transactional
	abortEvery    uint64 // 0: never
	topic         string
	keyless       bool
	pace          time.Duration
	matches       uint64
	pause         time.Duration
	seed          uint64
}

func configure(env *service.Env) config {
	cfg := config{
		cluster:    kafkaenv.Cluster(env),
		publishing: kafkaenv.Publishing(env),
		topic:      env.Topic("TOPIC", "scoreGame", "topic to publish to"),
		keyless: env.OneOf("MESSAGE_KEY", "match", []string{"match", "none"},
			"what keeps a match on one partition; none: nothing does") == "none",
		pace:    env.Duration("PACE", time.Second, "time between goals; 0: as fast as it goes"),
		matches: env.Number("MATCHES", 1, "matches to play; 0: no end"),
		pause:   env.Duration("MATCH_PAUSE", 0, "time between two matches"),
		seed:    env.Seed("SEED", mathrand.Uint64, "fixes the matches, but for their ids and times"),

		transactional: kafkaenv.Transactional(env, "", "each event in a transaction; one program at a time, the older is fenced"),
		abortEvery:    env.Number("ABORT_EVERY", 0, "each n-th goal is first sent for the other team, and aborted; 0: never"),
	}
	if cfg.abortEvery > 0 && cfg.transactional.ID == "" {
		env.Fail("ABORT_EVERY", "only what is in a transaction can be aborted; it needs TRANSACTIONAL_ID")
	}
	if cfg.transactional.ID != "" && !cfg.publishing.Idempotent {
		env.Fail("IDEMPOTENT", "a transaction needs an idempotent producer; accepted with TRANSACTIONAL_ID: true")
	}
	return cfg
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.cluster.Brokers, "topic", cfg.topic, "pace", cfg.pace, "seed", cfg.seed)
	words := service.Pick(p.Lang, portuguese, english)
	p.Out.Print(words.started)

	conf := cfg.cluster.Config(p.Name)
	conf.MetricRegistry = kafka.Meters(p.Ops.Registry)
	cfg.publishing.Apply(conf)
	client, err := cfg.cluster.Dial(ctx, conf, []string{cfg.topic}, lines.Hooks(p).Waiting)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	s := newSimulator(cfg, words, p)
	if err := s.connect(ctx, client); err != nil {
		return err
	}
	defer s.close()
	p.Ops.ReadyWhen(s.ready)
	err = s.play(ctx)
	p.Out.Print(fmt.Sprintf(words.summary, s.sent, s.acknowledged, s.failed, s.sent-s.acknowledged-s.failed))
	if err == nil {
		p.Out.Print(words.finished)
	}
	return err
}

// simulator publishes matches one event at a time. It is for one goroutine.
type simulator struct {
	producer   sarama.SyncProducer // nil with transactions
	transactor *kafka.Transactor   // nil without
	cfg        config
	words      words
	process    *service.Process
	published  *kafka.Published

	sent, acknowledged, failed int
	sending                    atomic.Int64 // Unix ms since when an event waits for its acknowledgement; 0: none
}

func newSimulator(cfg config, words words, p *service.Process) *simulator {
	return &simulator{cfg: cfg, words: words, process: p, published: kafka.NewPublished(p.Ops.Registry)}
}

func (s *simulator) connect(ctx context.Context, client sarama.Client) (err error) {
	if s.cfg.transactional.ID != "" {
		s.transactor, err = s.cfg.cluster.NewTransactor(ctx, client, client.Config(), s.cfg.transactional, lines.Hooks(s.process))
		return err
	}
	s.producer, err = kafka.Interruptible(ctx, func() (sarama.SyncProducer, error) { return sarama.NewSyncProducerFromClient(client) })
	if err != nil {
		return fmt.Errorf("producer: %w", kafka.Denied(err, kafka.Right{Operation: "Write", Resource: "topic", Name: s.cfg.topic}))
	}
	return nil
}

func (s *simulator) close() {
	if s.transactor != nil {
		s.transactor.Close()
		return
	}
	wait.CloseWithin(time.Second, s.producer)
}

// play plays MATCHES matches. Its error is the context's when it was told to stop.
func (s *simulator) play(ctx context.Context) error {
	rng := mathrand.New(mathrand.NewPCG(s.cfg.seed, 0))
	for n := uint64(1); s.cfg.matches == 0 || n <= s.cfg.matches; n++ {
		if n > 1 {
			if err := wait.Sleep(ctx, s.cfg.pause); err != nil {
				return err
			}
		}
		m := newMatch(newMatchID(), rng)
		for e, ok := m.next(); ok; e, ok = m.next() {
			if e.ID > 1 && e.Event == event.Goal {
				if err := wait.Sleep(ctx, s.cfg.pace); err != nil {
					return err
				}
			}
			if err := s.publish(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// publish sends one event and waits until it is acknowledged: that keeps the order, and a student
// sees the goal on the other side before the next.
func (s *simulator) publish(ctx context.Context, e event.ScoreEvent) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if every := s.cfg.abortEvery; every > 0 && e.Event == event.Goal && uint64(e.ID)%every == 0 {
		if err := s.abortGhost(ctx, e); err != nil {
			return err
		}
	}
	msg, value, err := s.message(e)
	if err != nil {
		return err
	}
	s.process.Out.Print(s.words.sending, string(value))
	s.sent++
	began := time.Now()
	s.sending.Store(began.UnixMilli())
	if s.transactor != nil {
		err = s.transact(ctx, msg, s.about(e))
	} else {
		err = s.send(ctx, msg, s.process.History.Begin(history.Send, s.about(e)))
	}
	s.sending.Store(0)
	switch {
	case err == nil:
		s.acknowledged++
		s.published.Count(began, 1, 0, 0)
	case isUnknown(err):
		s.published.Count(began, 0, 0, 1)
	default:
		s.failed++
		s.published.Count(began, 0, 1, 0)
	}
	if err != nil {
		return fmt.Errorf("publish event %d of match %s: %w", e.ID, e.Match, err)
	}
	return nil
}

// send publishes without a transaction. With acks=0 nobody has answered when it returns.
func (s *simulator) send(ctx context.Context, msg *sarama.ProducerMessage, step history.Operation) error {
	if s.cfg.publishing.Acks == sarama.NoResponse {
		err := kafka.Send(ctx, s.producer, msg, history.Operation{})
		step.Unknown(err)
		return err
	}
	return kafka.Send(ctx, s.producer, msg, step)
}

// message is an event as it is sent, with the time of now; value is its JSON.
func (s *simulator) message(e event.ScoreEvent) (msg *sarama.ProducerMessage, value []byte, err error) {
	e.Timestamp = float64(time.Now().UnixMicro()) / 1e6
	value, err = json.Marshal(e)
	if err != nil {
		return nil, nil, fmt.Errorf("encode event %d: %w", e.ID, err)
	}
	msg = &sarama.ProducerMessage{Topic: s.cfg.topic, Value: sarama.ByteEncoder(value)}
	if !s.cfg.keyless {
		msg.Key = sarama.StringEncoder(e.Match)
	}
	return msg, value, nil
}

// about is an event as the history names it.
func (s *simulator) about(e event.ScoreEvent) history.Subject {
	return history.Subject{Stream: e.Match, Number: e.ID, Topic: s.cfg.topic, Partition: history.None, Offset: history.None}
}

// stalled is how long an event may wait before /readyz says so: longer than a leader election. One
// that fails ends the process.
const stalled = 15 * time.Second

func (s *simulator) ready() error {
	if began := s.sending.Load(); began != 0 && time.Since(time.UnixMilli(began)) > stalled {
		return fmt.Errorf("no acknowledgement for %s", time.Since(time.UnixMilli(began)).Round(time.Second))
	}
	return nil
}

// newMatchID is random and not seeded: two runs of one seed on the same topic are two matches.
func newMatchID() string {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
