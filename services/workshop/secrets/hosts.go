package secrets

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"workshop.example/kit/certs"
)

// The files of a host's folder besides its keystore.pem.
const (
	hostAuthority = "ca.pem"
	hostSettings  = "broker.env"
)

// BrokerName is the name of the n-th broker, counted from 1: in its certificate, and of its folder.
func BrokerName(n int) string { return fmt.Sprint("broker-", n) }

// WriteHosts completes the folder of each broker, one to a host: with broker-2 alone a machine can be the second host. The administrator
// gets a client.properties for the listener that takes certificates.
func (f Folder) WriteHosts(hosts []string) error {
	authority, err := os.ReadFile(f.AuthorityFile())
	if err != nil {
		return err
	}
	id, err := clusterID(authority)
	if err != nil {
		return err
	}
	for i := range hosts {
		name := BrokerName(i + 1)
		if err := f.write(name, hostAuthority, 0, authority); err != nil {
			return err
		}
		if err := f.write(name, hostSettings, 0, []byte(settingsOf(i+1, hosts, id))); err != nil {
			return err
		}
	}
	keys, err := filepath.Abs(f.KeystoreFile("admin"))
	if err != nil {
		return err
	}
	text := fmt.Sprintf("# The administrator's connection, by certificate. For the workshop's programs: "+
		"export KAFKA_CLIENT_CONFIG=this file.\nbootstrap.servers=%s\nsecurity.protocol=SSL\nssl.keystore.type=PEM\nssl.keystore.location=%s\n%s",
		addresses(hosts, "%s:2909%d"), filepath.ToSlash(keys), trust(authority))
	return f.write("admin", clientFile, 0, []byte(text))
}

// settingsOf are what differs between the brokers of a cluster, as compose/host.yaml and scripts/native-kafka read it.
func settingsOf(n int, hosts []string, clusterID string) string {
	var b strings.Builder
	host := hosts[n-1]
	fmt.Fprintf(&b, "# Broker %d. «workshop certs hosts» has written this folder: it belongs on %s, and on no other host.\n", n, host)
	fmt.Fprintf(&b, "CLUSTER_ID=%s\nHOSTS=%s\n", clusterID, strings.Join(hosts, ","))
	fmt.Fprintf(&b, "KAFKA_NODE_ID=%[1]d\nKAFKA_BROKER_RACK=host-%[1]d\n", n)
	fmt.Fprintf(&b, "KAFKA_CONTROLLER_QUORUM_VOTERS=%s\n", addresses(hosts, "%[2]d@%[1]s:1909%[2]d"))
	fmt.Fprintf(&b, "KAFKA_LISTENERS=HEALTH://127.0.0.1:1809%[1]d,INTERNAL://0.0.0.0:2909%[1]d,EXTERNAL://0.0.0.0:909%[1]d,"+
		"CONTROLLER://0.0.0.0:1909%[1]d\n", n)
	fmt.Fprintf(&b, "KAFKA_ADVERTISED_LISTENERS=HEALTH://broker-%[1]d:1809%[1]d,INTERNAL://%[2]s:2909%[1]d,"+
		"EXTERNAL://%[2]s:909%[1]d\n", n, host)
	return b.String()
}

// addresses are those of all brokers; the format takes a host and its number.
func addresses(hosts []string, format string) string {
	var all []string
	for i, host := range hosts {
		all = append(all, fmt.Sprintf(format, host, i+1))
	}
	return strings.Join(all, ",")
}

// clusterID is made of the authority: brokers refuse data of a cluster with another one.
func clusterID(authority []byte) (string, error) {
	certificate, err := certs.ParseCertificate(authority)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(certificate.Raw)
	sum[0] &= 0x7f // no «-» comes first, which a command would take for an option
	return base64.RawURLEncoding.EncodeToString(sum[:16]), nil
}
