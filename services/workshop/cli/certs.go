package cli

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
	"workshop.example/workshop/screen"
	"workshop.example/workshop/secrets"
)

const day = 24 * time.Hour

// certsRun is one call of «workshop certs».
type certsRun struct {
	*tool
	dir, output    string
	hosts, clients []string
	brokers, days  int
	within, group  int
}

func (t *tool) certsCommand() *cobra.Command {
	r := &certsRun{tool: t}
	cmd := &cobra.Command{
		Use:   "certs",
		Short: "Make an authority and certificates for brokers and clients of one's own",
		Long: `certs makes an authority and, signed by it, a certificate for each broker and each client, in a folder: DIR/ca.pem, which
clients trust, and DIR/NAME/keystore.pem, key and certificate as Kafka reads them (ssl.keystore.type=PEM). Only this user
may read what is secret; called by root, the members of --group as well.

Calling it again changes nothing that is valid. What is in the last third of its life, or lacks a host, is made anew by
the same authority, so that nobody else has to be told.

Clients of the workshop read their files again for each connection. Brokers are told with «workshop certs reload».

Exit codes: 0 all is there; 1 it cannot be made, or with show something ends soon; 2 wrong use.`,
		Example: `  workshop certs --dir secrets --hosts localhost,127.0.0.1,192.168.0.10 --brokers 3 --days 30
  workshop certs show --dir secrets --within 7
  workshop certs reload`,
		Args: noSuchCommand,
		RunE: running(func(*cobra.Command) error { return r.ensure() }),
	}
	cmd.PersistentFlags().StringVar(&r.dir, "dir", "secrets", "the folder")
	cmd.Flags().StringSliceVar(&r.hosts, "hosts", []string{"localhost", "127.0.0.1"}, "names and addresses by which clients reach the brokers")
	cmd.Flags().IntVar(&r.brokers, "brokers", 3, "how many brokers, broker-1 and so on; 0 to 100")
	cmd.Flags().StringSliceVar(&r.clients, "clients", []string{"admin"}, "names of clients that log in with a certificate")
	cmd.Flags().IntVar(&r.days, "days", 30, "how long certificates are valid, 1 to 3650")
	cmd.Flags().IntVar(&r.group, "group", 0, "id of the group that may read the brokers' files, where root makes them")
	cmd.AddCommand(r.hostsCommand(), r.showCommand(), t.reloadCommand())
	return cmd
}

var (
	hostName   = regexp.MustCompile(`^[A-Za-z0-9*]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)
	clientName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
)

// check returns every mistake of the command line at once.
func (r *certsRun) check() error {
	var wrong []string
	if r.dir == "" {
		wrong = append(wrong, "--dir is empty; accepted: a folder")
	}
	for _, host := range r.hosts {
		if net.ParseIP(host) == nil && !hostName.MatchString(host) {
			wrong = append(wrong, fmt.Sprintf("--hosts %q; accepted: host names and IP addresses, comma separated", host))
		}
	}
	for _, name := range r.clients {
		if !clientName.MatchString(name) {
			wrong = append(wrong, fmt.Sprintf("--clients %q; accepted: names of a-z 0-9 -, comma separated", name))
		}
	}
	if r.brokers < 0 || r.brokers > 100 {
		wrong = append(wrong, fmt.Sprintf("--brokers %d; accepted: 0 to 100", r.brokers))
	}
	if r.days < 1 || r.days > 3650 {
		wrong = append(wrong, fmt.Sprintf("--days %d; accepted: 1 to 3650", r.days))
	}
	if r.group < 0 {
		wrong = append(wrong, fmt.Sprintf("--group %d; accepted: the number of a group", r.group))
	}
	if len(wrong) == 0 {
		return nil
	}
	return service.UsageError(strings.Join(wrong, "\n"))
}

func (r *certsRun) ensure() error {
	if err := r.check(); err != nil {
		return err
	}
	var wanted []secrets.Wanted
	for n := 1; n <= r.brokers; n++ {
		name := secrets.BrokerName(n)
		hosts := append([]string{name}, r.hosts...)
		slices.Sort(hosts)
		wanted = append(wanted, secrets.Wanted{Name: name, Hosts: slices.Compact(hosts), Group: r.group})
	}
	for _, name := range r.clients {
		wanted = append(wanted, secrets.Wanted{Name: name})
	}
	return r.make(wanted)
}

// make makes what is missing, and shows all.
func (r *certsRun) make(wanted []secrets.Wanted) error {
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return err
	}
	there, err := secrets.Folder(r.dir).Ensure(wanted, time.Duration(r.days)*day)
	return r.print(there, err)
}

// print writes a table of the certificates, and returns cause if that goes well.
func (r *certsRun) print(there []secrets.Certificate, cause error) error {
	lang, _ := r.lang() // what is wrong with it, labs and drills say
	var table strings.Builder
	table.WriteString("NAME\tVALID UNTIL\tHOSTS\tSTATE\n")
	for _, c := range there {
		state := service.Pick(lang, "válido", "valid")
		switch {
		case time.Now().After(c.Until):
			state = service.Pick(lang, "vencido", "expired")
		case c.Made != "":
			state = r.words("made: " + c.Made)
		}
		hosts := strings.Join(c.Hosts, ", ")
		if hosts == "" {
			hosts = "-"
		}
		fmt.Fprintf(&table, "%s\t%s\t%s\t%s\n", c.Name, c.Until.Format(time.RFC3339), hosts, state)
	}
	if _, err := screen.Table(r.stdout, table.String(), fold.Columns(r.stdout, r.lookup)); err != nil {
		return err
	}
	return cause
}

func (r *certsRun) showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show the certificates of the folder, and which of them end soon",
		Long: `show lists the certificates of the folder: for which hosts, and until when.

Exit codes: 0 all are valid for longer than --within days; 1 some are not, or cannot be read; 2 wrong use.`,
		Example: "  workshop certs show --dir secrets --within 7",
		Args:    cobra.NoArgs,
		RunE: running(func(*cobra.Command) error {
			if r.output != "table" && r.output != "json" {
				return service.UsageError(fmt.Sprintf("--output %q: accepted: table, json", r.output))
			}
			if r.within < 0 {
				return service.UsageError(fmt.Sprintf("--within %d; accepted: days, 0 or more", r.within))
			}
			return r.show()
		}),
	}
	cmd.Flags().IntVar(&r.within, "within", 7, "days within which an end is soon")
	cmd.Flags().StringVarP(&r.output, "output", "o", "table", "table or json")
	session.Choices(cmd, "output", "table", "json")
	return cmd
}

func (r *certsRun) show() error {
	there, err := secrets.Folder(r.dir).Certificates()
	if len(there) == 0 {
		return err
	}
	if r.output == "json" {
		if jsonErr := r.printJSON(there); jsonErr != nil {
			return jsonErr
		}
	} else if err := r.print(there, nil); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	var soon []string
	for _, c := range there {
		if time.Until(c.Until) < time.Duration(r.within)*day {
			soon = append(soon, c.Name)
		}
	}
	if len(soon) > 0 {
		return fmt.Errorf("they end within %d days, or have ended: %s; remedy: «workshop certs --dir %s», with the hosts and brokers of before, "+
			"then «workshop certs reload»", r.within, strings.Join(soon, ", "), r.dir)
	}
	return nil
}
