package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/topic"
	"workshop.example/workshop/local"
)

// upCommand runs the workshop without Docker.
func (t *tool) upCommand() *cobra.Command {
	s := &local.Stack{Environ: t.environ, BinDir: t.binDir, Stdout: t.stdout, Stderr: t.stderr, Differs: topic.Differs}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run brokers, topics and services without Docker, until Ctrl-C",
		Long: `up starts an embedded Kafka cluster in this process, creates the topics, and runs the services as processes
of their own, each line behind the name of its program, until Ctrl-C. What the services print goes to
standard output, what they log and what up itself has to say to standard error.

The services get your environment (PACE, WORKSHOP_LANG, DELIVERY, ...), save for variables of which each of
them needs a value of its own: TOPIC, CONSUMER_GROUP, GROUP_INSTANCE_ID, TRANSACTIONAL_ID,
DEAD_LETTER_TOPIC, BOOTSTRAP_SERVERS and OPS_ADDR. One that fails is started again, after 1 s, then 2 s, up
to 10 s; one that exits with 0 (done) or 2 (wrong use) is not.

The monitor serves the class board, on 127.0.0.1 and HTTP_PORT: 8088, or another port where that is taken.

With --ecommerce it runs the e-commerce system instead: its topics, its services, and the page on which to
order, on 127.0.0.1 and HTTP_PORT (8080). The SQLite files (STATE_DIR) and the reports (REPORT_DIR) are in
the folders ecommerce and target of --data-dir, or else of a temporary one that is deleted at the end.

With --data-dir messages outlive a stop and kill -9. A loss of power takes the last seconds of them, which the
system has not written to the disk yet, unless --sync is given too. It costs throughput: measured on one
machine, a tenth of the messages per second remained with a hundred in flight, a twenty-fifth with one
(yours: go test -run '^$' -bench Sync ./services/kit/embedded).

The embedded brokers do not replicate: what survives a broker's death, only real ones can show.

Exit codes: 0 stopped, or every service done; 1 failed, or a service did not end with 0; 2 wrong use.`,
		Example: `  workshop up
  PACE=250ms workshop up                      both pairs eight and four times as fast
  HTTP_PORT=9000 workshop up                  the class board on port 9000
  workshop up --data-dir data                 messages and offsets outlive the stop
  workshop up --data-dir data --sync          ... and a loss of power
  workshop up --services producer,consumer
  workshop up --ecommerce --data-dir data     the e-commerce system; http://127.0.0.1:8080/
  HTTP_PORT=18080 workshop up --ecommerce     where 8080 is taken
  workshop up --cluster-only                  brokers and topics, for programs of your own
  workshop up --ports 19091,19092,19093       where 9091 to 9093 are taken
  workshop up --ports 9092                    a single broker`,
		Args: cobra.NoArgs,
		RunE: running(func(cmd *cobra.Command) error { return s.Run(cmd.Context(), t.kill) }),
	}
	flags := cmd.Flags()
	flags.BoolVar(&s.ClusterOnly, "cluster-only", false, "start brokers and topics, no services")
	flags.BoolVar(&s.Ecommerce, "ecommerce", false, "run the e-commerce system instead")
	flags.StringVar(&s.DataDir, "data-dir", "", "folder in which messages outlive a stop (default: in memory, gone at the end)")
	flags.BoolVar(&s.Sync, "sync", false,
		"write to the disk before each acknowledgement: with --data-dir messages also outlive a loss of power (slower, see above)")
	flags.StringVar(&s.Services, "services", "", "services to start, comma separated: "+strings.Join(local.ProgramNames(), ", ")+
		" (default: all); of the e-commerce system "+strings.Join(local.EcommerceNames(), ", "))
	flags.StringVar(&s.Ports, "ports", "9091,9092,9093",
		fmt.Sprintf("a broker on each of these ports of 127.0.0.1, 1 to %d", local.MaxBrokers))
	cmd.MarkFlagDirname("data-dir")
	cmd.RegisterFlagCompletionFunc("services", completeServices)
	return cmd
}

// completeServices completes the last name of the list with those that are not in it yet.
func completeServices(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	done, begun := cutLast(typed)
	var lists []cobra.Completion
	for _, name := range local.ServiceNames() {
		if strings.HasPrefix(name, begun) && !strings.Contains(","+done, ","+name+",") {
			lists = append(lists, done+name)
		}
	}
	return lists, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func cutLast(list string) (done, last string) {
	i := strings.LastIndex(list, ",") + 1
	return list[:i], list[i:]
}
