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
	*Options
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

func newResetCommand(t *Tool) *cobra.Command {
	r := &reset{}
	cmd := &cobra.Command{
		Use:   "reset GROUP --topic TOPIC[:PARTITION,...] --to POSITION",
		Short: "Move a group's offsets, so that it reads again, or skips",
		Long: `reset shows where a group would go on reading. Nothing is changed without --execute, and nothing at all while the
group has members: they would commit over it.

POSITION: ` + Syntax + `. A time is that of the first message that is not older.
An offset outside the log becomes its nearest end.`,
		Example: `  workshop groups reset group1 --topic scoreGame --to earliest               what would change
  workshop groups reset group1 --topic scoreGame --to earliest --execute     and now for real
  workshop groups reset cg-group-id --topic transactions:0,2 --to 42 --execute
  workshop groups reset cg-group-id --topic transactions --to 2026-05-04T09:30:00-03:00`,
		Args: One("group"),
	}
	r.Options = t.Bind(cmd, func(ctx context.Context, _ *Options, args []string) error { return r.run(ctx, args[0]) })
	r.OutputFlag(cmd)
	cmd.Flags().StringArrayVar(&r.topics, "topic", nil, "topic, or some of its partitions as TOPIC:0,2; may be given several times")
	cmd.Flags().StringVar(&r.to, "to", "", Syntax)
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
	to, ok := ParsePosition(r.to)
	if !ok {
		return service.UsageError(fmt.Sprintf("--to %q: accepted: %s", r.to, Syntax))
	}
	wanted, err := ParseChosen(r.topics)
	if err != nil {
		return err
	}
	r.Changes = r.execute
	moves, err := Ask(ctx, r.Options, func(ctx context.Context, s *Session) ([]move, error) {
		moves, err := planMoves(ctx, s, group, wanted, to)
		if err != nil || !r.execute {
			return moves, err
		}
		offsets := map[Place]int64{}
		for _, m := range moves {
			offsets[Place{m.Topic, m.Partition}] = m.NewOffset
		}
		return moves, SetOffsets(s, group, offsets)
	})
	if err != nil {
		return fmt.Errorf("reset group %s: %w", group, err)
	}
	err = r.Print(resetResult{group, r.execute, moves}, func(w io.Writer) {
		fmt.Fprintln(w, "GROUP\tTOPIC\tPARTITION\tCURRENT-OFFSET\tNEW-OFFSET")
		for _, m := range moves {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\n", group, m.Topic, m.Partition, Number(m.CurrentOffset), m.NewOffset)
		}
	})
	if err != nil {
		return err
	}
	for _, m := range moves {
		if m.wanted != m.NewOffset {
			r.Note("%s/%d: there is no offset %d; the nearest is %d", m.Topic, m.Partition, m.wanted, m.NewOffset)
		}
	}
	if !r.execute {
		r.Note("this was a dry run: nothing is changed without --execute")
	}
	return nil
}

// Chosen is a topic, and of its partitions some, or all where none are named.
type Chosen struct {
	Topic      string
	Partitions []int32
}

// ParseChosen reads topics given as TOPIC or TOPIC:PARTITION,PARTITION. A topic's name has no colon.
func ParseChosen(specs []string) ([]Chosen, error) {
	var wanted []Chosen
	for _, spec := range specs {
		name, list, some := strings.Cut(spec, ":")
		c := Chosen{Topic: name}
		if !service.LegalTopic(name) {
			return nil, IllegalTopic(name)
		}
		for field := range strings.SplitSeq(list, ",") {
			if !some {
				break
			}
			n, err := strconv.ParseInt(field, 10, 32)
			if err != nil || n < 0 {
				return nil, service.UsageError(fmt.Sprintf("--topic %q: accepted: TOPIC, or TOPIC:PARTITION,PARTITION such as transactions:0,2", spec))
			}
			c.Partitions = append(c.Partitions, int32(n))
		}
		wanted = append(wanted, c)
	}
	return wanted, nil
}

// Places are the partitions that are meant, all of which exist.
func (c Chosen) Places(meta *sarama.MetadataResponse) ([]Place, error) {
	found, err := Find(meta, c.Topic)
	if err != nil {
		return nil, err
	}
	there := PartitionsOf(found[0])
	if c.Partitions == nil {
		c.Partitions = there
	}
	var places []Place
	for _, p := range c.Partitions {
		if !slices.Contains(there, p) {
			return nil, NoPartition(found[0], p)
		}
		places = append(places, Place{c.Topic, p})
	}
	return places, nil
}

func NoPartition(t *sarama.TopicMetadata, partition int32) error {
	return fmt.Errorf("topic %s has no partition %d: it has %s, from 0 to %d", t.Name, partition, Count(len(t.Partitions), "partition"), len(t.Partitions)-1)
}

func Leaderless(p Place) error {
	return fmt.Errorf("%s/%d has no leader at the moment: start its brokers first («workshop topics describe %s»)", p.Topic, p.Partition, p.Topic)
}

// planMoves looks up where the group would go; it fails where it has members.
func planMoves(ctx context.Context, s *Session, group string, wanted []Chosen, to Position) ([]move, error) {
	groups, err := Describe(ctx, s, group)
	if err != nil {
		return nil, err
	}
	if err := CheckInactive(groups[0]); err != nil {
		return nil, err
	}
	meta, err := s.Metadata()
	if err != nil {
		return nil, err
	}
	var places []Place
	for _, c := range wanted {
		some, err := c.Places(meta)
		if err != nil {
			return nil, err
		}
		places = append(places, some...)
	}
	logs, err := BoundsOf(ctx, s, meta, places)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		if _, led := logs[p]; !led {
			return nil, Leaderless(p)
		}
	}
	offsets, err := Resolve(ctx, s, to, logs)
	if err != nil {
		return nil, err
	}
	committed, err := Committed(ctx, s, group)
	if err != nil {
		return nil, err
	}
	var moves []move
	for _, p := range SortedPlaces(logs) {
		log := logs[p]
		m := move{Topic: p.Topic, Partition: p.Partition, wanted: offsets[p], NewOffset: min(max(offsets[p], log.Start), log.End)}
		if current, ok := committed[p]; ok {
			m.CurrentOffset = &current
		}
		moves = append(moves, m)
	}
	return moves, nil
}

// CheckInactive fails where the group has members.
func CheckInactive(g Group) error {
	if len(g.Members) == 0 {
		return nil
	}
	var who []string
	for _, m := range g.Members {
		who = append(who, service.Safe(m.ClientID)+" on "+m.Host)
	}
	return fmt.Errorf("it has %s (%s): stop them first; one that was killed counts until its session ends, some seconds later",
		Count(len(g.Members), "active member"), strings.Join(who, ", "))
}

// SetOffsets commits offsets in the name of a group. It fails if the group has members.
func SetOffsets(s *Session, group string, offsets map[Place]int64) error {
	commits := map[string]map[int32]sarama.OffsetAndMetadata{}
	for p, offset := range offsets {
		if commits[p.Topic] == nil {
			commits[p.Topic] = map[int32]sarama.OffsetAndMetadata{}
		}
		// Leader epoch -1 is "unknown". With another one a Java consumer may rewind after a change of leader.
		commits[p.Topic][p.Partition] = sarama.OffsetAndMetadata{Offset: offset, LeaderEpoch: -1}
	}
	resp, err := s.Admin.AlterConsumerGroupOffsets(group, commits, nil) // which puts refusals into the answer
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
