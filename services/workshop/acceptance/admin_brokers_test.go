//go:build brokers

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// tool runs «workshop» with some input, and wants it to go well.
func tool(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	out, errs, code := tryTool(t, stdin, args...)
	if code != 0 {
		t.Fatalf("workshop %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

func tryTool(t testing.TB, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), args...)
	cmd.Env = append(os.Environ(), "WORKSHOP_LANG=en")
	return run(t, cmd, stdin)
}

func run(t testing.TB, cmd *exec.Cmd, stdin string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// kafkasTool is one of Kafka's own tools. That for groups has 5 s otherwise, and no exit code says that it was too long.
func kafkasTool(program, brokers string, args ...string) *exec.Cmd {
	args = append([]string{"--bootstrap-server", brokers}, args...)
	if program == "kafka-consumer-groups.sh" {
		args = append(args, "--timeout", strconv.FormatInt(kafkatest.Deadline.Milliseconds(), 10))
	}
	return exec.Command(filepath.Join(os.Getenv("KAFKA_HOME"), "bin", program), args...)
}

// theirs runs one of Kafka's own tools, or kcat.
func theirs(t testing.TB, stdin, program string, args ...string) string {
	t.Helper()
	brokers := strings.Join(stack.Brokers, ",")
	cmd := exec.Command(program, append([]string{"-b", brokers}, args...)...)
	if strings.HasSuffix(program, ".sh") {
		cmd = kafkasTool(program, brokers, args...)
	}
	out, errs, code := run(t, cmd, stdin)
	if code != 0 {
		t.Fatalf("%s %s: exit code %d\n%s%s", program, strings.Join(args, " "), code, out, errs)
	}
	return out
}

// ours is what the tool says in JSON.
func ours[T any](t testing.TB, args ...string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(tool(t, "", append(args, "-o", "json")...)), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

type partitionJSON struct {
	Partition, Leader int
	Replicas, InSync  []int
	EarliestOffset    int64
	LatestOffset      int64
}

type topicJSON struct {
	Topic             string
	ReplicationFactor int
	Config            map[string]string
	Partitions        []partitionJSON
}

var describedLine = regexp.MustCompile(`Partition: (\d+)\tLeader: (\d+)\tReplicas: ([\d,]+)\tIsr: ([\d,]+)`)

// partitions is what kafka-topics and we say of a topic, in the same words: leader, replicas and in-sync
// replicas of each partition.
func partitions(t testing.TB, topic string) (kafka, we []string) {
	t.Helper()
	for _, m := range describedLine.FindAllStringSubmatch(theirs(t, "", "kafka-topics.sh", "--describe", "--topic", topic), -1) {
		inSync := strings.Split(m[4], ",")
		slices.Sort(inSync)
		kafka = append(kafka, fmt.Sprintf("%s: leader %s, replicas %s, in sync %s", m[1], m[2], m[3], strings.Join(inSync, ",")))
	}
	list := func(ids []int) string { return strings.ReplaceAll(strings.Trim(fmt.Sprint(ids), "[]"), " ", ",") }
	for _, p := range ours[[]topicJSON](t, "topics", "describe", topic)[0].Partitions {
		we = append(we, fmt.Sprintf("%d: leader %d, replicas %s, in sync %s", p.Partition, p.Leader, list(p.Replicas), list(p.InSync)))
	}
	return kafka, we
}

func sameLines(t testing.TB, what string, kafka, we []string) {
	t.Helper()
	if len(kafka) == 0 || !slices.Equal(kafka, we) {
		t.Errorf("%s: Kafka's own tool says\n%s\nand ours\n%s", what, strings.Join(kafka, "\n"), strings.Join(we, "\n"))
	}
}

func unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, time.Now().UnixNano()) }

func TestTopicsAsKafkaDescribesThem(t *testing.T) {
	name := unique("t")
	tool(t, "", "topics", "create", name, "--partitions", "4", "--replication-factor", "2", "--config", "retention.ms=3600000")
	tool(t, strings.Repeat("x:y\nz:w\nv:u\n", 20), "produce", name, "--key-separator", ":")
	kafka, we := partitions(t, name)
	sameLines(t, "a new topic", kafka, we)

	tool(t, "", "topics", "alter", name, "--partitions", "6", "--config", "retention.ms=", "--config", "segment.bytes=2097152")
	kafka, we = partitions(t, name)
	sameLines(t, "after alter", kafka, we)
	head := theirs(t, "", "kafka-topics.sh", "--describe", "--topic", name)
	d := ours[[]topicJSON](t, "topics", "describe", name)[0]
	for _, want := range []string{"PartitionCount: 6", "ReplicationFactor: 2", "min.insync.replicas=1", "segment.bytes=2097152"} {
		if !strings.Contains(head, want) {
			t.Errorf("kafka-topics lacks %s:\n%s", want, head)
		}
	}
	if want := map[string]string{"min.insync.replicas": "1", "segment.bytes": "2097152"}; !maps.Equal(d.Config, want) ||
		d.ReplicationFactor != 2 {
		t.Errorf("config %v, want %v", d.Config, want)
	}

	var offsets []string
	for _, p := range d.Partitions {
		offsets = append(offsets, fmt.Sprintf("%s:%d:%d", name, p.Partition, p.LatestOffset))
	}
	sameLines(t, "offsets", strings.Fields(theirs(t, "", "kafka-get-offsets.sh", "--topic", name)), offsets)

	listed := map[string]bool{}
	for _, l := range ours[[]struct{ Topic string }](t, "topics", "list", "--internal") {
		listed[l.Topic] = true
	}
	for _, want := range strings.Fields(theirs(t, "", "kafka-topics.sh", "--list")) {
		if !listed[want] {
			t.Errorf("our list lacks %s", want)
		}
	}
	tool(t, "", "consume", name, "--group", name, "--from-beginning", "--max", "1") // makes __consumer_offsets
	if _, errs, code := tryTool(t, "", "topics", "delete", "__consumer_offsets"); code != 2 || !strings.Contains(errs, "Kafka's own") {
		t.Errorf("deleting __consumer_offsets: exit code %d\n%s", code, errs)
	}
	tool(t, "", "topics", "delete", name)
	if strings.Contains(theirs(t, "", "kafka-topics.sh", "--list"), name) {
		t.Error("the topic is still there")
	}
	tool(t, "", "topics", "create", name) // at once, under the same name
	tool(t, "", "topics", "delete", name)
}

func TestRefusalsOfRealBrokers(t *testing.T) {
	t.Parallel()
	name := topic(t, "refusals", 2)
	tool(t, "", "consume", name, "--group", name+"-g", "--from-beginning", "--timeout", "1s") // makes __consumer_offsets
	tool(t, "", "topics", "create", "a_b-"+name)
	t.Cleanup(func() { tool(t, "", "topics", "delete", "a_b-"+name) })
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{"topics create " + name, "exists, with 2 partitions and 3 replicas", 1},
		{"topics create new-" + name + " --replication-factor 4", "needs 4 brokers, and 3 are up", 1},
		{"topics create new-" + name + " --config no.such.setting=1", "no.such.setting", 1},
		{"topics create new-" + name + " --config retention.ms=soon", "retention.ms", 1},
		{"topics alter " + name + " --partitions 1", "Kafka cannot take any away", 1},
		{"topics alter " + name + " --partitions 5 --config retention.ms=soon", "retention.ms", 1},
		{"topics reassign " + name + " --replication-factor 1", "min.insync.replicas is 2", 1},
		{"topics reassign " + name + " --brokers 1,9", "there is no broker 9", 1},
		{"topics reassign " + name + " --brokers 1,2", "replication factor 3 needs 3 brokers, and it may choose from 2 (1,2)", 1},
		{"topics reassign " + name + " --replication-factor 4", "replication factor 4 needs 4 brokers", 1},
		{"topics reassign " + name[1:] + " --brokers 1", "did you mean " + name, 1},
		{"topics create a.b-" + name, "collides with a_b-" + name, 1},
		{"topics alter __consumer_offsets --partitions 99", "it is Kafka's own", 2},
		{"groups describe " + name, "does not exist", 1},
		{"consume " + name[:len(name)-1], "did you mean " + name, 1},
	} {
		out, errs, code := tryTool(t, "", strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%s: exit code %d, want %d with %q:\n%s%s", c.args, code, c.code, c.want, out, errs)
		}
	}
	if d := ours[[]topicJSON](t, "topics", "describe", name)[0]; len(d.Partitions) != 2 || d.Config["retention.ms"] != "" {
		t.Errorf("a refused change was made in part: %+v", d)
	}
}

