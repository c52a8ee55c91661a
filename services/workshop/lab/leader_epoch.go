package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// leaderEpoch is not in the list of labs: its purpose is the control beside it. An offset is committed
// with the epoch of the leader that it was read from. Sarama's usual calls commit epoch 0; once the
// leader has changed, Java's consumer compares the two, takes the log for truncated and goes back.
var _ = add(Lab{
	Name:     "leader-epoch",
	Pace:     100 * time.Millisecond,
	run:      runLeaderEpoch,
	Controls: []Control{epochZero},
})

func runLeaderEpoch(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	console := filepath.Join(os.Getenv("KAFKA_HOME"), "bin", "kafka-console-consumer.sh")
	if _, err := os.Stat(console); os.Getenv("KAFKA_HOME") == "" || err != nil {
		return nil, &rig.NotRun{Cause: "this needs Kafka's own kafka-console-consumer.sh: set KAFKA_HOME to an unpacked Kafka 3.9"}
	}
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	board := m.Board("scoreboard", "DELIVERY=at-least-once", "GROUP_INSTANCE_ID=")
	life, err := board.Start()
	if err != nil {
		return nil, err
	}
	if _, err := m.Play(); err != nil {
		return nil, err
	}
	if err := life.Await(ctx, "id 10 is shown", match.Showing(10)); err != nil {
		return nil, err
	}
	if err := moveLeader(ctx, b, m.Topic); err != nil {
		return nil, err
	}
	if err := life.Await(ctx, "id 20 is shown", match.Showing(20)); err != nil {
		return nil, err
	}
	life.Stop() // which commits, and leaves the group
	java, err := b.Launch(b.Screen, "java", console, []string{
		"--bootstrap-server", strings.Join(b.Cluster.Brokers, ","), "--topic", m.Topic, "--group", board.Group,
	}, b.Environment("java", nil), false)
	if err != nil {
		return nil, err
	}
	if err := java.Await(ctx, "the end of the match", rig.Said(`"event":"finished"`, 1)); err != nil {
		return nil, err
	}
	java.Kill()
	return judgeTogether(ctx, m, board, java)
}

// moveLeader makes another replica the leader, as an operator would before a broker's maintenance.
func moveLeader(ctx context.Context, b *rig.Bench, topic string) error {
	leader, followers, err := b.Replicas(topic)
	if err != nil {
		return err
	}
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return err
	}
	if err := admin.AlterPartitionReassignments(topic, [][]int32{append(slices.Clone(followers), leader)}); err != nil {
		return fmt.Errorf("another order of replicas for %s: %w", topic, err)
	}
	return rig.Await(ctx, "another broker leads "+topic, func() bool {
		// Until the new order is in force the election changes nothing, and is asked for again.
		admin.ElectLeaders(sarama.PreferredElection, map[string][]int32{topic: {0}})
		if err := b.Client.RefreshMetadata(topic); err != nil {
			return false
		}
		now, err := b.Client.Leader(topic, 0)
		return err == nil && now.ID() != leader
	})
}

// judgeTogether counts what a board and a Java consumer have seen.
func judgeTogether(ctx context.Context, m *match.Match, board *match.Board, java *rig.Process) ([]report.Part, error) {
	goals, err := m.Goals(ctx)
	if err != nil {
		return nil, err
	}
	run := verdict.Run{Log: []verdict.Record{}, Reads: []verdict.Read{}}
	for _, g := range goals {
		run.Log = append(run.Log, g.Record)
	}
	for _, s := range board.Scores() {
		run.Reads = append(run.Reads, verdict.Read{Message: verdict.Message{Stream: goals[0].Stream, Number: s.ID()}, Session: s.Session})
	}
	for _, line := range java.Lines() {
		var e event.ScoreEvent
		if err := json.Unmarshal([]byte(line.Text), &e); err == nil && e.Event == event.Goal {
			run.Reads = append(run.Reads, verdict.Read{Message: verdict.Message{Stream: e.Match, Number: e.ID}, Session: "java"})
		}
	}
	return []report.Part{{Counted: verdict.Check(run), Highest: match.Highest(goals)}}, nil
}

var epochZero = Control{
	Name:    "epoch-zero",
	Brokers: true, pace: 100 * time.Millisecond,
	instead: broken("epoch-zero"),
	caught:  func(parts []report.Part) bool { return len(parts[0].Counted.Repeated) > 0 },
}
