package topic

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
)

// reassign is the command that moves a topic's replicas.
type reassign struct {
	*session.Options
	topic    string
	replicas int // 0: as many as there are
	brokers  []int32
	dryRun   bool
	wait     time.Duration
}

// reassigned is the replicas of a partition before and after.
type reassigned struct {
	Partition int32   `json:"partition"`
	Before    []int32 `json:"before"`
	After     []int32 `json:"after"`
}

func newReassignCommand(t *session.Tool) *cobra.Command {
	r := &reassign{}
	var brokers []int
	cmd := &cobra.Command{
		Use:   "reassign NAME --replication-factor N [--brokers 1,2]",
		Short: "Give a topic more or fewer replicas, or put them on other brokers",
		Long: `reassign changes how many copies each partition has, or on which brokers, and waits until the new ones have caught
up. A leader stays where it is, if its broker is among those that are to hold the topic; the load of the others is
spread. Kafka has no --alter --replication-factor: this is what stands for it.

Ctrl-C ends the wait, not the move. Only real brokers have replicas: an embedded cluster refuses.`,
		Example: `  workshop topics reassign scoreGame --replication-factor 3
  workshop topics reassign meu-topico --replication-factor 2 --brokers 1,2 --dry-run
  workshop topics reassign meu-topico --brokers 2,3,4               as many as before, elsewhere`,
		Args: session.One("topic"),
	}
	r.Options = t.Bind(cmd, func(ctx context.Context, _ *session.Options, args []string) error {
		flags := cmd.Flags()
		if !flags.Changed("replication-factor") && !flags.Changed("brokers") {
			return service.UsageError("nothing to change: give --replication-factor, --brokers or both")
		}
		if flags.Changed("replication-factor") && (r.replicas < 1 || r.replicas > 100) || r.wait <= 0 {
			return service.UsageError("--replication-factor has to be from 1 to the number of brokers, and --wait greater than 0")
		}
		for _, id := range brokers {
			r.brokers = append(r.brokers, int32(id))
		}
		r.topic = args[0]
		return r.run(ctx)
	})
	r.OutputFlag(cmd)
	cmd.Flags().IntVar(&r.replicas, "replication-factor", 0, "copies of each partition (default: as many as now)")
	cmd.Flags().IntSliceVar(&brokers, "brokers", nil, "ids of the brokers that are to hold the topic (default: all)")
	cmd.Flags().BoolVar(&r.dryRun, "dry-run", false, "only show what would change")
	cmd.Flags().DurationVar(&r.wait, "wait", 10*time.Minute, "how long to wait until the new replicas are in sync")
	session.NoDefault(cmd, "replication-factor")
	return cmd
}

func (r *reassign) run(ctx context.Context) error {
	r.Changes = !r.dryRun
	r.Needs("Alter", "cluster")
	plan, err := session.Ask(ctx, r.Options, func(ctx context.Context, s *session.Session) ([]reassigned, error) {
		plan, err := r.plan(ctx, s)
		if err != nil || r.dryRun || unchanged(plan) {
			return plan, err
		}
		var replicas [][]int32
		for _, p := range plan {
			replicas = append(replicas, p.After)
		}
		return plan, s.Admin.AlterPartitionReassignments(r.topic, replicas)
	})
	if err != nil {
		return fmt.Errorf("reassign %s: %w", r.topic, err)
	}
	err = r.Print(plan, func(w io.Writer) {
		fmt.Fprintln(w, "PARTITION\tREPLICAS\tNEW-REPLICAS")
		for _, p := range plan {
			fmt.Fprintf(w, "%d\t%s\t%s\n", p.Partition, ids(p.Before), ids(p.After))
		}
	})
	switch {
	case err != nil:
		return err
	case unchanged(plan):
		r.Note("%s is as it should be: nothing to change", r.topic)
		return nil
	case r.dryRun:
		r.Note("this was a dry run: nothing was changed")
		return nil
	}
	if err := r.await(ctx, plan); err != nil {
		return fmt.Errorf("reassign %s: %w", r.topic, err)
	}
	return nil
}

func unchanged(plan []reassigned) bool {
	return !slices.ContainsFunc(plan, func(p reassigned) bool { return !slices.Equal(p.Before, p.After) })
}

// await notes how far the move is until it is complete.
func (r *reassign) await(ctx context.Context, plan []reassigned) error {
	waiting := *r.Options
	waiting.Timeout, waiting.Changes = r.wait, false
	said := ""
	err := session.Do(ctx, &waiting, func(ctx context.Context, s *session.Session) error {
		return s.Until(ctx, func(meta *sarama.MetadataResponse) bool {
			found, err := session.Find(meta, r.topic)
			if err != nil {
				return false // deleted meanwhile; the wait ends by its time
			}
			done := arrived(found[0], plan)
			if line := fmt.Sprintf("%d of %s moved", done, session.Count(len(plan), "partition")); line != said {
				said = line
				r.Note("%s", line)
			}
			return done == len(plan)
		})
	})
	if err != nil {
		return fmt.Errorf("%w; the move itself goes on, «workshop topics describe %s» shows how far it is", err, r.topic)
	}
	return nil
}

// arrived returns how many partitions have exactly the planned replicas, all in sync.
func arrived(t *sarama.TopicMetadata, plan []reassigned) int {
	done := 0
	for _, p := range t.Partitions {
		i := slices.IndexFunc(plan, func(planned reassigned) bool { return planned.Partition == p.ID })
		if i >= 0 && slices.Equal(p.Replicas, plan[i].After) && len(p.Isr) == len(p.Replicas) {
			done++
		}
	}
	return done
}
