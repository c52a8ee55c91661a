package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/service"
)

// reset is the command that moves a group's offsets.
type reset struct {
	*options
	topics          []string
	to              string
	execute, dryRun bool
}

// move is what becomes of a group's offset in one partition.
type move struct {
	Topic         string `json:"topic"`
	Partition     int32  `json:"partition"`
	CurrentOffset *int64 `json:"currentOffset"`
	NewOffset     int64  `json:"newOffset"`
	wanted        int64
}

// resetResult is the answer in JSON.
type resetResult struct {
	Group    string `json:"group"`
	Executed bool   `json:"executed"`
	Moves    []move `json:"offsets"`
}

func (t *Tool) groupsResetCommand(bootstrap *string) *cobra.Command {
	r := &reset{}
	cmd := &cobra.Command{
		Use:   "reset GROUP --topic TOPIC[:PARTITION,...] --to POSITION",
		Short: "Move a group's offsets, so that it reads again, or skips",
		Long: `reset shows where a group would go on reading. Nothing is changed without --execute, and nothing at all while the
group has members: they would commit over it.

POSITION: ` + positions + `. A time is that of the first message that is not older.
An offset outside the log becomes its nearest end.`,
		Example: `  workshop groups reset group1 --topic scoreGame --to earliest               what would change
  workshop groups reset group1 --topic scoreGame --to earliest --execute     and now for real
  workshop groups reset cg-group-id --topic transactions:0,2 --to 42 --execute
  workshop groups reset cg-group-id --topic transactions --to 2026-05-04T09:30:00-03:00`,
		Args: one("group"),
	}
	r.options = t.options(cmd, bootstrap, func(ctx context.Context, _ *options, args []string) error { return r.run(ctx, args[0]) })
	r.outputFlag(cmd)
	cmd.Flags().StringArrayVar(&r.topics, "topic", nil, "topic, or some of its partitions as TOPIC:0,2; may be given several times")
	cmd.Flags().StringVar(&r.to, "to", "", positions)
	cmd.Flags().BoolVar(&r.execute, "execute", false, "change the offsets")
	cmd.Flags().BoolVar(&r.dryRun, "dry-run", false, "only show what would change (the default)")
	cmd.MarkFlagsMutuallyExclusive("execute", "dry-run")
	for _, name := range []string{"topic", "to"} {
		cmd.MarkFlagRequired(name)
		cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return cmd
}

func (r *reset) run(ctx context.Context, group string) error {
	to, ok := parsePosition(r.to)
	if !ok {
		return service.UsageError(fmt.Sprintf("--to %q: accepted: %s", r.to, positions))
	}
	wanted, err := parsePlaces(r.topics)
	if err != nil {
		return err
	}
	r.changes = r.execute
	moves, err := ask(ctx, r.options, func(ctx context.Context, s *session) ([]move, error) {
		moves, err := s.planMoves(ctx, group, wanted, to)
		if err != nil || !r.execute {
			return moves, err
		}
		return moves, s.moveOffsets(group, moves)
	})
	if err != nil {
		return fmt.Errorf("reset group %s: %w", group, err)
	}
	err = r.print(resetResult{group, r.execute, moves}, func(w io.Writer) {
		fmt.Fprintln(w, "GROUP\tTOPIC\tPARTITION\tCURRENT-OFFSET\tNEW-OFFSET")
		for _, m := range moves {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\n", group, m.Topic, m.Partition, number(m.CurrentOffset), m.NewOffset)
		}
	})
	if err != nil {
		return err
	}
	for _, m := range moves {
		if m.wanted != m.NewOffset {
			r.note("%s/%d: there is no offset %d; the nearest is %d", m.Topic, m.Partition, m.wanted, m.NewOffset)
		}
	}
	if !r.execute {
		r.note("this was a dry run: nothing is changed without --execute")
	}
	return nil
}

// chosen is a topic, and of its partitions some, or all where none are named.
type chosen struct {
	topic      string
	partitions []int32
}

// parsePlaces reads topics given as TOPIC or TOPIC:PARTITION,PARTITION. A topic's name has no colon.
func parsePlaces(specs []string) ([]chosen, error) {
	var wanted []chosen
	for _, spec := range specs {
		name, list, some := strings.Cut(spec, ":")
		c := chosen{topic: name}
		if !service.LegalTopic(name) {
			return nil, illegal(name)
		}
		for field := range strings.SplitSeq(list, ",") {
			if !some {
				break
			}
			n, err := strconv.ParseInt(field, 10, 32)
			if err != nil || n < 0 {
				return nil, service.UsageError(fmt.Sprintf("--topic %q: accepted: TOPIC, or TOPIC:PARTITION,PARTITION such as transactions:0,2", spec))
			}
			c.partitions = append(c.partitions, int32(n))
		}
		wanted = append(wanted, c)
	}
	return wanted, nil
}

// places are the partitions that are meant, all of which exist.
func (c chosen) places(meta *sarama.MetadataResponse) ([]place, error) {
	found, err := find(meta, c.topic)
	if err != nil {
		return nil, err
	}
	there := partitionsOf(found[0])
	if c.partitions == nil {
		c.partitions = there
	}
	var places []place
	for _, p := range c.partitions {
		if !slices.Contains(there, p) {
			return nil, noPartition(found[0], p)
		}
		places = append(places, place{c.topic, p})
	}
	return places, nil
}

func noPartition(t *sarama.TopicMetadata, partition int32) error {
	return fmt.Errorf("topic %s has no partition %d: it has %s, from 0 to %d", t.Name, partition, count(len(t.Partitions), "partition"), len(t.Partitions)-1)
}

func leaderless(p place) error {
	return fmt.Errorf("%s/%d has no leader at the moment: start its brokers first («workshop topics describe %s»)", p.topic, p.partition, p.topic)
}

// planMoves looks up where the group would go; it fails where it has members.
func (s *session) planMoves(ctx context.Context, group string, wanted []chosen, to position) ([]move, error) {
	groups, err := s.groups(ctx, group)
	if err != nil {
		return nil, err
	}
	if err := inactive(groups[0]); err != nil {
		return nil, err
	}
	meta, err := s.metadata()
	if err != nil {
		return nil, err
	}
	var places []place
	for _, c := range wanted {
		some, err := c.places(meta)
		if err != nil {
			return nil, err
		}
		places = append(places, some...)
	}
	logs, err := s.bounds(ctx, meta, places)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		if _, led := logs[p]; !led {
			return nil, leaderless(p)
		}
	}
	offsets, err := s.resolve(ctx, to, logs)
	if err != nil {
		return nil, err
	}
	committed, err := s.committed(ctx, group)
	if err != nil {
		return nil, err
	}
	var moves []move
	for _, p := range sortedPlaces(logs) {
		log := logs[p]
		m := move{Topic: p.topic, Partition: p.partition, wanted: offsets[p], NewOffset: min(max(offsets[p], log.start), log.end)}
		if current, ok := committed[p]; ok {
			m.CurrentOffset = &current
		}
		moves = append(moves, m)
	}
	return moves, nil
}

