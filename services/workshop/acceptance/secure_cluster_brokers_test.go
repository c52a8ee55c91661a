//go:build brokers

package acceptance

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/certs"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/kafkatest"
)

// secureBroker is one real broker (KRaft, so that it needs no ZooKeeper) with a listener of each kind, users and ACLs. Who comes
// without a login may do everything.
type secureBroker struct {
	t         testing.TB
	dir       string
	addr      map[string]string // of a listener
	authority *certs.Authority
}

var secureListeners = []struct {
	name, protocol string
	hosts          []string      // of its certificate
	until          time.Duration // it is valid
}{
	{"PLAIN", "PLAINTEXT", nil, 0},
	{"LOGIN", "SASL_PLAINTEXT", nil, 0},
	{"BRIEF", "SASL_PLAINTEXT", nil, 0}, // its sessions end after a second
	{"TOKEN", "SASL_PLAINTEXT", nil, 0}, // for OAUTHBEARER alone
	{"TLS", "SSL", []string{"localhost"}, time.Hour},
	{"MUTUAL", "SSL", []string{"localhost"}, time.Hour},
	{"BOTH", "SASL_SSL", []string{"localhost"}, time.Hour},
	{"EXPIRED", "SSL", []string{"localhost"}, -time.Hour},
	{"ELSEWHERE", "SSL", []string{"kafka.example"}, time.Hour},
}

// The users of the broker: ana may do everything, and bruno nothing.
const (
	secureUser     = "ana"
	powerlessUser  = "bruno"
	securePassword = "right-password"
)

