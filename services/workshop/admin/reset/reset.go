// Package reset is the command «workshop reset».
package reset

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// Start is what a lab may leave behind on a cluster, besides the topics and groups of its runs.
type Start struct {
	Lab string
	// Topics are those of the lab's page, each with its dead-letter topic. The workshop's own are recreated, others are deleted.
	Topics []string
	Groups []string
}

// command is the command «workshop reset».
type command struct {
	*session.Options
	start   Start
	execute bool
}

// change is what happens to a topic or a group.
type change struct {
	Kind   string `json:"kind"` // topic or group
	Name   string `json:"name"`
	Action string `json:"action"` // delete, recreate or create; of a group delete or forget
	Has    string `json:"has,omitempty"`
	// Of a topic that is made:
	Partitions int32 `json:"partitions,omitempty"`
	Replicas   int16 `json:"replicas,omitempty"`
	// Of which topics a group forgets its offsets.
	Topics []string `json:"topics,omitempty"`

	topic   kafka.Topic    // that is made
	offsets []offset.Place // that are forgotten
}

// result is the JSON form of the result.
type result struct {
	Lab      string   `json:"lab"`
	Executed bool     `json:"executed"`
	Steps    []change `json:"steps"`
}

// defaultTimeout is long enough for the brokers to delete what some runs with --keep have left.
const defaultTimeout = time.Minute

// NewCommand returns the command «workshop reset», for these labs.
func NewCommand(t *session.Tool, labs []Start) *cobra.Command {
	r := &command{}
	var names []string
	for _, l := range labs {
		names = append(names, l.Lab)
	}
	cmd := &cobra.Command{
		Use:   "reset LAB",
		Short: "Take topics and offsets back to a lab's start",
		Long: `reset shows what a lab has left behind on a cluster, and with --execute takes it away: the topics and groups of runs
with --keep (lab-NAME-XXXXXX-...), and those that its page works with by hand. The workshop's own topics are made anew,
empty, as «workshop topics apply» makes them; others are deleted; groups forget how far they had read.

Nothing is changed without --execute, and nothing at all while one of the groups, or another that reads one of the
topics, has members. Messages that are deleted are gone.`,
		Example: `  workshop reset order                what would change
  workshop reset order --execute      and now for real
  workshop reset offsets -o json | jq '.steps[].name'`,
		ValidArgs: names,
		Args:      session.One("lab"),
	}
	session.BootstrapFlag(cmd)
	r.Options = t.BindLasting(cmd, func(ctx context.Context, _ *session.Options, args []string) error {
		i := slices.Index(names, args[0])
		if i < 0 {
			return service.UsageError(nearest.Unknown("lab", args[0], names))
		}
		r.start = labs[i]
		return r.run(ctx)
	})
	r.OutputFlag(cmd)
	cmd.Flags().DurationVar(&r.Timeout, "timeout", defaultTimeout, "how long to wait for the brokers' answers, in all")
	cmd.Flags().BoolVar(&r.execute, "execute", false, "change it")
	cmd.Flags().Bool("dry-run", false, "only show what would change (the default)")
	cmd.MarkFlagsMutuallyExclusive("execute", "dry-run")
	return cmd
}

func (r *command) run(ctx context.Context) error {
	r.Changes = r.execute
	steps, err := session.Ask(ctx, r.Options, func(ctx context.Context, s *session.Session) ([]change, error) {
		steps, err := plan(ctx, s, r.start, r.Standard)
		if err != nil || !r.execute {
			return steps, err
		}
		if err := untilReset(ctx, s, steps, r.start, r.Standard); err != nil {
			return nil, fmt.Errorf("%w; what was done before stays done: run it again, it goes on from there", err)
		}
		return steps, nil
	})
	if err != nil {
		return fmt.Errorf("reset lab %s: %w", r.start.Lab, err)
	}
	err = r.Print(result{r.start.Lab, r.execute, append([]change{}, steps...)}, func(w io.Writer) {
		fmt.Fprintln(w, "KIND\tNAME\tHAS\tACTION")
		for _, step := range steps {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.In(kinds[step.Kind]), step.Name, r.Words("%s", cmp.Or(step.Has, "-")), r.action(step))
		}
	})
	switch {
	case err != nil:
	case len(steps) == 0:
		r.Note("nothing to do: everything is as at the start of %s", r.start.Lab)
	case !r.execute:
		r.Note("this was a dry run: nothing is changed without --execute")
	}
	return err
}

var (
	kinds   = map[string]service.Text{"topic": {PT: "tópico", EN: "topic"}, "group": {PT: "grupo", EN: "group"}}
	actions = map[string]service.Text{
		"create": {PT: "criar", EN: "create"}, "recreate": {PT: "recriar", EN: "recreate"},
		"delete": {PT: "apagar", EN: "delete"}, "forget": {PT: "esquecer", EN: "forget"},
	}
)

// action returns what the table says of a step.
func (r *command) action(step change) string {
	action := r.In(actions[step.Action])
	switch step.Action {
	case "create", "recreate":
		return action + ": " + r.Words("%s, %s", session.Count(step.Partitions, "partition"), session.Count(step.Replicas, "replica"))
	case "forget":
		return action + " " + strings.Join(step.Topics, ", ")
	}
	return action
}
