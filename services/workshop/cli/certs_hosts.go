package cli

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/secrets"
)

func (r *certsRun) hostsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hosts HOST,HOST,HOST",
		Short: "Make what a cluster of three hosts needs, a folder for each",
		Long: `hosts makes an authority, and for each of three hosts that share a cluster a folder, broker-1 to broker-3: the broker's key and
certificate, for that host alone, the authority's certificate, and broker.env, the addresses of all. HOST is the name or the IPv4
address by which the other hosts and all clients reach it. Copy each folder to its host, and to no other one. What else is in the
folder stays here: the authority's key, and the administrator's certificate.

Calling it again renews, as «workshop certs» does.

Exit codes: 0 all is there; 1 it cannot be made; 2 wrong use.`,
		Example: `  workshop certs hosts 192.168.0.11,192.168.0.12,192.168.0.13
  scp -rp secrets/broker-2 192.168.0.12:kafka-workshop/secrets/`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().IntVar(&r.days, "days", 30, "how long certificates are valid, 1 to 3650")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return running(func(*cobra.Command) error { return r.ensureHosts(strings.Split(args[0], ",")) })(cmd, args)
	}
	return cmd
}

// ensureHosts makes the folders of three hosts.
func (r *certsRun) ensureHosts(hosts []string) error {
	if err := r.checkHosts(hosts); err != nil {
		return err
	}
	var wanted []secrets.Wanted
	for i, host := range hosts {
		name := secrets.BrokerName(i + 1)
		wanted = append(wanted, secrets.Wanted{Name: name, Hosts: []string{name, host}})
	}
	if err := r.make(append(wanted, secrets.Wanted{Name: "admin"})); err != nil {
		return err
	}
	return secrets.Folder(r.dir).WriteHosts(hosts)
}

// checkHosts returns every mistake at once.
func (r *certsRun) checkHosts(hosts []string) error {
	var wrong []string
	if len(hosts) != 3 {
		wrong = append(wrong, fmt.Sprintf("%d hosts; accepted: three, comma separated: two of three controllers have to agree", len(hosts)))
	}
	for i, host := range hosts {
		ip := net.ParseIP(host)
		switch {
		case ip == nil && !hostName.MatchString(host), ip != nil && ip.To4() == nil, strings.Contains(host, "*"):
			wrong = append(wrong, fmt.Sprintf("%q; accepted: a host's name, or its IPv4 address", host))
		case host == "localhost", ip != nil && (ip.IsLoopback() || ip.IsUnspecified()):
			wrong = append(wrong, fmt.Sprintf("%s is each host to itself; accepted: what the other hosts call it", host))
		case slices.Contains(hosts[:i], host):
			wrong = append(wrong, fmt.Sprintf("%s is there twice; accepted: three different hosts", host))
		}
	}
	if r.days < 1 || r.days > 3650 {
		wrong = append(wrong, fmt.Sprintf("--days %d; accepted: 1 to 3650", r.days))
	}
	if r.dir == "" {
		wrong = append(wrong, "--dir is empty; accepted: a folder")
	}
	if len(wrong) == 0 {
		return nil
	}
	return service.UsageError(strings.Join(wrong, "\n"))
}