// inactive fails where the group has members.
func inactive(g group) error {
	if len(g.members) == 0 {
		return nil
	}
	var who []string
	for _, m := range g.members {
		who = append(who, service.Safe(m.ClientID)+" on "+m.Host)
	}
	return fmt.Errorf("it has %s (%s): stop them first; one that was killed counts until its session ends, some seconds later",
		count(len(g.members), "active member"), strings.Join(who, ", "))
}

// moveOffsets commits in the name of the group. Sarama puts refusals into the answer.
func (s *session) moveOffsets(group string, moves []move) error {
	offsets := map[string]map[int32]sarama.OffsetAndMetadata{}
	for _, m := range moves {
		if offsets[m.Topic] == nil {
			offsets[m.Topic] = map[int32]sarama.OffsetAndMetadata{}
		}
		// Leader epoch -1 is "unknown". With another one a Java consumer may rewind after a change of leader.
		offsets[m.Topic][m.Partition] = sarama.OffsetAndMetadata{Offset: m.NewOffset, LeaderEpoch: -1}
	}
	resp, err := s.admin.AlterConsumerGroupOffsets(group, offsets, nil)
	if err != nil {
		return err
	}
	for topic, partitions := range resp.Errors {
		for partition, code := range partitions {
			if code == sarama.ErrUnknownMemberId {
				return errors.New("a member has joined it meanwhile: stop it first")
			}
			if code != sarama.ErrNoError {
				return fmt.Errorf("%s/%d: %w", topic, partition, code)
			}
		}
	}
	return nil
}
