package kafkaenv_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/service"
)

func TestCluster(t *testing.T) {
	for _, c := range []struct {
		name string
		vars map[string]string
		want string // brokers
		err  string
	}{
		{"default", nil, "localhost:9091,localhost:9092,localhost:9093", ""},
		{"the native guide's variable", map[string]string{"kafka_host_url": "10.0.0.5:9092"}, "10.0.0.5:9092", ""},
		{"BOOTSTRAP_SERVERS wins", map[string]string{"kafka_host_url": "a:1", "BOOTSTRAP_SERVERS": "b:2, c:3"}, "b:2,c:3", ""},
		{"several in the one", map[string]string{"kafka_host_url": "a:1,b:2"}, "", "kafka_host_url"},
		{"no port", map[string]string{"BOOTSTRAP_SERVERS": "a"}, "", "BOOTSTRAP_SERVERS"},
		{"port 0", map[string]string{"BOOTSTRAP_SERVERS": "a:0"}, "", "BOOTSTRAP_SERVERS"},
		{"another proxy", map[string]string{"KAFKA_PROXY": "http://p:1"}, "", "KAFKA_PROXY"},
		{"a proxy without a port", map[string]string{"KAFKA_PROXY": "socks5://p"}, "", "KAFKA_PROXY"},
	} {
		env := service.EnvOf(c.vars)
		got := kafkaenv.Cluster(env)
		err := env.Err()
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want one that names %s", c.name, err, c.err)
			}
			continue
		}
		if err != nil || !slices.Equal(got.Brokers, strings.Split(c.want, ",")) {
			t.Errorf("%s: %v, %v; want %s", c.name, got.Brokers, err, c.want)
		}
	}
}

func TestHostURLBesideBootstrapServers(t *testing.T) {
	for _, c := range []struct {
		name    string
		vars    map[string]string
		ignored []service.Ignored
	}{
		{"they differ", map[string]string{"kafka_host_url": "a:1", "BOOTSTRAP_SERVERS": "b:2"},
			[]service.Ignored{{Name: "kafka_host_url", Value: "a:1", Because: "BOOTSTRAP_SERVERS is set too, and wins over it"}}},
		{"they agree", map[string]string{"kafka_host_url": "a:1", "BOOTSTRAP_SERVERS": "a:1"}, nil},
		{"only the one", map[string]string{"kafka_host_url": "a:1"}, nil},
		{"only the other", map[string]string{"BOOTSTRAP_SERVERS": "b:2"}, nil},
		{"the other is empty", map[string]string{"kafka_host_url": "a:1", "BOOTSTRAP_SERVERS": ""}, nil},
	} {
		env := service.EnvOf(c.vars)
		kafkaenv.Cluster(env)
		if got := env.Ignored(); !slices.Equal(got, c.ignored) {
			t.Errorf("%s: ignored %v, want %v", c.name, got, c.ignored)
		}
	}
}

// A client has its own name for the brokers where the user gives one, and otherwise the program's.
func TestClientID(t *testing.T) {
	for _, c := range []struct{ given, want string }{{"", "producer"}, {"ana", "ana"}} {
		env := service.EnvOf(map[string]string{"KAFKA_CLIENT_ID": c.given})
		cluster := kafkaenv.Cluster(env)
		if got := cluster.Config("producer").ClientID; got != c.want || env.Err() != nil {
			t.Errorf("KAFKA_CLIENT_ID=%s: client id %q, %v; want %q", c.given, got, env.Err(), c.want)
		}
	}
}

// Whatever the environment accepts, sarama has to accept too.
func TestEveryPublishingIsValid(t *testing.T) {
	for _, acks := range []string{"all", "1", "0"} {
		for _, idempotent := range []string{"true", "false"} {
			for _, codec := range []string{"none", "lz4", "snappy", "zstd", "gzip"} {
				env := service.EnvOf(map[string]string{"ACKS": acks, "IDEMPOTENT": idempotent, "COMPRESSION": codec})
				conf := kafka.Cluster{}.Config("test")
				kafkaenv.Publishing(env).Apply(conf)
				accepted, valid := env.Err() == nil, conf.Validate() == nil
				if accepted != valid {
					t.Errorf("ACKS=%s IDEMPOTENT=%s COMPRESSION=%s: accepted %v, valid for sarama %v", acks, idempotent, codec, accepted, valid)
				}
			}
		}
	}
}

func TestMembership(t *testing.T) {
	env := service.EnvOf(map[string]string{"AUTO_OFFSET_RESET": "latest", "ISOLATION": "read_uncommitted", "GROUP_INSTANCE_ID": "one",
		"GROUP_STRATEGY": "sticky"})
	got := kafkaenv.Membership(env, "g")
	want := kafka.Membership{Group: "g", InstanceID: "one", Strategy: "sticky", Reset: sarama.OffsetNewest, Isolation: sarama.ReadUncommitted}
	if err := env.Err(); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	conf := kafka.Cluster{}.Config("test")
	got.Apply(conf)
	if err := conf.Validate(); err != nil {
		t.Error(err)
	}
}