func startSecureBroker(t testing.TB) *secureBroker {
	t.Helper()
	authority, err := certs.NewAuthority("workshop test authority", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b := &secureBroker{t: t, dir: t.TempDir(), addr: map[string]string{}, authority: authority}
	b.file("ca.pem", authority.CertificatePEM())
	properties := b.file("server.properties", []byte(b.properties()))
	runKRaft(t, os.Getenv("KAFKA_HOME"), properties, b.cluster("PLAIN", nil),
		"--add-scram", "SCRAM-SHA-256=[name="+secureUser+",password="+securePassword+"]",
		"--add-scram", "SCRAM-SHA-512=[name="+secureUser+",password="+securePassword+"]",
		"--add-scram", "SCRAM-SHA-512=[name="+powerlessUser+",password="+securePassword+"]")
	return b
}

func (b *secureBroker) properties() string {
	var listeners, protocols []string
	p := &strings.Builder{}
	controller := fmt.Sprint("localhost:", kafkatest.FreePort(b.t))
	for _, l := range secureListeners {
		b.addr[l.name] = fmt.Sprint("localhost:", kafkatest.FreePort(b.t))
		listeners = append(listeners, l.name+"://"+b.addr[l.name])
		protocols = append(protocols, l.name+":"+l.protocol)
		prefix := "listener.name." + strings.ToLower(l.name) + "."
		if len(l.hosts) > 0 {
			pair, err := b.authority.Issue("broker", l.hosts, time.Now().Add(-2*time.Hour), time.Now().Add(l.until))
			if err != nil {
				b.t.Fatal(err)
			}
			store := b.file(l.name+".pem", pair.CertificatePEM(), pair.KeyPEM())
			fmt.Fprintf(p, "%[1]skeystore.type=PEM\n%[1]skeystore.location=%[2]s\n%[1]struststore.type=PEM\n%[1]struststore.location=%[3]s\n",
				prefix+"ssl.", store, filepath.Join(b.dir, "ca.pem"))
		}
		switch {
		case l.name == "TOKEN":
			fmt.Fprintf(p, "%[1]ssasl.enabled.mechanisms=OAUTHBEARER\n%[1]soauthbearer.sasl.jaas.config=%[2]s\n", prefix,
				"org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;")
		case strings.HasPrefix(l.protocol, "SASL"):
			fmt.Fprintf(p, "%[1]ssasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n"+
				"%[1]splain.sasl.jaas.config=%[2]s.plain.PlainLoginModule required user_%[3]s=\"%[4]s\" user_%[5]s=\"%[4]s\";\n"+
				"%[1]sscram-sha-256.sasl.jaas.config=%[2]s.scram.ScramLoginModule required;\n"+
				"%[1]sscram-sha-512.sasl.jaas.config=%[2]s.scram.ScramLoginModule required;\n",
				prefix, "org.apache.kafka.common.security", secureUser, securePassword, powerlessUser)
		}
	}
	fmt.Fprintln(p, "listener.name.mutual.ssl.client.auth=required")
	for _, mechanism := range secure.Mechanisms[:3] {
		fmt.Fprintf(p, "listener.name.brief.%s.connections.max.reauth.ms=1000\n", strings.ToLower(mechanism))
	}
	all := strings.Join(listeners, ",")
	fmt.Fprintf(p, "listeners=CONTROLLER://%s,%s\nadvertised.listeners=%s\n", controller, all, all)
	fmt.Fprintf(p, "listener.security.protocol.map=CONTROLLER:PLAINTEXT,%s\n", strings.Join(protocols, ","))
	fmt.Fprintf(p, "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@%s\n", controller)
	fmt.Fprintln(p, "controller.listener.names=CONTROLLER")
	fmt.Fprintf(p, "inter.broker.listener.name=PLAIN\nlog.dirs=%s\n", filepath.Join(b.dir, "data"))
	fmt.Fprintf(p, "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n")
	fmt.Fprintf(p, "super.users=User:ANONYMOUS;User:%s\n", secureUser)
	for _, internal := range []string{"offsets.topic", "transaction.state.log"} {
		fmt.Fprintf(p, "%[1]s.replication.factor=1\n%[1]s.num.partitions=1\n", internal)
	}
	fmt.Fprintln(p, "transaction.state.log.min.isr=1\nauto.create.topics.enable=false\ngroup.initial.rebalance.delay.ms=0")
	return p.String()
}

// file writes texts into a file of the broker's folder.
func (b *secureBroker) file(name string, texts ...[]byte) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, bytes.Join(texts, nil), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// cluster is the broker by one of its listeners.
func (b *secureBroker) cluster(listener string, settings *secure.Settings) kafka.Cluster {
	return kafka.Cluster{Brokers: []string{b.addr[listener]}, Security: settings}
}

// trust is TLS with the broker's authority.
func (b *secureBroker) trust() *secure.TLS {
	return &secure.TLS{Authorities: secure.Source{File: filepath.Join(b.dir, "ca.pem")}}
}

// allow gives the powerless user rights on one resource.
func (b *secureBroker) allow(admin sarama.ClusterAdmin, kind sarama.AclResourceType, name string, operations ...sarama.AclOperation) {
	b.t.Helper()
	rights := &sarama.ResourceAcls{
		Resource: sarama.Resource{ResourceType: kind, ResourceName: name, ResourcePatternType: sarama.AclPatternLiteral},
	}
	for _, operation := range operations {
		rights.Acls = append(rights.Acls, &sarama.Acl{
			Principal: "User:" + powerlessUser, Host: "*", Operation: operation, PermissionType: sarama.AclPermissionAllow,
		})
	}
	if err := admin.CreateACLs([]*sarama.ResourceAcls{rights}); err != nil {
		b.t.Fatal(err)
	}
}

// tool runs the tool, which may do everything.
func (b *secureBroker) tool(args ...string) {
	b.t.Helper()
	p := start(b.t, []string{"BOOTSTRAP_SERVERS=" + b.addr["PLAIN"]}, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), args...)
	if p.exit(time.Minute) != 0 {
		b.t.Fatalf("workshop %s:\n%s", strings.Join(args, " "), strings.Join(p.Logs(), "\n"))
	}
}
