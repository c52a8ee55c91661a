package doctor

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"workshop.example/kit/certs"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/service"
)

// withTLS is an embedded cluster of one broker behind TLS, with a certificate that is valid for so long.
func withTLS(t *testing.T, valid time.Duration, hosts ...string) kafka.Cluster {
	t.Helper()
	authority, err := certs.NewAuthority("test", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue("broker", hosts, time.Now().Add(-time.Hour), time.Now().Add(valid))
	if err != nil {
		t.Fatal(err)
	}
	server, err := tls.X509KeyPair(pair.CertificatePEM(), pair.KeyPEM())
	if err != nil {
		t.Fatal(err)
	}
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "transactions"),
		kfake.ListenFn(func(network, address string) (net.Listener, error) {
			return tls.Listen(network, address, &tls.Config{Certificates: []tls.Certificate{server}})
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	trust := &secure.TLS{Authorities: secure.Text(string(authority.CertificatePEM()))}
	return kafka.Cluster{Brokers: fake.ListenAddrs(), Security: &secure.Settings{TLS: trust}}
}

func TestSecurity(t *testing.T) {
	lines := Security(t.Context(), service.English, withTLS(t, 30*24*time.Hour, "127.0.0.1", "kafka.example"))
	want(t, find(t, lines, "security"), OK, "TLS")
	want(t, find(t, lines, "certificate-0"), OK, "for kafka.example, 127.0.0.1")
	want(t, find(t, lines, "rights"), OK, "transactions (Read, Write")

	ending := withTLS(t, 24*time.Hour, "127.0.0.1")
	ending.Brokers = append([]string{"127.0.0.1:1"}, ending.Brokers...) // nobody answers at the first address
	lines = Security(t.Context(), service.English, ending)
	want(t, find(t, lines, "certificate-0"), Warning, "workshop certs reload")
	if lines := Security(t.Context(), service.English, kafka.Cluster{Brokers: []string{"127.0.0.1:1"}}); len(lines) > 0 {
		t.Errorf("without protection there is nothing to say: %v", lines)
	}
}

// What is wrong with the connection is told where the broker is, with the same words as everywhere.
func TestConnectionIsNotProtected(t *testing.T) {
	for name, c := range map[string]struct {
		cluster kafka.Cluster
		text    string
	}{
		"expired":      {withTLS(t, -time.Minute, "127.0.0.1"), "has expired"},
		"another name": {withTLS(t, time.Hour, "kafka.example"), "names: kafka.example"},
	} {
		lines := Brokers(t.Context(), service.English, c.cluster)
		if len(lines) == 0 || lines[0].Level != Failure || !strings.Contains(lines[0].Remedy, c.text) {
			t.Errorf("%s: %v", name, lines)
		}
	}
}
