package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// patience is for a connection, and as much again for what is asked over it: a broker that runs takes
// milliseconds, and one that is paused, or behind a firewall, never answers.
const patience = 3 * time.Second

// answer is what came of asking one address.
type answer struct {
	addr string
	meta *sarama.MetadataResponse // nil where there was no answer
	err  error
}

// dialer asks brokers from where this program runs, as a client does: first the addresses that it was
// given, then those that the brokers name.
type dialer struct {
	say
	ask    func(addr string) answer
	quorum func(addr string) (kafka.Quorum, error)
}

// Brokers dials the cluster's addresses, follows every address that its brokers advertise, and says
// what is wrong with each.
func Brokers(ctx context.Context, lang service.Lang, cluster kafka.Cluster) []Line {
	conf := cluster.AdminConfig("doctor")
	conf.Net.DialTimeout, conf.Net.ReadTimeout, conf.Net.WriteTimeout = patience, patience, patience
	d := dialer{
		say(lang),
		func(addr string) answer { return ask(ctx, addr, conf) },
		func(addr string) (kafka.Quorum, error) {
			return kafka.Interruptible(ctx, func() (kafka.Quorum, error) { return kafka.DescribeQuorum(conf, addr) })
		},
	}
	return d.examine(cluster.Brokers)
}

// ask connects, and asks which brokers there are.
func ask(ctx context.Context, addr string, conf *sarama.Config) answer {
	ctx, cancel := context.WithTimeout(ctx, 2*patience) // sarama asks three times by itself
	defer cancel()
	meta, err := kafka.Interruptible(ctx, func() (*sarama.MetadataResponse, error) {
		broker := sarama.NewBroker(addr)
		defer broker.Close()
		if err := broker.Open(conf); err != nil {
			return nil, err
		}
		if _, err := broker.Connected(); err != nil { // which includes its first question, ApiVersions
			return nil, err
		}
		return broker.GetMetadata(sarama.NewMetadataRequest(conf.Version, []string{}))
	})
	return answer{addr, meta, err}
}

func (d dialer) askAll(addrs []string) []answer {
	answers := make([]answer, len(addrs))
	var wg sync.WaitGroup
	for i, addr := range addrs {
		wg.Go(func() { answers[i] = d.ask(addr) })
	}
	wg.Wait()
	return answers
}

// advertised is a broker as the cluster names it.
type advertised struct {
	id   int32
	addr string
}

func (d dialer) examine(bootstrap []string) []Line {
	given := d.askAll(bootstrap)
	var known []advertised
	var first *answer // the first that answered: its cluster is the one that was meant
	for i, a := range given {
		if a.meta == nil {
			continue
		}
		if first == nil {
			first = &given[i]
		}
		for _, b := range a.meta.Brokers {
			if one := (advertised{b.ID(), b.Addr()}); !slices.Contains(known, one) {
				known = append(known, one)
			}
		}
	}
	slices.SortFunc(known, func(a, b advertised) int { return int(a.id - b.id) })
	lines := []Line{}
	for _, a := range given {
		named := slices.ContainsFunc(known, func(b advertised) bool { return b.addr == a.addr })
		switch {
		case a.meta != nil && !sameCluster(a, *first):
			lines = append(lines, d.otherCluster(a.addr, first.addr))
		case a.meta != nil && !named:
			lines = append(lines, d.ok("bootstrap", "%s responde", "%s answers", a.addr))
		case a.meta == nil && !named: // one that is named is told with its broker
			lines = append(lines, d.unanswered("bootstrap", a))
		}
	}
	if first == nil {
		return lines
	}
	lines = append(lines, d.followed(known, given, *first)...)
	q, err := d.quorum(first.addr)
	switch {
	case errors.Is(err, kafka.ErrNoQuorum):
		return append(lines, d.cluster(known, *first, first.meta.ControllerID))
	case err != nil:
		return append(lines, d.noQuorum(err))
	}
	return append(lines, d.cluster(known, *first, q.Leader), d.voters(q))
}

// followed says of each broker whether clients here reach it where it says that it is.
func (d dialer) followed(known []advertised, given []answer, first answer) (lines []Line) {
	addrs := make([]string, len(known))
	for i, b := range known {
		addrs[i] = b.addr
	}
	for i, a := range d.askAll(addrs) {
		lines = append(lines, d.broker(known[i], a, given, first))
	}
	return lines
}

