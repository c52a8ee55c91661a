package admin

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
)

func TestNoCluster(t *testing.T) {
	nobody := kafka.Cluster{Brokers: []string{fmt.Sprint("127.0.0.1:", kafkatest.FreePort(t))}}
	for _, args := range []string{"topics list", "topics describe", "topics create x", "topics delete x", "groups list", "groups delete g"} {
		began := time.Now()
		workshop(t, nobody, strings.Fields(args)...).Fails(t, nobody.Brokers[0]+": connection refused; start the cluster")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %s", args, took)
		}
	}
}

// A broker that accepts and says nothing must not hold the command for longer than it may take.
func TestASilentCluster(t *testing.T) {
	silent := kafka.Cluster{Brokers: []string{kafkatest.Silent(t)}}
	began := time.Now()
	workshop(t, silent, "topics", "list", "--timeout", "300ms").Fails(t, "no answer within 300ms; allow more with --timeout")
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
}

// With one broker down the others answer for it.
func TestOneBrokerIsDown(t *testing.T) {
	c := kafkatest.Start(t, "t:3")
	admintest.Commit(t, c, "g", "t", 0, 0)
	cluster := c.Kafka()
	cluster.Brokers = append([]string{fmt.Sprint("127.0.0.1:", kafkatest.FreePort(t))}, cluster.Brokers...)
	for _, args := range []string{"topics list", "topics describe t", "groups describe g"} {
		admintest.Contains(t, workshop(t, cluster, strings.Fields(args)...).OK(t).Stdout, "t")
	}
}
