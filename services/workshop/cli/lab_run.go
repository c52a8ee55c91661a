package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/screen"
)

// labRun is the command that carries out a lab.
type labRun struct {
	*tool
	brokers, report, scoreboard string
	pace                        time.Duration
	seed                        uint64
	asJSON, keep                bool
}

// classSeed is the default seed, so that a whole class sees the same match.
const classSeed = 42

func (t *tool) labRunCommand() *cobra.Command {
	r := &labRun{tool: t}
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Carry out one lab, and say whether its prediction held",
		Long: `run says what will happen and what is predicted, starts the real programs on an embedded cluster of its own
(or on one that is up: --brokers, or BOOTSTRAP_SERVERS), breaks something on purpose, counts what came of it, and
says whether the prediction held.

It counts lines from the programs' output and records in the topics. On brokers that others use too it makes topics
and groups with names of its own, and deletes them at the end.

Exit codes: 0 as predicted, 1 not as predicted, 2 could not run: wrong use, no brokers, or the fault has not struck.`,
		Example: `  workshop lab run at-most-once
  workshop lab run at-least-once --pace 1s              slow enough to follow
  workshop lab run exactly-once --brokers localhost:9092
  workshop lab run at-most-once --report page.html      and a picture of what happened when
  workshop lab run at-least-once --scoreboard "python3 scoreBoard.py"
  workshop lab run ghost-goals --json | jq .held`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("one lab is to be named: %s", strings.Join(labNames(), ", "))
			}
			return nil
		},
		ValidArgs: labNames(),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := r.run(cmd, args[0]); err != nil {
			return &runError{err}
		}
		return nil
	}
	flags := cmd.Flags()
	flags.StringVar(&r.brokers, "brokers", "",
		"a cluster that is up, host:port, comma separated (default: BOOTSTRAP_SERVERS, or an embedded one)")
	flags.DurationVar(&r.pace, "pace", 0, "time between goals, from 0 to 10s (default: the lab's own, 100ms for most)")
	flags.Uint64Var(&r.seed, "seed", classSeed, "which match is played; the same for everyone by default")
	flags.BoolVar(&r.asJSON, "json", false, "the verdict as JSON on standard output, everything else on standard error")
	flags.StringVar(&r.report, "report", "", "write the verdict and a timeline to this HTML file")
	flags.BoolVar(&r.keep, "keep", false, "keep the histories, on a cluster of somebody's the topics too, and say where they are")
	flags.StringVar(&r.scoreboard, "scoreboard", "",
		"judge a scoreboard of your own: its command, as a shell would read it (on Windows with / in paths)")
	cmd.RegisterFlagCompletionFunc("report", completeFiles)
	flags.Lookup("pace").DefValue = "0s" // of which cobra says nothing
	return cmd
}

// errNotAsPredicted makes the exit code 1 after a verdict that has said why.
var errNotAsPredicted = errors.New("not as predicted")

func (r *labRun) run(cmd *cobra.Command, name string) error {
	l, ok := lab.Find(name)
	if !ok {
		return service.UsageError(nearest.Unknown("lab", name, labNames()))
	}
	o, lines, err := r.options()
	if err != nil {
		return err
	}
	if !cmd.Flags().Changed("pace") {
		o.Pace = -1
	} else if o.Pace < 0 || o.Pace > mostPace {
		return service.UsageError(fmt.Sprintf("--pace %s: accepted: 0 to %s", o.Pace, mostPace))
	}
	if err := checkReport(r.report); err != nil {
		return err
	}
	if l.Killer {
		lastResort.Store(int64(killerStop))
	}
	if l.Killer && len(o.Cluster.Brokers) == 0 {
		o.Cluster.Brokers = strings.Split(kafka.DefaultBrokers, ",")
	}
	where := clusterName(o)
	if cmd.Flags().Changed("scoreboard") {
		if o.Scoreboard, o.Guard, err = r.ownScoreboard(l); err != nil {
			return err
		}
		where += service.Text{PT: ", o seu placar: ", EN: ", your scoreboard: "}.In(o.Lang) + r.scoreboard
	}
	width := fold.Width(lines, r.lookup)
	if l.Killer {
		if err := haveBrokers(o); err != nil {
			return err
		}
	}
	l.Introduce(lines, o.Lang, o.Seed, where, width)
	result, err := labVerdict(cmd.Context(), l, o)
	if err != nil {
		return err
	}
	if r.asJSON {
		if err := r.printJSON(result.JSON(o.Lang)); err != nil {
			return err
		}
	} else {
		result.Print(lines, o.Lang, screen.Colour(r.stdout, r.lookup), width)
	}
	if err := writeReport(r.report, func(w io.Writer) error { return result.Report(w, o.Lang) }); err != nil {
		return service.UsageError(fmt.Sprintf("--report: %v", err))
	}
	if !result.Held() {
		return errNotAsPredicted
	}
	return nil
}

// mostPace is the slowest pace of a match: the labs wait a minute for what takes a few goals.
const mostPace = 10 * time.Second

// killerStop bounds the stop of a lab that has brokers to start again.
const killerStop = 90 * time.Second

// labVerdict runs the lab. An error means exit code 2: the prediction neither held nor failed.
func labVerdict(ctx context.Context, l lab.Lab, o rig.Options) (report.Result, error) {
	ctx, cancel := o.Screen.WithReader(ctx)
	defer cancel()
	result, err := lab.Run(ctx, l, o)
	switch {
	case errors.Is(err, context.Canceled):
		return result, service.UsageError("stopped before there was a verdict")
	case err != nil:
		return result, service.UsageError(fmt.Sprintf("no verdict: %v", err))
	}
	return result, nil
}

// clusterName returns the words for the cluster that a lab or a drill runs on.
func clusterName(o rig.Options) string {
	if len(o.Cluster.Brokers) == 0 {
		return service.Text{PT: "cluster embutido", EN: "embedded cluster"}.In(o.Lang)
	}
	return "brokers " + strings.Join(o.Cluster.Brokers, ",")
}
