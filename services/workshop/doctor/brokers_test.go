package doctor

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// find is the one line of a check.
func find(t testing.TB, lines []Line, check string) Line {
	t.Helper()
	for _, l := range lines {
		if l.Check == check {
			return l
		}
	}
	t.Fatalf("no line of %s in %v", check, lines)
	return Line{}
}

func want(t testing.TB, l Line, level Level, texts ...string) {
	t.Helper()
	if l.Level != level {
		t.Errorf("%s: %s, want %s: %s", l.Check, l.Level, level, l.Text)
	}
	for _, text := range texts {
		if !strings.Contains(l.Text+"\n"+l.Remedy, text) {
			t.Errorf("%s: %q is not in\n%s\n→ %s", l.Check, text, l.Text, l.Remedy)
		}
	}
	if (l.Level == OK) != (l.Remedy == "") {
		t.Errorf("%s: %s with the remedy %q", l.Check, l.Level, l.Remedy)
	}
}

func dial(t testing.TB, addrs ...string) []Line {
	return Brokers(t.Context(), service.English, kafka.Cluster{Brokers: addrs})
}

func TestBrokersThatAreWell(t *testing.T) {
	c := kafkatest.Start(t)
	lines := dial(t, c.ListenAddrs()[0])
	if Failures(lines) != 0 || len(lines) != 4 {
		t.Errorf("want three brokers and the cluster, and no failure: %v", lines)
	}
	want(t, find(t, lines, "broker-1"), OK)
	want(t, find(t, lines, "broker-2"), OK, "advertises "+c.ListenAddrs()[2])
	want(t, find(t, lines, "cluster"), OK, "3 brokers, the controller is ")
	// By another name of this machine: the addresses differ, the brokers are reached.
	_, port, _ := net.SplitHostPort(c.ListenAddrs()[0])
	lines = dial(t, "localhost:"+port)
	want(t, find(t, lines, "bootstrap"), OK)
	want(t, find(t, lines, "broker-0"), OK, "advertises 127.0.0.1:"+port)
}

