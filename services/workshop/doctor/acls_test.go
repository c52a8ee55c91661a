package doctor

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/service"
)

// Who may describe the cluster is told of all rights of its own, and of nobody else's; who may not is told that.
func TestACLs(t *testing.T) {
	right := func(kind kmsg.ACLResourceType, name string, pattern kmsg.ACLResourcePatternType, may kmsg.ACLOperation) kfake.ACL {
		return kfake.ACL{Resource: kind, Name: name, Pattern: pattern, Operation: may, Allow: true}
	}
	const literal, prefixed = kmsg.ACLResourcePatternTypeLiteral, kmsg.ACLResourcePatternTypePrefixed
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "transactions"), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.User("PLAIN", "student", "x",
			right(kmsg.ACLResourceTypeCluster, "kafka-cluster", literal, kmsg.ACLOperationDescribe),
			right(kmsg.ACLResourceTypeGroup, "student-", prefixed, kmsg.ACLOperationRead),
			right(kmsg.ACLResourceTypeTransactionalId, "t", literal, kmsg.ACLOperationWrite)),
		kfake.User("PLAIN", "consumer", "x", right(kmsg.ACLResourceTypeGroup, "cg", literal, kmsg.ACLOperationRead)),
		kfake.Superuser("PLAIN", "admin", "x"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	for user, text := range map[string]string{
		"student":  "Cluster (Describe); Group student-* (Read); TransactionalID t (Write)",
		"consumer": "only who has Describe on the cluster",
		"admin":    "none: a super user, or nobody",
	} {
		login := &secure.SASL{Mechanism: "PLAIN", User: user, Password: secure.Text("x")}
		lines := Security(t.Context(), service.English, kafka.Cluster{Brokers: fake.ListenAddrs(), Security: &secure.Settings{SASL: login}})
		line := find(t, lines, "acls")
		want(t, line, OK, text)
		if strings.Contains(line.Text, "cg") {
			t.Errorf("%s is told of another's rights: %s", user, line.Text)
		}
	}
}
