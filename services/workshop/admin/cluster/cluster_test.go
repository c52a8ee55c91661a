package cluster

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kversion"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
)

func TestCluster(t *testing.T) {
	c := kafkatest.Start(t, "t:3", "u:1", "__consumer_offsets:2")
	table := workshop(t, c.Kafka(), "cluster").OK(t).Stdout
	admintest.Contains(t, table, ": 3 brokers, 2 topics and 1 of Kafka's own, 6 partitions\n\nBROKER  ADDRESS")
	admintest.Contains(t, table, "under-replicated partitions: none\noffline partitions: none\n")
	if n := strings.Count(table, "controller"); n != 1 {
		t.Errorf("%d controllers:\n%s", n, table)
	}
	var d describedCluster
	if err := json.Unmarshal([]byte(workshop(t, c.Kafka(), "cluster", "-o", "json").OK(t).Stdout), &d); err != nil {
		t.Fatal(err)
	}
	leads, replicas := 0, 0
	for i, b := range d.Brokers {
		leads, replicas = leads+b.Leads, replicas+b.Replicas
		if b.Address != c.ListenAddrs()[i] || b.Version != "embedded" || b.Rack != "" {
			t.Errorf("broker %d is at %s, version %q, rack %q", b.ID, b.Address, b.Version, b.Rack)
		}
	}
	if !strings.HasPrefix(d.ClusterID, "embedded-") || d.Partitions != 6 || leads != 6 || replicas != 18 ||
		d.UnderReplicated == nil || d.Offline == nil {
		t.Errorf("described as %+v", d)
	}
}

func TestVersionOf(t *testing.T) {
	answers := func(v *kversion.Versions) *sarama.ApiVersionsResponse {
		resp := &sarama.ApiVersionsResponse{}
		v.EachMaxKeyVersion(func(key, version int16) {
			resp.ApiKeys = append(resp.ApiKeys, sarama.ApiVersionsResponseKey{ApiKey: key, MaxVersion: version})
		})
		return resp
	}
	for want, v := range map[string]*kversion.Versions{"v3.9": kversion.V3_9_0(), "v2.8": kversion.V2_8_0()} {
		if got := versionOf(answers(v)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	mixed := kversion.V3_9_0()
	mixed.SetMaxKeyVersion(0, 3)
	if got := versionOf(answers(mixed)); got != "unknown" {
		t.Errorf("answers of no one version give %s", got)
	}
}

func TestSomeOf(t *testing.T) {
	for n, want := range map[int]string{0: "none", 2: "2 (t/0, t/0)", 9: "9 (" + strings.Repeat("t/0, ", 7) + "t/0 and others)"} {
		if got := someOf(strings.Fields(strings.Repeat("t/0 ", n))); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
