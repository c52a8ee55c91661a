package secure_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"workshop.example/kit/certs"
	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/secure"
)

// server is an embedded cluster that wants TLS, logins or both.
type server struct {
	t         *testing.T
	authority *certs.Authority
	*embedded.Cluster
}

// protected starts one: hosts and validity are those of its certificate; no hosts: no TLS.
func protected(t *testing.T, hosts []string, valid validity, clients tls.ClientAuthType, more ...kfake.Opt) *server {
	t.Helper()
	return protectedBy(t, hosts, valid, &tls.Config{ClientAuth: clients}, more...)
}

func protectedBy(t *testing.T, hosts []string, valid validity, conf *tls.Config, more ...kfake.Opt) *server {
	t.Helper()
	authority, err := certs.NewAuthority("test authority", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, authority: authority}
	if len(hosts) > 0 {
		pair := s.pair(s.issue(hosts, valid))
		roots := x509.NewCertPool()
		roots.AddCert(authority.Certificate)
		conf.Certificates, conf.ClientCAs = []tls.Certificate{pair}, roots
		more = append(more, kfake.TLS(conf))
	}
	if s.Cluster, err = embedded.Start(embedded.Options{More: more}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// validity is from when until when a certificate is valid, seen from now.
type validity struct{ from, until time.Duration }

var (
	valid = validity{-2 * time.Hour, time.Hour}
	over  = validity{-2 * time.Hour, -time.Minute}
)

func (s *server) issue(hosts []string, valid validity) *certs.Pair {
	s.t.Helper()
	pair, err := s.authority.Issue("test", hosts, time.Now().Add(valid.from), time.Now().Add(valid.until))
	if err != nil {
		s.t.Fatal(err)
	}
	return pair
}

func (s *server) pair(p *certs.Pair) tls.Certificate {
	s.t.Helper()
	pair, err := tls.X509KeyPair(p.CertificatePEM(), p.KeyPEM())
	if err != nil {
		s.t.Fatal(err)
	}
	return pair
}

// trust is TLS with the server's authority.
func (s *server) trust() *secure.TLS {
	return &secure.TLS{Authorities: secure.Text(string(s.authority.CertificatePEM()))}
}

// dial makes one attempt, and asks for a topic's partitions.
func (s *server) dial(settings *secure.Settings) error {
	s.t.Helper()
	cluster := kafka.Cluster{Brokers: s.ListenAddrs(), Security: settings}
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	began := time.Now()
	client, err := cluster.DialOnce(ctx, cluster.Config("test"))
	if took := time.Since(began); took > 5*time.Second {
		s.t.Errorf("the answer took %s, want 5s at most", took)
	}
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.Controller()
	return err
}

func login(mechanism, user, password string) *secure.SASL {
	return &secure.SASL{Mechanism: mechanism, User: user, Password: secure.Text(password)}
}

var local = []string{"127.0.0.1", "localhost"}

// Every combination connects; what does not fit is told with its cause.
func TestConnections(t *testing.T) {
	t.Parallel()
	const ok = secure.Problem(0)
	users := []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("PLAIN", "ana", "right"), kfake.Superuser("SCRAM-SHA-256", "ana", "right"),
		kfake.Superuser("SCRAM-SHA-512", "ana", "right")}
	plain := protected(t, nil, valid, 0)
	encrypted := protected(t, local, valid, 0)
	mutual := protected(t, local, valid, tls.RequireAndVerifyClientCert)
	// As Java 17: it has no alert of its own for a certificate that is missing.
	older := protectedBy(t, local, valid, &tls.Config{ClientAuth: tls.RequestClientCert, VerifyConnection: func(c tls.ConnectionState) error {
		if len(c.PeerCertificates) == 0 {
			return errors.New("no certificate")
		}
		return nil
	}})
	expired := protected(t, local, over, 0)
	ahead := protected(t, local, validity{30 * time.Minute, time.Hour}, 0)
	elsewhere := protected(t, []string{"kafka.example"}, valid, 0)
	logins := protected(t, nil, valid, 0, users...)
	both := protected(t, local, valid, 0, users...)

	own := mutual.trust()
	ours := mutual.issue([]string{"client"}, valid)
	own.Certificate, own.Key = secure.Text(string(ours.CertificatePEM())), secure.Text(string(ours.KeyPEM()))
	foreign := mutual.trust()
	theirs := both.issue([]string{"client"}, valid)
	foreign.Certificate, foreign.Key = secure.Text(string(theirs.CertificatePEM())), secure.Text(string(theirs.KeyPEM()))
	named, anyName := elsewhere.trust(), elsewhere.trust()
	named.ServerName, anyName.AnyName = "kafka.example", true

	for _, c := range []struct {
		name     string
		server   *server
		settings *secure.Settings
		want     secure.Problem
	}{
		{"plain text", plain, nil, ok},
		{"TLS", encrypted, &secure.Settings{TLS: encrypted.trust()}, ok},
		{"mutual TLS", mutual, &secure.Settings{TLS: own}, ok},
		{"PLAIN", logins, &secure.Settings{SASL: login(secure.Plain, "ana", "right")}, ok},
		{"SCRAM-SHA-256", logins, &secure.Settings{SASL: login(secure.SCRAM256, "ana", "right")}, ok},
		{"SCRAM-SHA-512", logins, &secure.Settings{SASL: login(secure.SCRAM512, "ana", "right")}, ok},
		{"SCRAM over TLS", both, &secure.Settings{TLS: both.trust(), SASL: login(secure.SCRAM512, "ana", "right")}, ok},
		{"another name, given", elsewhere, &secure.Settings{TLS: named}, ok},
		{"any name", elsewhere, &secure.Settings{TLS: anyName}, ok},

		{"plain text on a port with TLS", encrypted, nil, secure.NeedsTLS},
		{"no login where one is wanted", logins, nil, secure.NeedsLogin},
		{"no login over TLS", both, &secure.Settings{TLS: both.trust()}, secure.NeedsLogin},
		{"a foreign authority", encrypted, &secure.Settings{TLS: both.trust()}, secure.UnknownAuthority},
		{"any name, and a foreign authority", encrypted, &secure.Settings{TLS: &secure.TLS{Authorities: both.trust().Authorities, AnyName: true}},
			secure.UnknownAuthority},
		{"an expired certificate", expired, &secure.Settings{TLS: expired.trust()}, secure.Expired},
		{"a certificate that is not valid yet", ahead, &secure.Settings{TLS: ahead.trust()}, secure.NotYetValid},
		{"no such file", encrypted, &secure.Settings{TLS: &secure.TLS{Authorities: secure.Source{File: "/nowhere/ca.pem"}}}, secure.Unreadable},
		{"another name", elsewhere, &secure.Settings{TLS: elsewhere.trust()}, secure.WrongName},
		{"no certificate of ours", mutual, &secure.Settings{TLS: mutual.trust()}, secure.NoCertificate},
		{"no certificate of ours, Java 17", older, &secure.Settings{TLS: older.trust()}, secure.NoCertificate},
		{"a foreign certificate of ours", mutual, &secure.Settings{TLS: foreign}, secure.BadCertificate},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.server.dial(c.settings)
			told, _ := errors.AsType[*secure.Error](err)
			switch {
			case c.want == ok && err != nil, c.want != ok && told == nil:
				t.Fatalf("%v, want problem %d", err, c.want)
			case told != nil && told.Problem != c.want:
				t.Fatalf("problem %d, want %d: %v", told.Problem, c.want, err)
			case err != nil && strings.Contains(err.Error(), "hunter2"):
				t.Errorf("the password is shown: %v", err)
			case err != nil && !strings.Contains(err.Error(), "remedy"):
				t.Errorf("no remedy: %v", err)
			}
		})
	}
}

