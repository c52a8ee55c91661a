package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/local"
	"workshop.example/workshop/screen"
)

// classSeed is the default so that a whole class sees the same match.
const classSeed = 42

func (t *tool) labCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Experiments about delivery guarantees that end in a verdict",
		Args:  noSuchCommand,
		RunE:  running(func(cmd *cobra.Command) error { return cmd.Help() }),
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(t.labListCommand(), t.labRunCommand(), t.labVerdictCommand(), t.labControlsCommand())
	return cmd
}

func (t *tool) labListCommand() *cobra.Command {
	var embedded bool
	cmd := t.listing("List the labs, in the order of the course", func(row func(string, lab.Text)) {
		for _, l := range lab.All() {
			if !embedded || !l.Killer {
				summary := l.Summary
				if l.Killer {
					summary = lab.Text{PT: summary.PT + " (brokers de verdade)", EN: summary.EN + " (real brokers)"}
				}
				row(l.Name, summary)
			}
		}
	})
	cmd.Example = "  workshop lab list\n  workshop lab list --embedded          without those that need real brokers, on this machine, to kill"
	cmd.Flags().BoolVar(&embedded, "embedded", false, "only the labs that can run on the embedded cluster")
	return cmd
}

// listing is a command that prints names, and in the user's language what they stand for.
func (t *tool) listing(short string, each func(row func(name string, summary lab.Text))) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: short,
		Args:  cobra.NoArgs,
		RunE: running(func(cmd *cobra.Command) error {
			lang, err := t.lang()
			if err != nil {
				return err
			}
			var rows strings.Builder
			each(func(name string, summary lab.Text) { fmt.Fprintf(&rows, "%s\t%s\n", name, summary.In(lang)) })
			w := cmd.OutOrStdout()
			_, err = screen.Table(w, rows.String(), fold.Columns(w, t.lookup))
			return err
		}),
	}
}

// labRun is the command that carries out a lab.
type labRun struct {
	*tool
	brokers, report, scoreboard string
	pace                        time.Duration
	seed                        uint64
	asJSON, keep                bool
}

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
	flags.StringVar(&r.brokers, "brokers", "", "a cluster that is up, host:port, comma separated (default: BOOTSTRAP_SERVERS, or an embedded one)")
	flags.DurationVar(&r.pace, "pace", 0, "time between goals, from 0 to 10s (default: the lab's own, 100ms for most)")
	flags.Uint64Var(&r.seed, "seed", classSeed, "which match is played; the same for everyone by default")
	flags.BoolVar(&r.asJSON, "json", false, "the verdict as JSON on standard output, everything else on standard error")
	flags.StringVar(&r.report, "report", "", "write the verdict and a timeline to this HTML file")
	flags.BoolVar(&r.keep, "keep", false, "keep the histories, on a cluster of somebody's the topics too, and say where they are")
	flags.StringVar(&r.scoreboard, "scoreboard", "", "judge a scoreboard of your own: its command, as a shell would read it (on Windows with / in paths)")
	for _, name := range []string{"brokers", "pace", "seed", "scoreboard"} {
		cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	flags.Lookup("pace").DefValue = "0s" // of which cobra says nothing
	return cmd
}

func labNames() []string {
	var names []string
	for _, l := range lab.All() {
		names = append(names, l.Name)
	}
	return names
}

