//go:build docker

package acceptance

import (
	"crypto/tls"
	"crypto/x509"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/certs"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// served is the certificate that a broker shows to clients outside.
func served(t *testing.T, addr string) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) // to look at it, whatever it is
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

// A certificate that ends while its broker runs is told; with new ones for all the stack goes on as it runs.
func certificatesAreRotated(t *testing.T, s *secureStack) {
	s.shortLived("broker-3", time.Minute)
	s.reload("external")
	var ends time.Time
	eventually(t, "broker 3 shows a certificate that ends soon", func() bool {
		ends = served(t, "localhost:9293").NotAfter
		return time.Until(ends) < 2*time.Minute
	})
	eventually(t, "broker 3's certificate has ended", func() bool { return time.Now().After(ends) })
	began := time.Now()
	code, out, _ := s.as("teacher", "cluster", "--bootstrap-servers", "localhost:9293")
	if code != 1 || !strings.Contains(out, "certificate has expired") || time.Since(began) > 5*time.Second {
		t.Errorf("an expired certificate: exit code %d after %s\n%s", code, time.Since(began), out)
	}

	s.compose("run", "--rm", "-T", "--entrypoint", "/service", "certs", "certs", "--dir=/secrets", "--brokers=4", "--group=20000",
		"--hosts=localhost,127.0.0.1,rotated.example")
	s.compose("restart", "broker-3") // to which nobody can say that there is a new one
	awaitHealth(t, "healthy", "secure-broker-3")
	s.reload("internal,programs,external")
	for _, addr := range strings.Split(secureBrokers, ",") {
		eventually(t, addr+" shows the new certificate", func() bool { return slices.Contains(served(t, addr).DNSNames, "rotated.example") })
	}
	for _, name := range programs {
		if c := inspect(t, "secure-"+name); c.RestartCount > 0 {
			t.Errorf("%s was restarted", name)
		}
	}
	// New connections: those of a member that starts, and of a tool.
	s.compose("restart", "consumer")
	awaitLines(t, "secure-consumer", `{"id_sequencia":`, 20, "--tail", "0")
	eventually(t, "all replicas are in sync after the rotation", func() bool {
		code, out, _ := s.as("teacher", "cluster")
		return code == 0 && strings.Contains(out, "under-replicated partitions: none")
	})
}

// reload makes the brokers read their certificates, over the listener that they themselves use. With what it depends on, certs would
// make anew first what the test has put there.
func (s *secureStack) reload(listeners string) {
	s.t.Helper()
	began := time.Now()
	s.compose("run", "--rm", "-T", "--no-deps", "users", "certs", "reload", "--listeners", listeners)
	s.t.Logf("certificates of %s are read again after %s", listeners, time.Since(began).Round(100*time.Millisecond))
}

// shortLived puts a certificate into a broker's folder that ends soon.
func (s *secureStack) shortLived(broker string, life time.Duration) {
	s.t.Helper()
	var texts [2][]byte
	for i, name := range []string{"ca.pem", "authority/key.pem"} {
		path := filepath.Join(s.dir, filepath.Base(name))
		s.compose("cp", "certs:/secrets/"+name, path)
		var err error
		if texts[i], err = os.ReadFile(path); err != nil {
			s.t.Fatal(err)
		}
	}
	pair, err := certs.ParsePair(texts[0], texts[1])
	if err != nil {
		s.t.Fatal(err)
	}
	authority := certs.Authority{Pair: *pair}
	from := time.Now().Add(-time.Minute)
	short, err := authority.Issue(broker, []string{"localhost", "127.0.0.1", broker}, from, time.Now().Add(life))
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.dir, "keystore.pem")
	if err := os.WriteFile(file, slices.Concat(short.KeyPEM(), short.CertificatePEM()), 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.compose("cp", file, "certs:/secrets/"+broker+"/keystore.pem")
}

const secureKills = 6

// The scoreboard, with the rights of the table and no others, is killed at random, and the leader of its topic once: each event is on
// BOARD_TOPIC once, in order.
func exactlyOnceKilled(t *testing.T, s *secureStack) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	started := inspect(t, "secure-scoreboard").RestartCount
	for n := range secureKills {
		if n == secureKills/2 {
			signalMain(t, "secure-broker-1", "KILL")
		}
		before := inspect(t, "secure-scoreboard").RestartCount
		time.Sleep(500*time.Millisecond + time.Duration(rng.Int64N(int64(2*time.Second)))) // not to wait for a state: to meet any
		signalMain(t, "secure-scoreboard", "KILL")
		eventually(t, "the scoreboard was restarted", func() bool {
			c := inspect(t, "secure-scoreboard")
			return c.RestartCount > before && c.State.Status == "running"
		})
	}
	awaitHealth(t, "healthy", "secure-broker-1", "secure-scoreboard")
	if kills := inspect(t, "secure-scoreboard").RestartCount - started; kills < secureKills {
		t.Errorf("the scoreboard was killed %d times, want %d", kills, secureKills)
	}
	s.compose("stop", "score-simulator")
	events, err := kafkatest.ReadAll(s.cluster(), "scoreGame")
	if err != nil {
		t.Fatal(err)
	}
	var boards []int64
	eventually(t, "the board has every event", func() bool {
		boards = nil
		msgs, err := kafkatest.ReadAll(s.cluster(), "scoreBoard")
		for _, msg := range msgs {
			r, err := event.DecodeBoardRecord(msg.Value)
			if err != nil {
				t.Fatal(err)
			}
			boards = append(boards, r.Source.Offset)
		}
		return err == nil && len(boards) >= len(events)
	})
	var want []int64
	for _, msg := range events {
		want = append(want, msg.Offset)
	}
	if !slices.Equal(boards, want) {
		t.Errorf("the board has %d records of %d events, or another order:\n%v", len(boards), len(want), boards)
	}
	t.Logf("%d kills of the scoreboard and one of a broker: %d events, each once and in order: %t", secureKills, len(want),
		slices.Equal(boards, want))
}
