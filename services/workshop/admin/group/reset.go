package group

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// reset is the command that moves a group's offsets.
type reset struct {
	*session.Options
	topics  []string
	to      string
	execute bool
}

// move is the change of a group's offset in a partition.
type move struct {
	Topic         string `json:"topic"`
	Partition     int32  `json:"partition"`
	CurrentOffset *int64 `json:"currentOffset"`
	NewOffset     int64  `json:"newOffset"`
	wanted        int64
}

// resetResult is the JSON form of the result.
type resetResult struct {
	Group    string `json:"group"`
	Executed bool   `json:"executed"`
	Moves    []move `json:"offsets"`
}

func newResetCommand(t *session.Tool) *cobra.Command {
	r := &reset{}
	cmd := &cobra.Command{
		Use:   "reset GROUP --topic TOPIC[:PARTITION,...] --to POSITION",
		Short: "Move a group's offsets, so that it reads again, or skips",
		Long: `reset shows where a group would go on reading. Nothing is changed without --execute, and nothing at all while the
group has members: they would commit over it. A share group gives out again what is behind its new position, also what was
acknowledged.

POSITION: ` + offset.PositionSyntax + `. A time is that of the first message that is not older.
An offset outside the log becomes its nearest end.`,
		Example: `  workshop groups reset group1 --topic scoreGame --to earliest               what would change
  workshop groups reset group1 --topic scoreGame --to earliest --execute     and now for real
  workshop groups reset cg-group-id --topic transactions:0,2 --to 42 --execute
  workshop groups reset cg-group-id --topic transactions --to 2026-05-04T09:30:00-03:00`,
		Args: session.One("group"),
	}
	r.Options = t.Bind(cmd, func(ctx context.Context, _ *session.Options, args []string) error { return r.run(ctx, args[0]) })
	r.OutputFlag(cmd)
	cmd.Flags().StringArrayVar(&r.topics, "topic", nil, "topic, or some of its partitions as TOPIC:0,2; may be given several times")
	cmd.Flags().StringVar(&r.to, "to", "", offset.PositionSyntax)
	cmd.Flags().BoolVar(&r.execute, "execute", false, "change the offsets")
	cmd.Flags().Bool("dry-run", false, "only show what would change (the default)")
	cmd.MarkFlagsMutuallyExclusive("execute", "dry-run")
	for _, name := range []string{"topic", "to"} {
		cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (r *reset) run(ctx context.Context, group string) error {
	to, ok := offset.ParsePosition(r.to)
	if !ok {
		return service.UsageError(fmt.Sprintf("--to %q: accepted: %s", r.to, offset.PositionSyntax))
	}
	wanted, err := parseTopics(r.topics)
	if err != nil {
		return err
	}
	r.Changes = r.execute
	r.Needs("Read", "group", group)
	for _, c := range wanted {
		r.Needs("Read", "topic", c.Topic)
	}
	moves, err := session.Ask(ctx, r.Options, func(ctx context.Context, s *session.Session) ([]move, error) {
		g, err := inactive(ctx, s, group)
		if err != nil {
			return nil, err
		}
		moves, err := planMoves(ctx, s, g, wanted, to)
		if err != nil || !r.execute {
			return moves, err
		}
		offsets := map[offset.Place]int64{}
		for _, m := range moves {
			offsets[offset.Place{Topic: m.Topic, Partition: m.Partition}] = m.NewOffset
		}
		return moves, g.SetOffsets(ctx, s, offsets)
	})
	if err != nil {
		return fmt.Errorf("reset group %s: %w", group, err)
	}
	err = r.Print(resetResult{group, r.execute, moves}, func(w io.Writer) {
		fmt.Fprintln(w, "GROUP\tTOPIC\tPARTITION\tCURRENT-OFFSET\tNEW-OFFSET")
		for _, m := range moves {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\n", group, m.Topic, m.Partition, session.Number(m.CurrentOffset), m.NewOffset)
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

// parseTopics parses TOPIC and TOPIC:PARTITION,PARTITION. The name of a topic has no colon.
func parseTopics(specs []string) ([]offset.Chosen, error) {
	var wanted []offset.Chosen
	for _, spec := range specs {
		name, list, some := strings.Cut(spec, ":")
		c := offset.Chosen{Topic: name}
		if !service.LegalTopic(name) {
			return nil, session.IllegalTopic(name)
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

// inactive returns a group. It fails if the group has members.
func inactive(ctx context.Context, s *session.Session, name string) (coordinator.Group, error) {
	groups, err := coordinator.Describe(ctx, s, name)
	if err != nil {
		return coordinator.Group{}, err
	}
	return groups[0], groups[0].CheckInactive()
}

// planMoves returns the moves of a group.
func planMoves(ctx context.Context, s *session.Session, g coordinator.Group, wanted []offset.Chosen, to offset.Position) ([]move, error) {
	logs, err := offset.ChosenBounds(ctx, s, wanted...)
	if err != nil {
		return nil, err
	}
	offsets, err := offset.Resolve(ctx, s, to, logs)
	if err != nil {
		return nil, err
	}
	now, err := g.Offsets(ctx, s)
	if err != nil {
		return nil, err
	}
	var moves []move
	for _, p := range offset.SortedPlaces(logs) {
		log := logs[p]
		m := move{Topic: p.Topic, Partition: p.Partition, wanted: offsets[p], NewOffset: min(max(offsets[p], log.Start), log.End)}
		if current, ok := now[p]; ok {
			m.CurrentOffset = &current
		}
		moves = append(moves, m)
	}
	return moves, nil
}
