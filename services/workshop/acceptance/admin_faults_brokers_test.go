//go:build brokers

package acceptance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
)

// Replicas come and go under a producer: nothing is lost, leaders stay, and Kafka's own tool sees the same.
func TestReassignUnderLoad(t *testing.T) {
	t.Parallel()
	name := unique("t")
	tool(t, "", "topics", "create", name, "--partitions", "3", "--replication-factor", "1")
	leaders := func() string {
		text := ""
		for _, p := range ours[[]topicJSON](t, "topics", "describe", name)[0].Partitions {
			text += fmt.Sprint(p.Leader, " ")
		}
		return text
	}
	before := leaders()
	producer := service(t, "producer", "TOPIC="+name, "PACE=2ms", "SEED=11")
	kafkatest.Eventually(t, "messages are sent", func() bool { return producer.count() > 500 })
	for _, step := range []struct {
		args     []string
		replicas int
	}{
		{[]string{"--replication-factor", "2"}, 2},
		{[]string{"--replication-factor", "3"}, 3},
		{[]string{"--replication-factor", "1"}, 1},
	} {
		dry := ours[[]struct{ Before, After []int }](t, append([]string{"topics", "reassign", name, "--dry-run"}, step.args...)...)
		if d := ours[[]topicJSON](t, "topics", "describe", name)[0]; !slices.Equal(d.Partitions[0].Replicas, dry[0].Before) {
			t.Errorf("a dry run changed the replicas to %v", d.Partitions[0].Replicas)
		}
		out, progress, code := tryTool(t, "", append([]string{"topics", "reassign", name}, step.args...)...)
		if code != 0 || !strings.Contains(progress, "3 of 3 partitions moved") {
			t.Fatalf("%v: exit code %d\n%s%s", step.args, code, out, progress)
		}
		kafka, we := partitions(t, name)
		sameLines(t, fmt.Sprint("after ", step.args), kafka, we)
		for i, p := range ours[[]topicJSON](t, "topics", "describe", name)[0].Partitions {
			if len(p.Replicas) != step.replicas || len(p.InSync) != step.replicas || !slices.Equal(p.Replicas, dry[i].After) {
				t.Errorf("%v: partition %d has the replicas %v, in sync %v; planned %v", step.args, i, p.Replicas, p.InSync, dry[i].After)
			}
		}
		if now := leaders(); now != before {
			t.Errorf("%v: leaders %s, before %s", step.args, now, before)
		}
	}
	tool(t, "", "topics", "reassign", name, "--brokers", "2,3", "--replication-factor", "2")
	for _, p := range ours[[]topicJSON](t, "topics", "describe", name)[0].Partitions {
		if slices.Contains(p.Replicas, 1) || len(p.InSync) != 2 {
			t.Errorf("partition %d has the replicas %v, in sync %v", p.Partition, p.Replicas, p.InSync)
		}
	}
	producer.terminate()
	acked := acknowledged(producer)
	checkLog(t, name, acked)
}

type clusterJSON struct {
	Controller                int
	Brokers                   []struct{ ID int }
	UnderReplicatedPartitions []string
	OfflinePartitions         []string
}

// The tool is for broken clusters: with a broker dead, at once and after its session, it answers in time
// and says what is missing.
func TestCommandsWithADeadBroker(t *testing.T) {
	name := topic(t, "transactions", 3)
	alone := unique("alone")
	tool(t, "", "topics", "create", alone, "--replication-factor", "1")
	dead := leader(t, alone, 0)
	tool(t, "a\nb\n", "produce", name)
	tool(t, "", "consume", name, "--group", name, "--from-beginning", "--max", "1")
	native(t, "kill", strconv.Itoa(int(dead)))
	t.Cleanup(func() {
		native(t, "start", strconv.Itoa(int(dead)))
		awaitInSync(t, name)
		tool(t, "", "topics", "delete", alone)
	})
	began := time.Now()
	tool(t, "", "cluster")
	t.Logf("the first answer came after %s", time.Since(began).Round(time.Millisecond))
	kafkatest.Eventually(t, "its partition is offline", func() bool {
		return slices.Contains(ours[clusterJSON](t, "cluster").OfflinePartitions, alone+"/0")
	})
	var c clusterJSON
	kafkatest.Eventually(t, "its replicas are missed", func() bool {
		c = ours[clusterJSON](t, "cluster")
		return len(c.Brokers) == 2 && strings.Count(strings.Join(c.UnderReplicatedPartitions, " "), name+"/") == 3
	})
	theirs := strings.Count(theirs(t, "", "kafka-topics.sh", "--describe", "--under-replicated-partitions"), "Partition: ")
	if got := len(ours[clusterJSON](t, "cluster").UnderReplicatedPartitions); got != theirs {
		t.Errorf("%d under-replicated partitions, kafka-topics says %d", got, theirs)
	}
	table := tool(t, "", "topics", "describe", name, alone)
	for _, want := range []string{"under-replicated", "offline: no replica that is in sync is up", fmt.Sprintf("broker %d  ?", dead)} {
		if !strings.Contains(table, want) {
			t.Errorf("the description lacks %q:\n%s", want, table)
		}
	}
	for _, args := range []string{"groups list", "groups describe " + name, "consume " + name + " --from-beginning --to-end"} {
		tool(t, "", strings.Fields(args)...)
	}
	tool(t, "c\n", "produce", name)
	if _, errs, code := tryTool(t, "", "consume", alone, "--from-beginning",
		"--to-end"); code != 1 || !strings.Contains(errs, "has no leader at the moment") {
		t.Errorf("consuming without a leader: exit code %d\n%s", code, errs)
	}
}

