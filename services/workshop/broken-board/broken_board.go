// The broken-board is a scoreboard that is wrong on purpose, in one way of five, each of which is found
// in real programs and looks right. It is how the labs are tested: a check that has never been seen to
// fail proves nothing, so «workshop lab controls» puts this board in the scoreboard's place, and every
// one of its mistakes must be caught.
//
//	topic in:  TOPIC (scoreGame), in the group CONSUMER_GROUP
//	topic out: BOARD_TOPIC (scoreBoard), in the ways with transactions
//	mistake:   BROKEN
package brokenboard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// The mistakes.
const (
	neverCommit       = "never-commit"        // at-least-once, but no offset is ever stored
	unconfirmedCommit = "unconfirmed-commit"  // at-most-once, with a commit whose refusal nobody sees
	readOnAfterAbort  = "read-on-after-abort" // exactly-once, going on behind the aborted event
	groupIDOnly       = "group-id-only"       // exactly-once, with offsets in the name of the group alone
	epochZero         = "epoch-zero"          // at-least-once, committing leader epoch 0
)

// Main runs the broken-board, and exits.
func Main() {
	service.Main(service.About{
		Name:    "broken-board",
		Summary: "broken-board is a scoreboard with a mistake: a control for the labs, not to be copied.",
		Example: "  broken-board --broken never-commit",
	}, configure, run)
}

type config struct {
	cluster       kafka.Cluster
	member        kafka.Membership
	topic         string
	boardTopic    string
	transactional kafka.Transactional
	broken        string
	failAt        uint64
	stateDir      string
}

func configure(env *service.Env) config {
	cfg := config{
		cluster:    kafkaenv.Cluster(env),
		topic:      env.Topic("TOPIC", "scoreGame", "topic to read"),
		boardTopic: env.Topic("BOARD_TOPIC", "scoreBoard", "where the board is written, in the ways with transactions"),
		member:     kafkaenv.Membership(env, "group1"),
		failAt:     env.Number("FAIL_AT_ID", 0, "id of the event at which it crashes, once; 0: never"),
		stateDir:   env.Text("STATE_DIR", os.TempDir(), "a folder that can be written", "where the crash leaves its mark"),
		broken: env.OneOf("BROKEN", neverCommit,
			[]string{neverCommit, unconfirmedCommit, readOnAfterAbort, groupIDOnly, epochZero}, "which mistake it makes"),
	}
	cfg.transactional = kafkaenv.Transactional(env, cfg.member.Group+"-"+cfg.member.InstanceID, "in the ways with transactions")
	return cfg
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	conf := cfg.cluster.Config(p.Name)
	cfg.member.Apply(conf)
	client, err := cfg.cluster.Dial(ctx, conf, []string{cfg.topic}, lines.Hooks(p).Waiting)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	b := &board{cfg: cfg, process: p, client: client}
	if cfg.broken == readOnAfterAbort || cfg.broken == groupIDOnly {
		own := cfg.cluster.Config(p.Name)
		own.Producer.Transaction.ID = cfg.transactional.ID
		own.Producer.Transaction.Timeout = cfg.transactional.Timeout
		if b.producer, err = sarama.NewSyncProducer(cfg.cluster.Brokers, own); err != nil {
			return err
		}
		defer wait.CloseWithin(wait.CloseTimeout, b.producer)
	}
	group, err := sarama.NewConsumerGroupFromClient(cfg.member.Group, client)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, group)
	go func() {
		for err := range group.Errors() {
			p.Log.Warn("consumer group", "error", err)
		}
	}()
	for ctx.Err() == nil && !b.finished {
		if err := group.Consume(ctx, []string{cfg.topic}, b); err != nil && !errors.Is(err, context.Canceled) {
			p.Log.Warn("consume", "error", err)
			wait.Sleep(ctx, 100*time.Millisecond)
		}
	}
	if b.finished {
		return nil
	}
	return ctx.Err()
}

// board is a sarama handler as one writes it without the kit.
type board struct {
	cfg      config
	process  *service.Process
	client   sarama.Client
	producer sarama.SyncProducer // nil except in the ways with transactions
	finished bool
}

func (b *board) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (b *board) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (b *board) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case msg, ok := <-claim.Messages():
			if !ok {
				return nil
			}
			e, err := event.DecodeScoreEvent(msg.Value)
			if err != nil {
				return err
			}
			if err := b.handle(session, msg, e); err != nil {
				return err
			}
			if e.Event == event.Finished {
				b.finished = true
				return nil
			}
		case <-session.Context().Done():
			return nil
		}
	}
}

// handle makes the mistake.
func (b *board) handle(session sarama.ConsumerGroupSession, msg *sarama.ConsumerMessage, e event.ScoreEvent) error {
	switch b.cfg.broken {
	case neverCommit:
		b.show(e)
		return b.crash(msg, e)
	case unconfirmedCommit:
		session.MarkMessage(msg, "")
		session.Commit() // returns nothing, whatever the coordinator said
		if err := b.crash(msg, e); err != nil {
			return err
		}
		b.show(e)
	case epochZero:
		b.show(e)
		if err := b.crash(msg, e); err != nil {
			return err
		}
		return b.commitEpochZero(session, msg)
	default:
		if err := b.transact(session, msg, e); err != nil {
			b.process.Log.Warn("transaction", "error", err)
			aborted := b.producer.AbortTxn()
			if aborted != nil || b.cfg.broken != readOnAfterAbort {
				return errors.Join(err, aborted)
			}
			session.ResetOffset(msg.Topic, msg.Partition, msg.Offset, "") // moves the mark, not the reader
			return nil
		}
		b.show(e)
	}
	return nil
}

func (b *board) show(e event.ScoreEvent) {
	if e.Event == event.Goal {
		b.process.Out.Print(fmt.Sprintf("%d - %d", e.Score.TeamA, e.Score.TeamB))
	} else {
		b.process.Out.Print(service.Pick(b.process.Lang, "Partida finalizada!", "Match finished!"))
	}
}

// crash ends the process at the event that is chosen for it, as kill -9 would, unless it has already.
func (b *board) crash(msg *sarama.ConsumerMessage, e event.ScoreEvent) error {
	if uint64(e.ID) != b.cfg.failAt {
		return nil
	}
	mark, err := os.OpenFile(filepath.Join(b.cfg.stateDir, fmt.Sprintf("broken-%s-%s-%d", b.cfg.member.Group, msg.Topic, msg.Offset)),
		os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil
	case err != nil:
		return fmt.Errorf("leave a mark in STATE_DIR: %w", err)
	}
	mark.Close()
	os.Exit(137)
	return nil
}

// commitEpochZero is what sarama's AddBlock sends: a leader epoch of 0 instead of none.
func (b *board) commitEpochZero(session sarama.ConsumerGroupSession, msg *sarama.ConsumerMessage) error {
	coordinator, err := b.client.Coordinator(b.cfg.member.Group)
	if err != nil {
		return err
	}
	req := sarama.NewOffsetCommitRequest(b.client.Config(), b.cfg.member.Group)
	req.ConsumerGroupGeneration, req.ConsumerID = session.GenerationID(), session.MemberID()
	if id := b.cfg.member.InstanceID; id != "" {
		req.GroupInstanceId = &id
	}
	req.AddBlock(msg.Topic, msg.Partition, msg.Offset+1, sarama.ReceiveTime, "")
	_, err = coordinator.CommitOffset(req)
	return err
}