// A broker that has refused a login is left alone for a second, however often sarama asks.
func TestOneTryASecond(t *testing.T) {
	t.Parallel()
	s := protected(t, nil, valid, 0, kfake.EnableSASL(), kfake.Superuser("PLAIN", "ana", "right"))
	settings := &secure.Settings{SASL: login(secure.Plain, "ana", "wrong")}
	cluster := kafka.Cluster{Brokers: s.ListenAddrs()[:1], Security: settings}
	dialer := cluster.Config("test").Net.Proxy.Dialer
	_, first := dialer.Dial("tcp", cluster.Brokers[0])
	s.Close() // another try would be told that the connection is refused
	_, second := dialer.Dial("tcp", cluster.Brokers[0])
	if first == nil || !errors.Is(second, first) {
		t.Errorf("at first %v, and then %v", first, second)
	}
}

// A file that was replaced is used by the next connection.
func TestReplacedFiles(t *testing.T) {
	t.Parallel()
	s := protected(t, local, valid, tls.RequireAndVerifyClientCert)
	dir := t.TempDir()
	write := func(name string, pem []byte) secure.Source {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem, 0o600); err != nil {
			t.Fatal(err)
		}
		return secure.Source{File: file}
	}
	old := s.issue([]string{"client"}, over)
	own := s.trust()
	own.Certificate, own.Key = write("cert", old.CertificatePEM()), write("key", old.KeyPEM())
	settings := &secure.Settings{TLS: own}
	if told, _ := errors.AsType[*secure.Error](s.dial(settings)); told == nil || told.Problem != secure.BadCertificate {
		t.Fatalf("with an expired certificate: %v", told)
	}
	renewed := s.issue([]string{"client"}, valid)
	write("cert", renewed.CertificatePEM())
	write("key", renewed.KeyPEM())
	if err := s.dial(settings); err != nil {
		t.Errorf("with the new one: %v", err)
	}
}

// Secrets are in no text that settings are turned into.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	own := &secure.TLS{Key: secure.Text("hunter2")}
	cluster := kafka.Cluster{Security: &secure.Settings{SASL: login(secure.Plain, "ana", "hunter2"), TLS: own}}
	text, err := json.Marshal(cluster.Security.SASL.Password)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %v %+v %#v %s", cluster, cluster, cluster, cluster.Security.SASL.Password, cluster.Security.TLS,
		cluster.Security.SASL.Password, text)
	if strings.Contains(shown, "hunter2") {
		t.Error(shown)
	}
}