func (d dialer) broker(b advertised, a answer, given []answer, first answer) Line {
	check := fmt.Sprintf("broker-%d", b.id)
	asGiven := slices.ContainsFunc(given, func(g answer) bool { return g.addr == b.addr })
	if asGiven && a.meta != nil && sameCluster(a, first) {
		return d.ok(check, "%s responde", "%s answers", b.addr)
	}
	// Where clients look for localhost is their own machine: whether something answers there or not, it is
	// not this broker, unless client and broker share the machine.
	if isLocal(b.addr) && !slices.ContainsFunc(given, func(g answer) bool { return g.meta != nil && isLocal(g.addr) }) {
		text := d.text("o broker anuncia %s, que para cada cliente é a máquina dele mesmo, e você o chamou por %s",
			"the broker advertises %s, which to every client is its own machine, and you dialed %s", b.addr, first.addr)
		remedy := d.advertise(first.addr)
		if a.meta != nil && sameCluster(a, first) {
			return warn(check, text+d.text("; só daqui funciona", "; it works from here only"), remedy)
		}
		return fail(check, text, remedy)
	}
	switch {
	case a.meta == nil && asGiven:
		return d.unanswered(check, a)
	case a.meta == nil:
		return d.unreachable(check, a, first)
	case !sameCluster(a, first):
		return d.otherCluster(a.addr, first.addr)
	}
	return d.ok(check, "anuncia %s e responde ali", "advertises %s and answers there", b.addr)
}

// advertise is the remedy for a wrong advertised address.
func (d dialer) advertise(dialed string) string {
	host, _, _ := net.SplitHostPort(dialed)
	return d.text("no servidor, reinicie os brokers com ADVERTISED_HOST=%[1]s (PUBLIC_IP=%[1]s em single-broker.yaml)",
		"on the server, restart the brokers with ADVERTISED_HOST=%[1]s (PUBLIC_IP=%[1]s for single-broker.yaml)", host)
}

func (d dialer) cluster(known []advertised, first answer, controller int32) Line {
	const check = "cluster"
	id := "?"
	if first.meta.ClusterID != nil {
		id = *first.meta.ClusterID
	}
	if len(known) == 0 {
		return warn(check, d.text("%s responde, mas não conhece nenhum broker",
			"%s answers, but knows no broker", first.addr), d.text("o cluster ainda está iniciando: tente de novo em alguns segundos",
			"the cluster is still starting: try again in a few seconds"))
	}
	brokers := fmt.Sprintf("%d brokers", len(known))
	if len(known) == 1 {
		brokers = "1 broker"
	}
	if !slices.ContainsFunc(known, func(b advertised) bool { return b.id == controller }) {
		return warn(check, d.text("cluster %s: %s, nenhum controller", "cluster %s: %s, no controller", id, brokers),
			d.text("uma eleição leva segundos; se não passar, veja o ZooKeeper",
				"an election takes seconds; if this stays, check ZooKeeper"))
	}
	return d.ok(check, "cluster %s: %s, o controller é o %d", "cluster %s: %s, the controller is %d", id, brokers, controller)
}

func (d dialer) otherCluster(addr, first string) Line {
	return fail("cluster", d.text("em %s responde outro cluster que em %s", "%s belongs to another cluster than %s", addr, first),
		d.text("pare um deles, ou use os endereços de um só", "stop one of them, or use the addresses of one only"))
}

func sameCluster(a, b answer) bool {
	return a.meta.ClusterID == nil || b.meta.ClusterID == nil || *a.meta.ClusterID == *b.meta.ClusterID
}

func isLocal(addr string) bool {
	host, _, _ := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// problem is why an address did not answer.
type problem int

const (
	noName  problem = iota // the name does not resolve
	closed                 // the connection is refused
	lost                   // nothing comes back, not even a refusal
	silent                 // connected, and no answer
	noKafka                // an answer that is none of Kafka's
)

func problemOf(err error) problem {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		return noName
	case errors.Is(err, syscall.ECONNREFUSED), err != nil && strings.Contains(err.Error(), "refused"): // as Windows says it
		return closed
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "socks connect"):
		return lost
	case errors.As(err, &op) && op.Timeout(), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return silent
	}
	return noKafka
}
