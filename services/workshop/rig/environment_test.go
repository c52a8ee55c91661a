package rig

import (
	"strings"
	"testing"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/service"
)

// A login that the user has set for brokers elsewhere reaches the programs of an experiment on those brokers, and no others.
func TestLoginsGoWithTheCluster(t *testing.T) {
	login := []string{"KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM=PLAIN", "KAFKA_SASL_USERNAME=a", "KAFKA_SASL_PASSWORD=b"}
	for _, c := range []struct {
		name    string
		cluster kafka.Cluster
		want    string
	}{
		{"embedded", kafka.Cluster{Brokers: []string{"localhost:1"}}, "PLAINTEXT"},
		{"theirs", kafka.Cluster{Brokers: []string{"localhost:1"}, Security: &secure.Settings{SASL: &secure.SASL{}}}, "SASL_PLAINTEXT"},
	} {
		b := &Bench{Options: Options{Environ: login}, Cluster: c.cluster}
		vars := map[string]string{}
		for _, entry := range b.Environment("producer", nil) { // the later one wins
			name, value, _ := strings.Cut(entry, "=")
			vars[name] = value
		}
		read := service.EnvOf(vars)
		if got := kafkaenv.Cluster(read).Security.Protocol(); got != c.want || read.Err() != nil {
			t.Errorf("%s: programs speak %s, want %s (%v)", c.name, got, c.want, read.Err())
		}
	}
}
