package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/standin"
)

// command runs the tool in this process.
func command(ctx context.Context, bootstrap string, args ...string) (code int, stdout, stderr *standin.Output) {
	stdout, stderr = &standin.Output{}, &standin.Output{}
	t := &tool{stdout: stdout, stderr: stderr, environ: []string{"BOOTSTRAP_SERVERS=" + bootstrap, "WORKSHOP_LANG=en"}, kill: ctx}
	return t.run(ctx, args), stdout, stderr
}

// noCopies is what is said of replicas on the embedded cluster.
const noCopies = "workshop: this is the embedded cluster, which replicates nothing: " +
	"it keeps each partition once, whatever replicas it names\n"

func startBrokers(t *testing.T, ports ...int) *embedded.Cluster {
	t.Helper()
	c, err := embedded.Start(embedded.Options{Ports: ports})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func wantOutput(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

func TestApplyOtherTopics(t *testing.T) {
	c := startBrokers(t)
	code, stdout, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply", "--topic", "my-topic:3")
	if code != 0 || stderr.String() != noCopies {
		t.Errorf("exit code %d, want 0; standard error:\n%s", code, stderr)
	}
	wantOutput(t, "apply", stdout.String(),
		"my-topic      created  3 partitions, 3 replicas\nmy-topic.dlq  created  1 partition, 3 replicas\n")
	for _, bad := range []string{"my-topic", "my-topic:0", "my-topic:x", "a/b:3", ":3", strings.Repeat("x", 246) + ":1"} {
		code, _, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply", "--topic", bad)
		if code != 2 || !strings.Contains(stderr.String(), "NAME:PARTITIONS") {
			t.Errorf("--topic %s: exit code %d, want 2\n%s", bad, code, stderr)
		}
	}
}

func TestApplyTwice(t *testing.T) {
	c := startBrokers(t)
	code, stdout, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply", "--min-brokers", "3")
	if code != 0 || stderr.String() != noCopies {
		t.Errorf("exit code %d, want 0; standard error:\n%s", code, stderr)
	}
	want := "transactions          created  3 partitions, 3 replicas\n" +
		"transactions.dlq      created  1 partition, 3 replicas\n" +
		"transactions.alerts   created  3 partitions, 3 replicas\n" +
		"scoreGame             created  1 partition, 3 replicas\n" +
		"scoreGame.dlq         created  1 partition, 3 replicas\n" +
		"scoreBoard            created  1 partition, 3 replicas\n" +
		"workshop.experiments  created  1 partition, 3 replicas\n"
	wantOutput(t, "first", stdout.String(), want)

	// The flag wins over the environment.
	code, stdout, stderr = command(t.Context(), "127.0.0.1:1", "topics", "apply", "--bootstrap-servers", c.Bootstrap())
	if code != 0 || stderr.String() != noCopies {
		t.Errorf("exit code %d, want 0; standard error:\n%s", code, stderr)
	}
	wantOutput(t, "second", stdout.String(), strings.ReplaceAll(strings.ReplaceAll(want, "created", "exists"), "  exists", "  exists"))
}

func TestApplyLeavesWhatDiffers(t *testing.T) {
	c := startBrokers(t)
	if err := c.CreateTopic("transactions", 1, nil); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply")
	if code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	stdout.Contains(t, "transactions          exists but differs  has 1 partition instead of 3\n")
	stdout.Contains(t, "scoreGame             created             1 partition, 3 replicas\n")
	stderr.Contains(t, "workshop: warning: topic transactions has 1 partition instead of 3; it was left as it is")
	if n := strings.Count(stderr.String(), "warning: "); n != 1 {
		t.Errorf("%d warnings, want 1:\n%s", n, stderr)
	}
	if n := len(c.PartitionInfos("transactions")); n != 1 {
		t.Errorf("transactions has %d partitions now, want it unchanged", n)
	}
}

func TestApplyOnFewerBrokers(t *testing.T) {
	c := startBrokers(t, kafkatest.FreePorts(t, 1)...)
	code, stdout, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply")
	if code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	stdout.Contains(t, "transactions          created  3 partitions, 1 replica\n")
	stderr.Contains(t, "workshop: warning: with 1 broker the topics got 1 replica instead of 3")
	if n := strings.Count(stderr.String(), "\n"); n != 1 {
		t.Errorf("%d lines on standard error, want 1:\n%s", n, stderr)
	}
	// The same topics on what has become a larger cluster: reported, a topic a line, and left alone.
	for range 2 {
		if _, _, err := c.AddNode(-1, 0); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, stderr = command(t.Context(), c.Bootstrap(), "topics", "apply")
	if code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	stdout.Contains(t, "transactions          exists but differs  has 1 replica instead of 3\n")
	if n := strings.Count(stderr.String(), "warning: topic "); n != 7 {
		t.Errorf("%d warnings, want 7:\n%s", n, stderr)
	}
}

func TestApplyWaitsForBrokers(t *testing.T) {
	ports := kafkatest.FreePorts(t, 1)
	bootstrap := "127.0.0.1:" + strconv.Itoa(ports[0])
	stdout, stderr := &standin.Output{}, &standin.Output{}
	tool := &tool{stdout: stdout, stderr: stderr, environ: []string{"BOOTSTRAP_SERVERS=" + bootstrap, "WORKSHOP_LANG=en"}, kill: t.Context()}
	code := make(chan int, 1)
	go func() { code <- tool.run(t.Context(), []string{"topics", "apply", "--min-brokers", "2"}) }()

	says := func(text string) {
		t.Helper()
		kafkatest.Eventually(t, text, func() bool { return strings.Contains(stderr.String(), text) })
	}
	says("workshop: waiting: " + bootstrap + ": ")
	c := startBrokers(t, ports...)
	says("workshop: waiting: 1 of 2 brokers are registered (" + bootstrap + ")\n")
	if _, _, err := c.AddNode(-1, 0); err != nil {
		t.Fatal(err)
	}
	if got := <-code; got != 0 {
		t.Errorf("exit code %d, want 0:\n%s", got, stderr)
	}
	stdout.Contains(t, "scoreGame             created  1 partition, 2 replicas\n")
	if n := strings.Count(stderr.String(), "1 of 2 brokers"); n != 1 {
		t.Errorf("the same cause was given %d times within ten seconds", n)
	}
}

func TestApplyGivesUp(t *testing.T) {
	nobody := "127.0.0.1:" + strconv.Itoa(kafkatest.FreePorts(t, 1)[0])
	one := startBrokers(t, kafkatest.FreePorts(t, 1)...).Bootstrap()
	for _, c := range []struct{ bootstrap, want string }{
		{nobody, "workshop: no cluster within 300ms (" + nobody + ": connection refused): start the cluster"},
		{one, "workshop: after 300ms 1 of 3 brokers are registered (" + one + "): start the others, or accept fewer with --min-brokers 1\n"},
	} {
		code, stdout, stderr := command(t.Context(), c.bootstrap, "topics", "apply", "--min-brokers", "3", "--timeout", "300ms")
		if code != 1 || stdout.String() != "" {
			t.Errorf("exit code %d, want 1; standard output:\n%s", code, stdout)
		}
		stderr.Contains(t, c.want)
	}
}

func TestApplyStopsAtOnce(t *testing.T) {
	nobody := "127.0.0.1:" + strconv.Itoa(kafkatest.FreePort(t))
	for _, bootstrap := range []string{nobody, startBrokers(t, kafkatest.FreePort(t)).Bootstrap()} {
		ctx, cancel := context.WithCancel(t.Context())
		stderr := &standin.Output{}
		environ := []string{"BOOTSTRAP_SERVERS=" + bootstrap, "WORKSHOP_LANG=en"}
		tool := &tool{stdout: &standin.Output{}, stderr: stderr, environ: environ, kill: t.Context()}
		code := make(chan int, 1)
		go func() { code <- tool.run(ctx, []string{"topics", "apply", "--min-brokers", "2", "--timeout", "1h"}) }()
		kafkatest.Eventually(t, "it waits", func() bool { return strings.Contains(stderr.String(), "waiting") })
		cancel()
		select {
		case got := <-code:
			if got != 1 {
				t.Errorf("exit code %d, want 1: it is not done", got)
			}
		case <-time.After(kafkatest.Deadline):
			t.Fatal("has not stopped")
		}
		stderr.Contains(t, "workshop: interrupted")
	}
}

func TestApplyConcurrently(t *testing.T) {
	c := startBrokers(t)
	var wg sync.WaitGroup
	created := make([]int, 5)
	for i := range created {
		wg.Go(func() {
			code, stdout, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply")
			if code != 0 || stderr.String() != noCopies || strings.Count(stdout.String(), "\n") != 7 {
				t.Errorf("exit code %d, want 0:\n%s%s", code, stdout, stderr)
			}
			created[i] = strings.Count(stdout.String(), "created")
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range created {
		sum += n
	}
	if sum != 7 {
		t.Errorf("%d topics were created by %v, want each once", sum, created)
	}
}

func TestApplyTellsPassingErrorsFromFinalOnes(t *testing.T) {
	for _, e := range []struct {
		name    string
		code    int16
		refused int // times
		want    int
	}{
		{"NOT_CONTROLLER", 41, 7, 0}, // sarama tries it six times by itself
		{"REQUEST_TIMED_OUT", 7, 1, 0},
		{"INVALID_REPLICATION_FACTOR", 38, 1, 0},
		{"TOPIC_AUTHORIZATION_FAILED", 29, 1, 1},
		{"POLICY_VIOLATION", 44, 1, 1},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			c := startBrokers(t)
			refused := 0
			c.ControlKey(int16(kmsg.CreateTopics), func(req kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				if refused++; refused > e.refused {
					return nil, nil, false
				}
				resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
				for _, topic := range req.(*kmsg.CreateTopicsRequest).Topics {
					rt := kmsg.NewCreateTopicsResponseTopic()
					rt.Topic, rt.ErrorCode = topic.Topic, e.code
					resp.Topics = append(resp.Topics, rt)
				}
				return resp, nil, true
			})
			code, stdout, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply", "--timeout", "20s")
			if code != e.want {
				t.Errorf("exit code %d, want %d:\n%s%s", code, e.want, stdout, stderr)
			}
		})
	}
}

func TestList(t *testing.T) {
	c := startBrokers(t)
	code, stdout, _ := command(t.Context(), c.Bootstrap(), "topics", "list", "-o", "json")
	if code != 0 || stdout.String() != "[]\n" {
		t.Errorf("an empty cluster: exit code %d, %q", code, stdout)
	}
	for name, partitions := range map[string]int32{"a-rather-long-name": 12, "b": 1, "__consumer_offsets": 50} {
		if err := c.CreateTopic(name, partitions, nil); err != nil {
			t.Fatal(err)
		}
	}
	_, stdout, _ = command(t.Context(), c.Bootstrap(), "topics", "list")
	wantOutput(t, "table", stdout.String(), "TOPIC               PARTITIONS  REPLICATION FACTOR\n"+
		"a-rather-long-name  12          3\n"+
		"b                   1           3\n")
	_, stdout, _ = command(t.Context(), c.Bootstrap(), "topics", "list", "--internal")
	stdout.Contains(t, "__consumer_offsets  50          3\n")
	_, stdout, _ = command(t.Context(), c.Bootstrap(), "topics", "list", "-o", "json")
	type listedTopic struct {
		Topic             string
		Partitions        int32
		ReplicationFactor int16
	}
	var got []listedTopic
	if err := json.Unmarshal([]byte(stdout.String()), &got); err != nil {
		t.Fatal(err)
	}
	if want := []listedTopic{{"a-rather-long-name", 12, 3}, {"b", 1, 3}}; !slices.Equal(got, want) {
		t.Errorf("json: %v, want %v", got, want)
	}
}

func TestListFailsAtOnce(t *testing.T) {
	nobody := "127.0.0.1:" + strconv.Itoa(kafkatest.FreePorts(t, 1)[0])
	began := time.Now()
	code, _, stderr := command(t.Context(), nobody, "topics", "list")
	if code != 1 || time.Since(began) > 5*time.Second {
		t.Errorf("exit code %d after %s, want 1 at once", code, time.Since(began))
	}
	stderr.Contains(t, "workshop: list topics: "+nobody+": connection refused; start the cluster")
}