func TestProduceAndConsumeBesideKcat(t *testing.T) {
	t.Parallel()
	name := unique("t")
	tool(t, "", "topics", "create", name, "--partitions", "3")
	var lines []string
	for i := range 60 {
		lines = append(lines, fmt.Sprintf("k%d:v%d", i%7, i))
	}
	input := strings.Join(lines, "\n") + "\n"
	tool(t, input, "produce", name, "--key-separator", ":", "--header", "from=workshop")
	// Each with its own partitioner for the same keys: where ours put them, Java's and librdkafka's put them too.
	theirs(t, input, "kafka-console-producer.sh", "--topic", name, "--property", "parse.key=true", "--property", "key.separator=:")
	theirs(t, input, "kcat", "-P", "-t", name, "-K", ":", "-X", "partitioner=murmur2_random")

	kcat := strings.Split(strings.TrimSpace(theirs(t, "", "kcat", "-C", "-t", name, "-e", "-q", "-o", "beginning", "-f", "%p %o %k %s %h\n")),
		"\n")
	var we []string
	at := map[string]map[int32]bool{}
	for line := range strings.Lines(tool(t, "", "consume", name, "--from-beginning", "--to-end", "-o", "json")) {
		var m struct {
			Partition  int32
			Offset     int64
			Key, Value string
			Headers    []struct{ Key, Value string }
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		headers := ""
		for _, h := range m.Headers {
			headers += h.Key + "=" + h.Value
		}
		we = append(we, fmt.Sprintf("%d %d %s %s %s", m.Partition, m.Offset, m.Key, m.Value, headers))
		if at[m.Key] == nil {
			at[m.Key] = map[int32]bool{}
		}
		at[m.Key][m.Partition] = true
	}
	for key, in := range at {
		if len(in) != 1 {
			t.Errorf("key %s is in partitions %v", key, slices.Collect(maps.Keys(in)))
		}
	}
	slices.Sort(kcat)
	slices.Sort(we)
	for i := range kcat { // kcat ends a line without headers with a blank that trims away
		kcat[i] = strings.TrimSpace(kcat[i])
	}
	for i := range we {
		we[i] = strings.TrimSpace(we[i])
	}
	if len(we) != 180 {
		t.Errorf("%d messages, want 180", len(we))
	}
	sameLines(t, "messages", kcat, we)
}