// errNotAsPredicted is exit code 1; the verdict has said everything already.
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
	where := lab.Text{PT: "cluster embutido", EN: "embedded cluster"}
	if len(o.Cluster.Brokers) > 0 {
		where = lab.Text{PT: "brokers " + strings.Join(o.Cluster.Brokers, ","), EN: "brokers " + strings.Join(o.Cluster.Brokers, ",")}
	}
	if cmd.Flags().Changed("scoreboard") {
		if o.Scoreboard, o.Guard, err = r.ownScoreboard(l); err != nil {
			return err
		}
		where.PT, where.EN = where.PT+", o seu placar: "+r.scoreboard, where.EN+", your scoreboard: "+r.scoreboard
	}
	width := fold.Width(lines, r.lookup)
	if l.Killer {
		if err := haveBrokers(o); err != nil {
			return err
		}
	}
	l.Introduce(lines, o.Lang, o.Seed, where.In(o.Lang), width)
	result, err := r.carryOut(cmd.Context(), l, o)
	if err != nil {
		return err
	}
	if r.asJSON {
		encoder := json.NewEncoder(r.stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(result.JSON(o.Lang)); err != nil {
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

// mostPace is how slow a match may be: the labs wait a minute for what takes a few goals.
const mostPace = 10 * time.Second

// killerStop is how long the stop of a lab may take that has brokers to start again.
const killerStop = 90 * time.Second

// carryOut runs the lab. Whatever keeps it from a verdict is exit code 2: the prediction neither held
// nor failed.
func (r *labRun) carryOut(ctx context.Context, l lab.Lab, o lab.Options) (lab.Result, error) {
	ctx, cancel := untilBroken(ctx, o.Screen)
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

// untilBroken returns a context that ends when nobody sees what we do: «workshop lab run ... | head».
func untilBroken(ctx context.Context, s *screen.Output) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-s.Broken():
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// options puts flags and environment together. What the lab prints goes to lines.
func (r *labRun) options() (o lab.Options, lines io.Writer, err error) {
	if o.Lang, err = r.lang(); err != nil {
		return o, nil, err
	}
	if o.Cluster, err = r.labCluster(); err != nil {
		return o, nil, err
	}
	if o.BinDir, err = r.binDir(); err != nil {
		return o, nil, err
	}
	lines = r.stdout
	if r.asJSON {
		lines = r.stderr
	}
	o.Seed, o.Pace, o.Keep = r.seed, r.pace, r.keep
	o.Environ = local.Without(r.environ, contract...)
	o.KafkaData, _ = r.lookup("KAFKA_DATA")
	if o.KafkaData == "" {
		o.KafkaData = filepath.Join(o.BinDir, "..", ".kafka")
	}
	o.ContainerPrefix, _ = r.lookup("CONTAINER_PREFIX")
	o.Screen = screen.New(lines, r.stderr, r.lookup, "score-simulator")
	o.Say = func(text lab.Text) { o.Screen.Tell(text.In(o.Lang)) }
	return o, lines, nil
}

// labCluster is a cluster only where the user names one.
func (r *labRun) labCluster() (kafka.Cluster, error) {
	if named, _ := r.lookup("BOOTSTRAP_SERVERS"); named == "" && r.brokers == "" {
		return kafka.Cluster{}, nil
	}
	return r.cluster(r.brokers, "--brokers")
}

// lang is WORKSHOP_LANG.
func (t *tool) lang() (service.Lang, error) {
	env := service.NewEnv(t.lookup)
	lang := env.Lang()
	return lang, env.Err()
}

// contract are the variables that the programs read: a lab sets what it needs, and the rest must not
// come from the user's shell.
var contract = []string{
	"BOOTSTRAP_SERVERS", "kafka_host_url", "TOPIC", "CONSUMER_GROUP", "GROUP_INSTANCE_ID", "AUTO_OFFSET_RESET", "ISOLATION",
	"DEAD_LETTER_TOPIC", "MESSAGE_KEY", "PACE", "COUNT", "MATCHES", "MATCH_PAUSE", "SEED", "ACKS", "IDEMPOTENT", "COMPRESSION",
	"TRANSACTIONAL_ID", "TRANSACTION_TIMEOUT", "ABORT_EVERY", "DELIVERY", "BOARD_TOPIC", "FAIL_AT_ID", "FAIL_MODE",
	"TOPIC_PREFIX", "WORKERS", "WORK", "INTAKE", "REMEMBER", "HTTP_PORT", "HTTP_ADDR", "MAX_PENDING", "SMTP_ADDR", "SMTP_FROM",
	"SMTP_USER", "SMTP_PASSWORD_FILE", "SMTP_CA_FILE",
	"STATE_DIR", "HISTORY", "BROKEN", "KAFKA_PROXY", "OPS_ADDR", "WORKSHOP_LANG", "LOG_LEVEL",
}
