package local

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"strconv"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Strimzi makes the topics that «workshop topics apply» makes elsewhere, with the same settings.
func TestKubernetesTopicsAreTheStandardOnes(t *testing.T) {
	text, err := os.ReadFile("../../../kubernetes/overlays/strimzi/topics.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type spec struct {
		TopicName  string `yaml:"topicName"`
		Partitions int32
		Replicas   int16
		Config     map[string]string
	}
	have := map[string]spec{}
	for in := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var topic struct {
			Metadata struct{ Name string }
			Spec     spec
		}
		if err := in.Decode(&topic); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if topic.Spec.TopicName == "" {
			topic.Spec.TopicName = topic.Metadata.Name
		}
		have[topic.Spec.TopicName] = topic.Spec
	}
	for _, want := range StandardTopics() {
		config := map[string]string{"min.insync.replicas": strconv.Itoa(int(want.Replicas) - 1)} // as ApplyTopics sets it
		maps.Copy(config, want.Config)
		got, ok := have[want.Name]
		if !ok || got.Partitions != want.Partitions || got.Replicas != want.Replicas || !maps.Equal(got.Config, config) {
			t.Errorf("%s: %+v, want %d partitions, %d replicas, %v", want.Name, got, want.Partitions, want.Replicas, config)
		}
	}
	if len(have) != len(StandardTopics()) {
		t.Errorf("%d topics, want %d: %v", len(have), len(StandardTopics()), have)
	}
}
