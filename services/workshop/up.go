package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/kit/embedded"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin"

	"workshop.example/workshop/screen"
)

// up is the command that runs the workshop without Docker.
type up struct {
	*tool
	clusterOnly, ecommerce, sync bool
	dataDir, services, ports     string
}

func (t *tool) upCommand() *cobra.Command {
	u := &up{tool: t}
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
  workshop up --data-dir data                 messages and offsets outlive the stop
  workshop up --data-dir data --sync          ... and a loss of power
  workshop up --services producer,consumer
  workshop up --ecommerce --data-dir data     the e-commerce system; http://127.0.0.1:8080/
  HTTP_PORT=18080 workshop up --ecommerce     where 8080 is taken
  workshop up --cluster-only                  brokers and topics, for programs of your own
  workshop up --ports 19091,19092,19093       where 9091 to 9093 are taken
  workshop up --ports 9092                    a single broker`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              running(func(cmd *cobra.Command) error { return u.run(cmd.Context()) }),
	}
	flags := cmd.Flags()
	flags.BoolVar(&u.clusterOnly, "cluster-only", false, "start brokers and topics, no services")
	flags.BoolVar(&u.ecommerce, "ecommerce", false, "run the e-commerce system instead")
	flags.StringVar(&u.dataDir, "data-dir", "", "folder in which messages outlive a stop (default: in memory, gone at the end)")
	flags.BoolVar(&u.sync, "sync", false, "write to the disk before each acknowledgement: with --data-dir messages also outlive a loss of power (slower, see above)")
	flags.StringVar(&u.services, "services", "", "services to start, comma separated: "+strings.Join(programNames(), ", ")+
		" (default: all); of the e-commerce system "+strings.Join(namesOf(ecommercePrograms), ", "))
	flags.StringVar(&u.ports, "ports", "9091,9092,9093", fmt.Sprintf("a broker on each of these ports of 127.0.0.1, 1 to %d", maxBrokers))
	cmd.MarkFlagDirname("data-dir")
	cmd.RegisterFlagCompletionFunc("ports", cobra.NoFileCompletions)
	cmd.RegisterFlagCompletionFunc("services", completeServices)
	return cmd
}

// completeServices completes the last name of the list, with those that are not in it yet.
func completeServices(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	done, begun := cutLast(typed)
	var lists []cobra.Completion
	for _, name := range serviceNames() {
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

func (u *up) run(ctx context.Context) error {
	ports, err := parsePorts(u.ports)
	if err != nil {
		return err
	}
	if u.sync && u.dataDir == "" {
		return service.UsageError("--sync writes to the disk what --data-dir keeps: add --data-dir DIR, or leave out --sync")
	}
	chosen, err := choose(u.services, u.ecommerce)
	if err != nil {
		return err
	}
	topics, shop, err := u.shopOf(chosen)
	if err != nil {
		return err
	}
	if u.clusterOnly {
		if u.services != "" {
			return service.UsageError("--cluster-only starts no services: leave out one of --cluster-only and --services")
		}
		chosen, shop = nil, nil
	}
	services, err := u.find(chosen)
	if err != nil {
		return err
	}
	out := screen.New(u.stdout, u.stderr, u.lookup, namesOf(chosen)...)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-out.Broken(): // nobody sees what we do: «workshop up | head» has seen enough
			cancel()
		case <-ctx.Done():
		}
	}()

	if err := shop.portIsFree(); err != nil {
		return err
	}
	cluster, err := startCluster(ctx, embedded.Options{Ports: ports, DataDir: u.dataDir, Sync: u.sync}, topics)
	if err != nil {
		return err
	}
	defer cluster.Close() // after the services: they write their last messages and offsets to it
	if err := shop.open(u.dataDir); err != nil {
		return err
	}
	defer shop.close()
	u.introduce(out, cluster, shop)
	for i, p := range chosen {
		services[i].Env = shop.add(p).environment(u.environ, cluster.Bootstrap())
	}
	if u.clusterOnly {
		<-ctx.Done()
		out.Say("stopping ...")
		return nil
	}
	go shop.announce(ctx, out)
	s := &Supervisor{
		Output: out, Services: services, Grace: 6 * time.Second, // a member that is just joining its group gives up after 4 s
		RestartFirst: time.Second, RestartMost: 10 * time.Second, Quick: 10 * time.Second,
	}
	return s.Run(ctx, u.kill)
}

// colours tell the services apart; as in docker compose, cyan comes first.
var colours = []string{"36", "33", "32", "35", "34", "96", "93", "92", "95"}

// find looks for the services' binaries before anything is started.
func (u *up) find(chosen []program) ([]Service, error) {
	dir, err := u.binDir()
	if err != nil {
		return nil, fmt.Errorf("where the services are: %w", err)
	}
	var services []Service
	var missing []string
	for i, p := range chosen {
		path := p.binary(dir)
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			missing = append(missing, filepath.Base(path))
		}
		services = append(services, Service{Name: p.name, Path: path, Args: []string{"--stop-on-eof"}, Colour: colours[i%len(colours)]})
	}
	if len(missing) > 0 {
		return nil, service.UsageError(fmt.Sprintf("there is no %s in %s, where this tool is: build all of them with «make build», "+
			"or «go build -o bin/ work» at the root of the repository, and run «bin/workshop up»", strings.Join(missing, ", "), dir))
	}
	return services, nil
}

// introduce prints what a newcomer needs to know.
func (u *up) introduce(out *screen.Output, cluster *localCluster, shop *shop) {
	out.Say("brokers: BOOTSTRAP_SERVERS=%s (embedded, without replication)", cluster.Bootstrap())
	var topics []string
	for _, a := range cluster.topics {
		topics = append(topics, a.Topic.Name+" ("+count(a.Topic.Partitions, "partition")+")")
	}
	out.Say("topics: %s", strings.Join(topics, ", "))
	for _, a := range cluster.topics {
		if a.Mismatch != "" {
			out.Say("warning: %s", admin.Differs(a))
		}
	}
	if u.dataDir == "" {
		out.Say("messages are kept in memory and gone at the end: --data-dir DIR keeps them")
	} else if u.sync {
		out.Say("messages are kept in %s, on the disk before they are acknowledged (--sync)", u.dataDir)
	} else {
		out.Say("messages are kept in %s", u.dataDir)
	}
	shop.introduce(out)
	if names := ignored(u.environ); len(names) > 0 && !u.clusterOnly {
		out.Say("your environment sets what each service needs a value of its own for, ignored: %s", strings.Join(names, ", "))
	}
	out.Say("Ctrl-C stops everything")
}

func count(n int32, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
