package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/progress"
	"workshop.example/workshop/report"
)

func (t *tool) labRunCommand() *cobra.Command {
	r := &experimentRun{tool: t, kind: lab.Labs}
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Carry out one lab, and say whether its prediction held",
		Long: `run says what will happen and what is predicted, starts the real programs on an embedded cluster of its own
(or on one that is up: --bootstrap-servers, or BOOTSTRAP_SERVERS), breaks something on purpose, counts what came of it, and
says whether the prediction held.

It counts lines from the programs' output and records in the topics. On brokers that others use too it makes topics
and groups with names of its own, and deletes them at the end.

Exit codes: 0 as predicted, 1 not as predicted, 2 could not run: wrong use, no brokers, or the fault has not struck.`,
		Example: `  workshop lab run at-most-once
  workshop lab run at-most-once --predict               first say what you expect
  workshop lab run at-least-once --pace 1s              slow enough to follow
  workshop lab run exactly-once --bootstrap-servers localhost:9092
  workshop lab run at-most-once --report page.html      and a picture of what happened when
  workshop lab run at-least-once --scoreboard "python3 scoreBoard.py"
  workshop lab run ghost-goals -o json | jq .held`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("one lab is to be named: %s", strings.Join(lab.Labs.Names(), ", "))
			}
			return nil
		},
		ValidArgs: lab.Labs.Names(),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := r.runLab(cmd, args[0]); err != nil {
			return &runError{err}
		}
		return nil
	}
	flags := cmd.Flags()
	clusterFlag(cmd, &r.brokers,
		"a cluster that is up, host:port, comma separated (default: BOOTSTRAP_SERVERS, or an embedded one)")
	flags.DurationVar(&r.pace, "pace", 0, "time between goals, from 0 to 10s (default: the lab's own, 100ms for most)")
	flags.Uint64Var(&r.seed, "seed", classSeed, "which match is played; the same for everyone by default")
	r.outputFlag(cmd)
	flags.StringVar(&r.report, "report", "", "write the verdict and a timeline to this HTML file")
	flags.BoolVar(&r.keep, "keep", false, "keep the histories, on a cluster of somebody's the topics too, and say where they are")
	r.studentFlags(flags)
	flags.BoolVarP(&r.quiet, "quiet", "q", false, "only what the lab does and its verdict, without the lines of the programs")
	flags.BoolVar(&r.predict, "predict", false, "first ask for your own prediction, and compare it afterwards")
	cmd.RegisterFlagCompletionFunc("report", completeFiles)
	flags.Lookup("pace").DefValue = "0s" // of which cobra says nothing
	return cmd
}

func (r *experimentRun) runLab(cmd *cobra.Command, name string) error {
	l, err := r.find("lab", name)
	if err != nil {
		return err
	}
	options, lines, err := r.options()
	if err != nil {
		return err
	}
	o := experiment.Options{Options: options}
	if !cmd.Flags().Changed("pace") {
		o.Pace = -1
	} else if o.Pace < 0 || o.Pace > mostPace {
		return service.UsageError(fmt.Sprintf("--pace %s: accepted: 0 to %s", o.Pace, mostPace))
	}
	if err := checkReport(r.report); err != nil {
		return err
	}
	if l.Brokers {
		strikes(&o, killerStop)
	}
	where := clusterName(o.Options)
	own, says, err := r.ownProgram(cmd.Flags(), l, o.Lang)
	if err != nil {
		return err
	}
	o.Student, where, l.Words = own, where+says, l.Words.With(own.Role)
	heading := service.Text{PT: "laboratório %s (semente %d, %s)", EN: "lab %s (seed %d, %s)"}.In(o.Lang)
	outcome, err := r.carryOut(cmd.Context(), l, o, lines, fmt.Sprintf(heading, l.Name, o.Seed, where))
	if err != nil {
		return err
	}
	if err := writeReport(r.report, func(w io.Writer) error { return outcome.(report.Result).Report(w, o.Lang) }); err != nil {
		return service.UsageError(fmt.Sprintf("--report: %v", err))
	}
	if !outcome.Held() {
		return notAsPredicted(o.Lang)
	}
	done, err := progress.Load(r.lookup)
	if err == nil {
		err = done.Finish(l.Name)
	}
	if err != nil {
		r.remark(fmt.Sprintf("the lab held; that it is done is not kept: %v", err))
	}
	return nil
}

// mostPace is the slowest pace of a match: the labs wait a minute for what takes a few goals.
const mostPace = 10 * time.Second

// killerStop bounds the stop of a lab that has brokers to start again.
const killerStop = 90 * time.Second
