package admin

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// Replicas that the embedded cluster names are no copies, and every command that shows them says so.
func TestReplicasOfTheEmbeddedClusterAreNoCopies(t *testing.T) {
	real, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.ClusterID("MkU3OEVBNTcwNTJENDM2Qk")) // the control
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(real.Close)
	own := kafkatest.Start(t)
	for _, r := range []struct {
		args string
		says bool
	}{
		{"topics create one --replication-factor 1", false},
		{"topics describe one", false},
		{"topics create three", true},
		{"topics describe", true},
		{"topics describe three -o json", true},
		{"topics apply --topic applied:1", true},
		{"topics apply --topic applied:1", true}, // which exists
		{"topics apply --topic one:1", true},     // for its dead letters
		{"cluster", true},
	} {
		for _, c := range []struct {
			cluster kafka.Cluster
			says    bool
		}{{own.Kafka(), r.says}, {kafka.Cluster{Brokers: real.ListenAddrs()}, false}} {
			got := workshop(t, c.cluster, strings.Fields(r.args)...).OK(t)
			if n := strings.Count(got.Stderr, "which replicates nothing"); n > 1 || c.says != (n == 1) {
				t.Errorf("%s: it is said %d times, want %t:\n%s", r.args, n, c.says, got.Stderr)
			}
		}
	}
}
