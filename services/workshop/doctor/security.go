package doctor

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// soon is how long before its end a certificate should be replaced.
const soon = 7 * 24 * time.Hour

// Security says how the connection to a cluster is protected, how long that lasts, and what the user may do. Where it is not
// protected there is nothing to say. Addresses that do not answer are the business of [Brokers].
func Security(ctx context.Context, lang service.Lang, cluster kafka.Cluster) []Line {
	if cluster.Security == nil {
		return nil
	}
	s := say(lang)
	conf := cluster.AdminConfig("doctor")
	conf.Net.DialTimeout, conf.Net.ReadTimeout, conf.Net.WriteTimeout = patience, patience, patience
	found := []Line{s.protocol(cluster)}
	for _, addr := range cluster.Brokers {
		a := ask(ctx, addr, conf)
		if a.meta == nil {
			continue
		}
		if cluster.Security.TLS != nil {
			found = append(found, s.certificates(cluster, a.meta)...)
		}
		found = append(found, s.rights(ctx, addr, conf))
		if login := cluster.Security.SASL; login != nil {
			found = append(found, s.acls(ctx, addr, conf, login.User)...)
		}
		return found
	}
	return found
}

func (s say) protocol(cluster kafka.Cluster) Line {
	how := "TLS"
	if cluster.Security.TLS == nil {
		how = s.text("sem TLS: quem está na rede lê tudo", "without TLS: whoever is in the network reads all")
	}
	if login := cluster.Security.SASL; login != nil {
		how += s.text(", %s, usuário %s", ", %s, user %s", login.Mechanism, login.User)
	}
	if cluster.Security.TLS == nil {
		return warn("security", how, s.text("use um listener com SASL_SSL", "use a listener with SASL_SSL"))
	}
	return s.ok("security", "%s", "%s", how)
}

// certificates are those of each broker that the cluster names.
func (s say) certificates(cluster kafka.Cluster, meta *sarama.MetadataResponse) (found []Line) {
	brokers := slices.SortedFunc(slices.Values(meta.Brokers), func(a, b *sarama.Broker) int { return int(a.ID() - b.ID()) })
	for _, b := range brokers {
		conn, err := net.DialTimeout("tcp", b.Addr(), patience)
		if err != nil {
			continue
		}
		conn.SetDeadline(time.Now().Add(patience))
		cert, err := cluster.Security.TLS.BrokerCertificate(conn, b.Addr())
		conn.Close()
		if err == nil {
			found = append(found, s.certificate(fmt.Sprintf("certificate-%d", b.ID()), cert))
		}
	}
	return found
}

func (s say) certificate(check string, cert *x509.Certificate) Line {
	hosts := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	until := cert.NotAfter.Local().Format("2006-01-02 15:04")
	text := s.text("vale até %s, para %s", "valid until %s, for %s", until, strings.Join(hosts, ", "))
	if time.Until(cert.NotAfter) < soon {
		return warn(check, text, s.text("renove-o antes: «workshop certs», depois «workshop certs reload»; e confira o relógio desta máquina",
			"replace it before: «workshop certs», then «workshop certs reload»; and look at this machine's clock"))
	}
	return s.ok(check, "%s", "%s", text)
}

// operations are those of Kafka by their bits in an answer, in the order of the protocol.
func operations(bits int32) (names []string) {
	for op := sarama.AclOperationRead; op <= sarama.AclOperationIdempotentWrite; op++ {
		if bits >= 0 && bits&(1<<op) != 0 {
			names = append(names, op.String())
		}
	}
	return names
}

// rights asks what the user may do with the topics that it sees, and with the cluster.
func (s say) rights(ctx context.Context, addr string, conf *sarama.Config) Line {
	const check = "rights"
	meta, err := kafka.Interruptible(ctx, func() (*sarama.MetadataResponse, error) {
		broker := sarama.NewBroker(addr)
		defer broker.Close()
		if err := broker.Open(conf); err != nil {
			return nil, err
		}
		// The last version whose answer has the rights on the cluster, too.
		return broker.GetMetadata(&sarama.MetadataRequest{
			Version: 10, IncludeClusterAuthorizedOperations: true, IncludeTopicAuthorizedOperations: true,
		})
	})
	if err != nil {
		return warn(check, s.text("os brokers não dizem o que este usuário pode: %v", "the brokers do not tell what this user may do: %v", err),
			s.text("veja o log deles", "look at their logs"))
	}
	alike := map[string][]string{} // topics by the operations on them
	for _, t := range meta.Topics {
		if !strings.HasPrefix(t.Name, "__") {
			may := strings.Join(operations(t.TopicAuthorizedOperations), ", ")
			alike[may] = append(alike[may], t.Name)
		}
	}
	var topics []string
	for may, names := range alike {
		slices.Sort(names)
		topics = append(topics, strings.Join(names, ", ")+" ("+may+")")
	}
	slices.Sort(topics)
	onCluster := strings.Join(operations(meta.ClusterAuthorizedOperations), ", ")
	if onCluster == "" {
		onCluster = "-"
	}
	if len(topics) == 0 {
		return warn(check, s.text("este usuário não vê tópico nenhum; no cluster: %s", "this user sees no topic; on the cluster: %s", onCluster),
			s.text("dê a ele direitos (kafka-acls, ou compose/users.toml), ou crie os tópicos (workshop topics apply)",
				"grant it rights (kafka-acls, or compose/users.toml), or create the topics (workshop topics apply)"))
	}
	return s.ok(check, "no cluster: %s; tópicos: %s", "on the cluster: %s; topics: %s", onCluster, strings.Join(topics, "; "))
}
