//go:build brokers

package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"workshop.example/kit/kafkatest"
)

var codecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

// The batches of kit/kafka/publish, with each codec, are read by the clients of other languages, and by the tool that looks into a
// broker's files.
func TestOtherClientsReadOurBatches(t *testing.T) {
	t.Parallel()
	name := topic(t, "batches", 1)
	const each = 500
	for i, codec := range codecs {
		producer := service(t, "producer", "TOPIC="+name, "PACE=0", fmt.Sprint("COUNT=", each), fmt.Sprint("SEED=", i),
			"PUBLISHER=batch", "COMPRESSION="+codec)
		if code := producer.exit(kafkatest.Deadline); code != 0 {
			t.Fatalf("%s: exit code %d", codec, code)
		}
	}
	count := each * len(codecs)
	msgs, err := kafkatest.ReadAll(stack, name)
	if err != nil || len(msgs) != count {
		t.Fatalf("%d messages, want %d: %v", len(msgs), count, err)
	}
	var values []string // of the partition, in its order
	for _, msg := range msgs {
		values = append(values, string(msg.Value))
	}
	want := func(t *testing.T, got []string) {
		t.Helper()
		if !slices.Equal(got, values) {
			t.Errorf("%d messages, which are not the %d that sarama reads", len(got), count)
		}
	}
	t.Run("kafka-console-consumer", func(t *testing.T) {
		out := theirs(t, "", "kafka-console-consumer.sh", "--topic", name, "--from-beginning", "--max-messages", fmt.Sprint(count))
		want(t, strings.Split(strings.TrimSpace(out), "\n"))
	})
	t.Run("kcat", func(t *testing.T) {
		want(t, strings.Split(strings.TrimSpace(theirs(t, "", "kcat", "-C", "-t", name, "-e", "-q", "-o", "beginning")), "\n"))
	})
	t.Run("kafka-python", func(t *testing.T) {
		var got []string
		for _, line := range python(t, "read.py", name, fmt.Sprint(count)) {
			var msg struct{ Text string }
			if err := json.Unmarshal([]byte(line), &msg); err != nil {
				t.Fatal(err)
			}
			got = append(got, msg.Text)
		}
		want(t, got)
	})
	t.Run("franz-go", func(t *testing.T) {
		client, err := kgo.NewClient(kgo.SeedBrokers(stack.Brokers...), kgo.ConsumeTopics(name),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		var got []string
		for len(got) < count {
			fetches := client.PollFetches(t.Context())
			if err := fetches.Err(); err != nil {
				t.Fatal(err)
			}
			fetches.EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
		}
		want(t, got)
	})
	t.Run("kafka-dump-log", func(t *testing.T) { dumpLog(t, name, count) })
}

// dumpLog has Kafka's own tool check the batches of partition 0 in the files of its leader.
func dumpLog(t *testing.T, name string, count int) {
	file := filepath.Join(os.Getenv("KAFKA_DATA"), fmt.Sprintf("broker-%d", leader(t, name, 0)), name+"-0", "00000000000000000000.log")
	dump := kafkasTool("kafka-dump-log.sh", "", "--deep-iteration", "--files", file)
	dump.Args = slices.Delete(dump.Args, 1, 3) // it asks no broker
	out, errs, code := run(t, dump, "")
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	records := 0
	left := slices.Clone(codecs)
	for line := range strings.Lines(out) {
		switch {
		case strings.HasPrefix(line, "baseOffset: "):
			if !strings.Contains(line, "isvalid: true") {
				t.Error(line)
			}
			left = slices.DeleteFunc(left, func(codec string) bool { return strings.Contains(line, "compresscodec: "+codec) })
		case strings.HasPrefix(line, "| offset: "):
			records++
		}
	}
	if records != count || len(left) > 0 {
		t.Errorf("%d records of %d, no batch with %v", records, count, left)
	}
}