func TestAddressesThatDoNotAnswer(t *testing.T) {
	closed := "127.0.0.1:" + strconv.Itoa(kafkatest.FreePort(t))
	silent := kafkatest.Silent(t) // as a paused broker: the kernel accepts
	ssh := kafkatest.Listen(t, func(conn net.Conn) { conn.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n")); conn.Close() })
	for _, c := range []struct {
		addr  string
		texts []string
	}{
		{closed, []string{closed + ": the port is closed", "docker compose up -d", "BIND_ADDRESS"}},
		{silent, []string{"accepts the connection and does not answer", "paused"}},
		{ssh, []string{"does not speak as Kafka does"}},
		{"broker.invalid:9092", []string{"broker.invalid: there is no such name here", "/etc/hosts"}},
	} {
		t.Run(c.addr, func(t *testing.T) {
			t.Parallel()
			lines := dial(t, c.addr)
			if len(lines) != 1 {
				t.Errorf("%d lines, want 1: %v", len(lines), lines)
			}
			want(t, find(t, lines, "bootstrap"), Failure, c.texts...)
		})
	}
}

// What the brokers say of themselves, through the whole protocol: a listener for containers.
func TestListenerForContainers(t *testing.T) {
	c := kafkatest.Start(t)
	c.ControlKey(int16(kmsg.Metadata), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := req.ResponseKind().(*kmsg.MetadataResponse)
		b := kmsg.NewMetadataResponseBroker()
		b.NodeID, b.Host, b.Port = 1, "broker-1", 29091
		resp.Brokers, resp.ControllerID, resp.ClusterID = append(resp.Brokers, b), 1, kmsg.StringPtr("one")
		return resp, nil, true
	})
	lines := dial(t, c.ListenAddrs()[0])
	want(t, find(t, lines, "broker-1"), Failure, "advertises broker-1:29091", "only in the containers' network", "localhost:9091")
	want(t, find(t, lines, "bootstrap"), OK)
}

func TestAStopEndsTheDial(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent := kafkatest.Listen(t, func(net.Conn) { cancel() })
	began := time.Now()
	Brokers(ctx, service.English, kafka.Cluster{Brokers: []string{silent}})
	if took := time.Since(began); took > patience {
		t.Errorf("ended after %s", took)
	}
}

var (
	errNoName = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
	errClosed = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	errLost   = &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	errSilent = &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
)

// answers is an answer of a cluster whose broker n+1 advertises the nth address.
func answers(cluster string, addrs ...string) answer {
	meta := &sarama.MetadataResponse{ClusterID: &cluster, ControllerID: 1}
	for i, addr := range addrs {
		meta.AddBroker(addr, int32(i+1))
	}
	return answer{meta: meta}
}

func TestWhatIsAdvertised(t *testing.T) {
	const server = "192.168.0.10:9092"
	for _, c := range []struct {
		name  string
		given string
		world map[string]answer // by address; any other is closed
		check string
		level Level
		texts []string
	}{
		{"right", server, map[string]answer{server: answers("a", server)}, "broker-1", OK, []string{server + " answers"}},
		{"localhost", server, map[string]answer{server: answers("a", "localhost:9092")}, "broker-1", Failure,
			[]string{"advertises localhost:9092", "you dialed " + server, "ADVERTISED_HOST=192.168.0.10", "PUBLIC_IP=192.168.0.10"}},
		{"localhost, and one's own broker runs there", server, map[string]answer{
			server:           answers("a", "localhost:9092"),
			"localhost:9092": answers("b", "localhost:9092"),
		},
			"broker-1", Failure, []string{"advertises localhost:9092"}},
		{"localhost, on the server itself", server, map[string]answer{
			server:           answers("a", "127.0.0.1:9092"),
			"127.0.0.1:9092": answers("a", "127.0.0.1:9092"),
		},
			"broker-1", Warning, []string{"works from here only", "ADVERTISED_HOST"}},
		{"localhost by localhost", "localhost:9092", map[string]answer{
			"localhost:9092": answers("a", "localhost:9091", "localhost:9092"),
			"localhost:9091": answers("a"),
		},
			"broker-1", OK, nil},
		{
			"a container's name",
			server,
			map[string]answer{server: answers("a", "kafka:29091"), "kafka:29091": {err: errNoName}},
			"broker-1",
			Failure,
			[]string{"only in the containers' network"},
		},
		{
			"an unknown name",
			server,
			map[string]answer{server: answers("a", "kafka.example:9092"), "kafka.example:9092": {err: errNoName}},
			"broker-1",
			Failure,
			[]string{"there is no such name here", "DNS"},
		},
		{
			"a closed port",
			server,
			map[string]answer{server: answers("a", "192.168.0.10:9091", server)},
			"broker-1",
			Failure,
			[]string{"the port is closed there", "start it"},
		},
		{
			"a firewall",
			server,
			map[string]answer{server: answers("a", "192.168.0.10:9091"), "192.168.0.10:9091": {err: errLost}},
			"broker-1",
			Failure,
			[]string{"ufw allow 9091"},
		},
		{"a private address", "203.0.113.7:9092", map[string]answer{
			"203.0.113.7:9092": answers("a", "172.31.5.5:9092"),
			"172.31.5.5:9092":  {err: errLost},
		},
			"broker-1", Failure, []string{"172.31.5.5 is a private address", "PUBLIC_IP=203.0.113.7"}},
		{
			"a paused broker",
			server,
			map[string]answer{server: answers("a", "192.168.0.10:9091", server), "192.168.0.10:9091": {err: errSilent}},
			"broker-1",
			Failure,
			[]string{"paused"},
		},
		{
			"another cluster",
			server,
			map[string]answer{server: answers("a", "192.168.0.10:9091"), "192.168.0.10:9091": answers("b", "192.168.0.10:9091")},
			"cluster",
			Failure,
			[]string{"another cluster"},
		},
		{"no broker yet", server, map[string]answer{server: answers("a")}, "cluster", Warning, []string{"still starting"}},
		{
			"no controller",
			server,
			map[string]answer{server: func() answer { a := answers("a", server); a.meta.ControllerID = -1; return a }()},
			"cluster",
			Warning,
			[]string{"no controller"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := dialer{say(service.English), func(addr string) answer {
				a, ok := c.world[addr]
				if !ok {
					a.err = errClosed
				}
				a.addr = addr
				return a
			}, noQuorum}
			lines := d.examine([]string{c.given})
			want(t, find(t, lines, c.check), c.level, c.texts...)
			if (Failures(lines) > 0) != (c.level == Failure) {
				t.Errorf("%d failures: %v", Failures(lines), lines)
			}
		})
	}
}

// Two addresses were given, and one is dead: it is told once, as the broker that it is.
func TestADeadBrokerIsToldOnce(t *testing.T) {
	d := dialer{say(service.English), func(addr string) answer {
		if addr == "h:1" {
			return answer{addr: addr, err: errSilent}
		}
		a := answers("a", "h:1", "h:2")
		a.addr = addr
		return a
	}, noQuorum}
	lines := d.examine([]string{"h:1", "h:2"})
	if len(lines) != 3 || Failures(lines) != 1 {
		t.Errorf("%d lines, %d failures, want 3 and 1: %v", len(lines), Failures(lines), lines)
	}
	want(t, find(t, lines, "broker-1"), Failure, "paused")
}

func TestProblemOf(t *testing.T) {
	for err, want := range map[error]problem{
		errNoName: noName, errClosed: closed, errLost: lost, errSilent: silent, errors.New("EOF"): noKafka,
		errors.New("dial tcp: No connection could be made because the target machine actively refused it."): closed,
	} {
		if got := problemOf(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

// noQuorum is a cluster with ZooKeeper.
func noQuorum(string) (kafka.Quorum, error) { return kafka.Quorum{}, kafka.ErrNoQuorum }

func TestQuorum(t *testing.T) {
	now := time.Now()
	voters := func(third kafka.Voter) kafka.Quorum {
		return kafka.Quorum{Leader: 1, Voters: []kafka.Voter{{ID: 1, CaughtUp: now}, {ID: 2, CaughtUp: now, Behind: 1}, third}}
	}
	for _, c := range []struct {
		name  string
		q     kafka.Quorum
		err   error
		level Level
		texts []string
	}{
		{"whole", voters(kafka.Voter{ID: 3, CaughtUp: now.Add(-time.Second)}), nil, OK, []string{"controllers 1, 2, 3", "1 records behind"}},
		{"one is gone", voters(kafka.Voter{ID: 3, CaughtUp: now.Add(-time.Minute), Behind: 90}), nil, Warning,
			[]string{"controllers 3 do not follow 1 (90 records behind)", "start these brokers"}},
		{"one was never there", voters(kafka.Voter{ID: 3, Behind: 90}), nil, Warning, []string{"controllers 3 do not follow"}},
		{"lost", kafka.Quorum{}, kafka.ErrQuorumLost, Failure, []string{"no controller is active", "more than half"}},
		{"not allowed", kafka.Quorum{}, errors.New("not authorized"), Warning, []string{"not authorized", "Describe"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			const server = "127.0.0.1:9092"
			d := dialer{say(service.English), func(string) answer { a := answers("a", server); a.addr = server; return a },
				func(string) (kafka.Quorum, error) { return c.q, c.err }}
			lines := d.examine([]string{server})
			want(t, find(t, lines, "quorum"), c.level, c.texts...)
		})
	}
}
