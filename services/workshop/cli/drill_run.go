package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/drill"
	"workshop.example/workshop/experiment"
)

func (t *tool) drillRunCommand() *cobra.Command {
	r := &experimentRun{tool: t, kind: drill.Drills}
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Carry out one drill, and say whether its prediction held",
		Long: `run starts a producer, a consumer and a match on topics of its own, kills, stops or freezes brokers, proves that each
blow has landed, and prints a line a second: how much is acknowledged, who leads, who is in sync. Then it puts right
what it broke, also after Ctrl-C, counts what came of the messages, and says whether the prediction held.

It kills real brokers, those of «docker compose up» or of «scripts/native-kafka up» on this machine, and no others: a
cluster whose id is not theirs is refused, and one that is not whole, unless --force lets the drill start what is down.
Whoever else uses the cluster feels it. kraft-migration puts nothing back: the native cluster has no ZooKeeper afterwards,
and with KAFKA4_HOME, an unpacked Kafka 4, it is upgraded to that. consumer-storm kills no broker and needs none: it has
an embedded cluster, where --bootstrap-servers does not name one.

Exit codes: 0 as predicted, 1 not as predicted, 2 could not run: wrong use, no cluster, or a blow did not land.`,
		Example: `  workshop drill run kill-leader
  workshop drill run kill-leader --times 5
  workshop drill run zookeeper-down --pace 500us        2,000 messages a second
  workshop drill run rolling-restart -o json | jq '.faults[].silence_seconds'
  KAFKA_DATA=/srv/kafka workshop drill run pause-broker   pid files are elsewhere`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("one drill is to be named: %s", strings.Join(drill.Drills.Names(), ", "))
			}
			return nil
		},
		ValidArgs: drill.Drills.Names(),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := r.runDrill(cmd, args[0]); err != nil {
			return &runError{err}
		}
		return nil
	}
	flags := cmd.Flags()
	clusterFlag(cmd, &r.brokers,
		"the cluster, host:port, comma separated (default: BOOTSTRAP_SERVERS, or "+kafka.DefaultBrokers+")")
	flags.DurationVar(&r.pace, "pace", 2*time.Millisecond, "time between transactions, from 200us to 50ms")
	flags.IntVar(&r.times, "times", 0, "how often it strikes, from 1 to 100 (default: the drill's own)")
	flags.Uint64Var(&r.seed, "seed", classSeed, "which transactions and matches are made")
	r.outputFlag(cmd)
	flags.BoolVar(&r.keep, "keep", false, "keep the topics, histories and logs, and say where they are")
	flags.BoolVar(&r.force, "force", false, "also on a cluster that is not whole: start what is down first")
	return cmd
}

func (r *experimentRun) runDrill(cmd *cobra.Command, name string) error {
	d, err := r.find("drill", name)
	if err != nil {
		return err
	}
	if r.pace < 200*time.Microsecond || r.pace > 50*time.Millisecond {
		return service.UsageError(fmt.Sprintf("--pace %s: accepted: 200us to 50ms", r.pace))
	}
	if cmd.Flags().Changed("times") && (r.times < 1 || r.times > 100 || d.Times == 0) {
		accepted := "1 to 100"
		if d.Times == 0 {
			accepted = "none, as " + name + " does what it does once"
		}
		return service.UsageError(fmt.Sprintf("--times %d: accepted: %s", r.times, accepted))
	}
	options, lines, err := r.options()
	if err != nil {
		return err
	}
	o := experiment.Options{Options: options, Times: r.times, Force: r.force}
	if d.Brokers {
		strikes(&o, drillStop)
	}
	heading := service.Text{PT: "simulado %s (%s)", EN: "drill %s (%s)"}.In(o.Lang)
	outcome, err := r.carryOut(cmd.Context(), d, o, lines, fmt.Sprintf(heading, d.Name, clusterName(o.Options)))
	if err != nil {
		return err
	}
	if !outcome.Held() {
		return notAsPredicted(o.Lang)
	}
	return nil
}

// drillStop bounds the stop of a drill that has a whole cluster to start again.
const drillStop = 3 * time.Minute
