package admin

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
)

// LabStart is what a lab may leave behind on a cluster, beside what its own runs have made.
type LabStart struct {
	Lab string
	// Topics are those of the lab's page. The workshop's own are made anew, others deleted; the dead-letter
	// topic of each goes with it.
	Topics []string
	Groups []string
}

// labReset is the command that takes a lab back to its start.
type labReset struct {
	*Options
	start           LabStart
	execute, dryRun bool
}

// labStep is one thing that the command does.
type labStep struct {
	Kind   string `json:"kind"` // topic or group
	Name   string `json:"name"`
	Action string `json:"action"` // delete, recreate or create; of a group delete or forget
	Has    string `json:"has,omitempty"`
	// Of a topic that is made:
	Partitions int32 `json:"partitions,omitempty"`
	Replicas   int16 `json:"replicas,omitempty"`
	// Of which topics a group forgets its offsets.
	Topics []string `json:"topics,omitempty"`

	topic   kafka.Topic // that is made
	offsets []Place     // that are forgotten
}

// labResetResult is the answer in JSON.
type labResetResult struct {
	Lab      string    `json:"lab"`
	Executed bool      `json:"executed"`
	Steps    []labStep `json:"steps"`
}

// labResetTime is long enough for the brokers to delete what some runs with --keep have left.
const labResetTime = time.Minute

// ResetCommand is «workshop reset».
func ResetCommand(t *Tool, labs []LabStart) *cobra.Command {
	r := &labReset{}
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
		Args:      One("lab"),
	}
	BootstrapFlag(cmd)
	r.Options = t.BindLasting(cmd, func(ctx context.Context, _ *Options, args []string) error {
		i := slices.Index(names, args[0])
		if i < 0 {
			return service.UsageError(nearest.Unknown("lab", args[0], names))
		}
		r.start = labs[i]
		return r.run(ctx)
	})
	cmd.ValidArgsFunction = nil // the labs' names
	r.OutputFlag(cmd)
	cmd.Flags().DurationVar(&r.Timeout, "timeout", labResetTime, "how long to wait for the brokers' answers, in all")
	cmd.Flags().BoolVar(&r.execute, "execute", false, "change it")
	cmd.Flags().BoolVar(&r.dryRun, "dry-run", false, "only show what would change (the default)")
	cmd.MarkFlagsMutuallyExclusive("execute", "dry-run")
	cmd.RegisterFlagCompletionFunc("timeout", cobra.NoFileCompletions)
	return cmd
}

func (r *labReset) run(ctx context.Context) error {
	r.Changes = r.execute
	steps, err := Ask(ctx, r.Options, func(ctx context.Context, s *Session) ([]labStep, error) {
		steps, err := planLabReset(ctx, s, r.start, r.Standard)
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
	err = r.Print(labResetResult{r.start.Lab, r.execute, append([]labStep{}, steps...)}, func(w io.Writer) {
		fmt.Fprintln(w, "KIND\tNAME\tHAS\tACTION")
		for _, step := range steps {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", step.Kind, step.Name, Dash(step.Has), step.words())
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

// untilReset does what was planned, and looks whether it is so. A broker that has not heard of a deletion yet
// may have answered for a topic that was about to go.
func untilReset(ctx context.Context, s *Session, left []labStep, start LabStart, standard []kafka.Topic) error {
	for range 3 {
		if err := resetLab(ctx, s, left); err != nil {
			return err
		}
		var err error
		if left, err = planLabReset(ctx, s, start, standard); err != nil || len(left) == 0 {
			return err
		}
	}
	return fmt.Errorf("%s %s is not as at the start, again and again: somebody else is at work with it", left[0].Kind, left[0].Name)
}

func (step labStep) words() string {
	switch step.Action {
	case "create", "recreate":
		return fmt.Sprintf("%s: %s, %s", step.Action, Count(step.Partitions, "partition"), Count(step.Replicas, "replica"))
	case "forget":
		return "forget " + strings.Join(step.Topics, ", ")
	}
	return step.Action
}

// ofRuns matches the names of topics and groups that runs of a lab make on a cluster that is not theirs.
func ofRuns(lab string) *regexp.Regexp {
	return regexp.MustCompile("^lab-" + regexp.QuoteMeta(lab) + "-[A-Z2-7]{6}-.")
}

// planLabReset looks up what there is to do; it fails where somebody is at work with it.
func planLabReset(ctx context.Context, s *Session, start LabStart, standard []kafka.Topic) ([]labStep, error) {
	meta, err := s.Metadata()
	if err != nil {
		return nil, err
	}
	steps, err := planTopics(ctx, s, meta, start, standard)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, step := range steps {
		changed = append(changed, step.Name)
	}
	groups, err := planGroups(ctx, s, start, changed)
	return append(steps, groups...), err
}

// planTopics names the topics that are to be deleted, made anew, or made.
func planTopics(ctx context.Context, s *Session, meta *sarama.MetadataResponse, start LabStart, standard []kafka.Topic) ([]labStep, error) {
	var byHand []string
	for _, name := range start.Topics {
		byHand = append(byHand, name, name+".dlq")
	}
	runs := ofRuns(start.Lab)
	var steps []labStep
	for _, t := range meta.Topics {
		if !runs.MatchString(t.Name) && !slices.Contains(byHand, t.Name) {
			continue
		}
		messages, err := offsetsIn(ctx, s, meta, t)
		if err != nil {
			return nil, err
		}
		step := labStep{Kind: "topic", Name: t.Name, Action: "delete", Has: fmt.Sprintf("%s, up to %s", Count(len(t.Partitions), "partition"), Count(messages, "message"))}
		if i := slices.IndexFunc(standard, func(own kafka.Topic) bool { return own.Name == t.Name }); i >= 0 {
			step.make("recreate", standard[i], meta)
			if messages == 0 && int(step.Partitions) == len(t.Partitions) && ReplicationFactor(t) >= int(step.Replicas) {
				continue
			}
		}
		steps = append(steps, step)
	}
	for _, own := range standard {
		there := slices.ContainsFunc(meta.Topics, func(t *sarama.TopicMetadata) bool { return t.Name == own.Name })
		if slices.Contains(byHand, own.Name) && !there {
			step := labStep{Kind: "topic", Name: own.Name}
			step.make("create", own, meta)
			steps = append(steps, step)
		}
	}
	return steps, nil
}

// make notes that a topic is to be made.
func (step *labStep) make(action string, topic kafka.Topic, meta *sarama.MetadataResponse) {
	step.Action, step.topic = action, topic
	step.Partitions, step.Replicas = topic.Partitions, min(topic.Replicas, int16(len(meta.Brokers)))
}

// offsetsIn is how many messages have ever been sent to a topic, markers of transactions included: one that
// has lost its messages to retention is not as it was at the start either.
func offsetsIn(ctx context.Context, s *Session, meta *sarama.MetadataResponse, t *sarama.TopicMetadata) (int64, error) {
	var places []Place
	for _, p := range PartitionsOf(t) {
		places = append(places, Place{t.Name, p})
	}
	logs, err := BoundsOf(ctx, s, meta, places)
	if err != nil {
		return 0, err
	}
	var n int64
	for _, p := range places {
		log, led := logs[p]
		if !led {
			return 0, Leaderless(p)
		}
		n += log.End
	}
	return n, nil
}
