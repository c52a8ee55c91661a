package scoreboard

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// exitCrashed is what a shell reports of a process that was killed with -9.
const exitCrashed = 137

// The modes of the crash on cue.
const (
	failOnce   = "once"
	failAlways = "always"
)

// crashPlan is the crash on cue as the environment wants it.
type crashPlan struct {
	atID     uint64 // 0: never
	mode     string
	stateDir string    // where failOnce remembers that it has struck
	exit     func(int) // os.Exit, except in tests
}

func crashPlanFromEnv(env *service.Env) crashPlan {
	state := ""
	if cache, err := os.UserCacheDir(); err == nil {
		state = filepath.Join(cache, "kafka-workshop")
	}
	return crashPlan{
		atID:     env.Number("FAIL_AT_ID", 0, "id of the event at which the scoreboard crashes, with exit code 137; 0: never"),
		mode:     env.OneOf("FAIL_MODE", failOnce, []string{failOnce, failAlways}, "crash once for an event, or at each restart again"),
		stateDir: env.Text("STATE_DIR", state, "a folder that can be written", "where a crash leaves its mark"),
		exit:     os.Exit,
	}
}

// checkStateDir makes the folder where it is missing. Its error is a UsageError: better now than at
// the moment of the crash, which would then not be the last.
func (p crashPlan) checkStateDir() error {
	if p.atID == 0 {
		return nil
	}
	if p.stateDir == "" {
		return service.UsageError("STATE_DIR is empty and this user has no cache folder: FAIL_AT_ID needs a folder that can be written")
	}
	err := os.MkdirAll(p.stateDir, 0o755)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(p.stateDir, "probe-*"); err == nil {
			probe.Close()
			err = os.Remove(probe.Name())
		}
	}
	if err != nil {
		return service.UsageError(fmt.Sprintf("STATE_DIR=%q: FAIL_AT_ID needs a folder that can be written: %v", p.stateDir, err))
	}
	return nil
}

// crash ends the process in the middle of its work, as kill -9 would: nothing deferred runs, no
// offset is committed, the group is not told. A nil *crash never does.
type crash struct {
	plan           crashPlan
	cluster, group string
	topicID        func(topic string) (string, error) // asked at the crash: the topic may be recreated while we run
	process        *service.Process
	words          words
	sentence       string // what a crash loop means for this guarantee
}

func newCrash(ctx context.Context, plan crashPlan, client sarama.Client, cfg config, words words, p *service.Process) (*crash, error) {
	if plan.atID == 0 {
		return nil, nil
	}
	cluster, err := kafka.ClusterID(ctx, client)
	if err != nil {
		return nil, err
	}
	c := &crash{
		plan:     plan,
		cluster:  cluster,
		group:    cfg.member.Group,
		topicID:  func(topic string) (string, error) { return kafka.TopicID(ctx, client, topic) },
		process:  p,
		words:    words,
		sentence: words.crashLoop,
	}
	if cfg.delivery == atMostOnce {
		c.sentence = words.crashLost
	}
	return c, nil
}

// at crashes if msg is the event chosen for it. In the mode once it leaves a mark first and strikes
// only where there is none: a restart passes the same event, while the same id in another match, in a
// recreated topic or in another cluster is another message and fails again.
func (c *crash) at(msg *sarama.ConsumerMessage) error {
	if c == nil {
		return nil
	}
	e, err := event.DecodeScoreEvent(msg.Value)
	if err != nil || uint64(e.ID) != c.plan.atID {
		return nil
	}
	if c.plan.mode == failAlways {
		c.note(e, msg)
		c.process.Out.Print(fmt.Sprintf(c.words.crash, e.ID), " ", c.sentence)
		c.plan.exit(exitCrashed)
	}
	topicID, err := c.topicID(msg.Topic)
	if err != nil {
		return err // not fatal: in the next session the brokers may answer
	}
	switch err := c.mark(topicID, msg); {
	case errors.Is(err, fs.ErrExist):
		c.process.Out.Print(fmt.Sprintf(c.words.crashedBefore, e.ID))
		return nil
	case err != nil:
		return &kafka.FatalError{Err: fmt.Errorf("crash at id %d: leave a mark in STATE_DIR: %w", e.ID, err)}
	}
	c.note(e, msg)
	c.process.Out.Print(fmt.Sprintf(c.words.crash, e.ID), " ", c.words.crashOnce) // Print flushes; nothing else will
	c.plan.exit(exitCrashed)
	return nil
}

func (c *crash) note(e event.ScoreEvent, msg *sarama.ConsumerMessage) {
	c.process.History.Note(history.Crash, history.Intent, subjectOf(e, msg))
}

// mark creates the mark of a message, or returns fs.ErrExist; only one of several can create it. Its
// name has what a reader of the folder recognizes, and a digest, because names of groups may hold
// what names of files may not.
func (c *crash) mark(topicID string, msg *sarama.ConsumerMessage) error {
	about := strings.Join([]string{
		"cluster " + c.cluster, "topic " + msg.Topic, "topic id " + kafka.RecordTopic(topicID, msg), "group " + c.group,
		fmt.Sprint("partition ", msg.Partition), fmt.Sprint("offset ", msg.Offset),
	}, "\n") + "\n"
	name := fmt.Sprintf("crashed-%.100s-%d-%d-%.8x", msg.Topic, msg.Partition, msg.Offset, sha256.Sum256([]byte(about)))
	file, err := os.OpenFile(filepath.Join(c.plan.stateDir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(about)
	return errors.Join(err, file.Close())
}