// A replay is killed at random moments, again and again, until one comes to the end: each letter is back once.
func TestReplayIsKilled(t *testing.T) {
	t.Parallel()
	name := topic(t, "transactions", 3)
	const letters = 2000
	producer, err := sarama.NewSyncProducer(stack.Brokers, stack.Config("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	var batch []*sarama.ProducerMessage
	for i := range letters {
		batch = append(batch, &sarama.ProducerMessage{
			Topic: name + ".dlq", Value: sarama.StringEncoder(strconv.Itoa(i)),
			Headers: []sarama.RecordHeader{{Key: []byte("dlq.topic"), Value: []byte(name)}, {Key: []byte("dlq.attempt"), Value: []byte("1")}},
		})
	}
	if err := producer.SendMessages(batch); err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	kills, late := 0, 0
	for done := false; !done; {
		p := start(t, []string{"WORKSHOP_LANG=en"}, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), "dlq", "replay", name+".dlq")
		select {
		case <-p.ended:
			done = p.ProcessState.ExitCode() == 0
			// On a busy machine a transaction may take longer than its timeout. The user is told what to do, and does it.
			if !done && !contains(p.Logs(), "run it again, it goes on behind the last letter that was sent") {
				t.Fatalf("exit code %d", p.ProcessState.ExitCode())
			}
			if !done {
				late++
			}
			if late > 3 {
				t.Fatal("the same transaction came too late four times")
			}
		// Later each time: on a slow machine too one comes to the end.
		case <-time.After(time.Duration(200+random.IntN(800+50*kills*kills)) * time.Millisecond):
			p.crash()
			kills++
		}
	}
	lost, repeated, uncommitted := 0, 0, 0
	for _, n := range timesOfValues(t, name, sarama.ReadUncommitted) {
		uncommitted += n - 1
	}
	committed := timesOfValues(t, name, sarama.ReadCommitted)
	for i := range letters {
		switch n := committed[strconv.Itoa(i)]; {
		case n == 0:
			lost++
		case n > 1:
			repeated++
		}
	}
	t.Logf("%d kills, %d too late, %d letters: %d lost, %d repeated; %d copies in aborted transactions",
		kills, late, letters, lost, repeated, uncommitted)
	if lost > 0 || repeated > 0 {
		t.Error("a replay has to send each letter once")
	}
	if kills == 0 {
		t.Error("no replay was killed: the letters are too few for this machine")
	}
}

// timesOfValues counts how often each value is in a topic.
func timesOfValues(t testing.TB, topic string, isolation sarama.IsolationLevel) map[string]int {
	t.Helper()
	msgs, err := kafkatest.ReadAllAs(stack, topic, isolation)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, msg := range msgs {
		times[string(msg.Value)]++
	}
	return times
}

// From the consumer that refuses a message to the one that accepts it.
func TestReplayOfWhatTheConsumerRefused(t *testing.T) {
	t.Parallel()
	name := topic(t, "transactions", 1)
	consumer := service(t, "consumer", "TOPIC="+name, "CONSUMER_GROUP="+name)
	tool(t, "not a transaction\n", "produce", name, "--header", "trace=1")
	consumer.waitFor("enviada para " + name + ".dlq")
	if out := tool(t, "", "dlq", "show", name+".dlq"); !strings.Contains(out, "attempt 1\n") || !strings.Contains(out, "trace=1") {
		t.Errorf("the letter:\n%s", out)
	}
	tool(t, "", "dlq", "replay", name+".dlq")
	kafkatest.Eventually(t, "it fails again, as attempt 2", func() bool {
		return strings.Contains(tool(t, "", "dlq", "show", name+".dlq"), "attempt 2\n")
	})
	if out := tool(t, "", "dlq", "list"); !strings.Contains(out, name+".dlq") {
		t.Errorf("the list:\n%s", out)
	}
	consumer.terminate()
}
