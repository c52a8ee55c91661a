//go:build docker

package acceptance

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// The services of the stack. Kafka UI is left out: where no registry is in reach there is no image.
var (
	cluster  = []string{"zookeeper", "broker-1", "broker-2", "broker-3"}
	programs = []string{"producer", "consumer", "score-simulator", "scoreboard"}
)

// docker runs a docker command in the repository's root, and wants it to succeed.
func docker(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.Command("docker", args...)
	cmd.Dir = filepath.Join("..", "..", "..")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func compose(t testing.TB, args ...string) string {
	t.Helper()
	return docker(t, append([]string{"compose"}, args...)...)
}

// up is «docker compose up -d --wait» of everything but Kafka UI; it returns when all is healthy.
func up(t testing.TB, more ...string) {
	t.Helper()
	began := time.Now()
	compose(t, slices.Concat([]string{"up", "-d", "--wait"}, more, cluster, programs)...)
	t.Logf("up %s: all healthy after %s", strings.Join(more, " "), time.Since(began).Round(100*time.Millisecond))
}

func awaitHealth(t testing.TB, container, want string) {
	t.Helper()
	began := time.Now()
	kafkatest.Eventually(t, container+" is "+want, func() bool {
		return strings.TrimSpace(docker(t, "inspect", "-f", "{{.State.Health.Status}}", container)) == want
	})
	if took := time.Since(began); took > time.Second {
		t.Logf("%s is %s after %s", container, want, took.Round(100*time.Millisecond))
	}
}

func awaitLog(t testing.TB, container, text string) {
	t.Helper()
	kafkatest.Eventually(t, "the log of "+container+" has "+text, func() bool {
		return strings.Contains(docker(t, "logs", container), text)
	})
}

// lines is how many lines a container's log has.
func lines(t testing.TB, container string) int {
	t.Helper()
	return strings.Count(docker(t, "logs", container), "\n")
}

func first(t testing.TB) *sarama.ConsumerMessage {
	t.Helper()
	msgs, err := kafkatest.ReadAll(kafka.Cluster{Brokers: strings.Split(kafka.DefaultBrokers, ",")}, "transactions")
	if err != nil || len(msgs) == 0 {
		t.Fatalf("%d transactions, %v", len(msgs), err)
	}
	return msgs[0]
}

// TestStack is one story, told in order: what a class does with the stack, and what goes wrong.
func TestStack(t *testing.T) {
	t.Cleanup(func() { compose(t, "--profile", "group", "down", "-v", "--remove-orphans") })
	if !t.Run("starts", func(t *testing.T) { up(t, "--build") }) {
		t.Fatalf("no stack:\n%s", compose(t, "logs", "--tail", "20"))
	}
	for _, step := range []struct {
		name string
		test func(*testing.T)
	}{
		{"logs show what the README promises", logsShow},
		{"containers are confined", confined},
		{"ports are open on loopback only", loopbackOnly},
		{"a scaled consumer shares the partitions", scaled},
		{"a stopped process turns unhealthy", stoppedIsUnhealthy},
		{"a broker is stopped and started", brokerStopsAndStarts},
		{"a killed service comes back", killedComesBack},
		{"a compressed backlog fits the memory", backlogFits},
		{"messages outlive down", outliveDown},
		{"down -v erases", downErases},
	} {
		t.Run(step.name, step.test)
	}
}

func logsShow(t *testing.T) {
	for container, texts := range map[string][]string{
		"producer":        {"brokers estão disponíveis e prontos para produzir mensagens", "mensagem enviada para o kafka com id de sequência 1 (partição "},
		"consumer":        {"brokers estão disponíveis e prontos para consumir mensagens", "partições recebidas: 0, 1, 2", `{"id_sequencia":1,`},
		"score-simulator": {"Producer iniciado...", `Enviando: {"id":1,"event":"goal"`},
		"scoreboard":      {"Aguardando eventos...", "TeamA      TeamB"},
	} {
		for _, text := range texts {
			awaitLog(t, container, text)
		}
	}
}

// inspection is the part of «docker inspect» that the stack promises something about.
type inspection struct {
	Config     struct{ User, Image string }
	HostConfig struct {
		ReadonlyRootfs bool
		CapDrop        []string
		SecurityOpt    []string
		Memory         int64
		RestartPolicy  struct{ Name string }
		LogConfig      struct{ Config map[string]string }
		PortBindings   map[string][]struct{ HostIp string }
	}
	State struct {
		Pid       int
		OOMKilled bool
		Health    *struct{ Status string }
	}
	RestartCount int
}

func inspect(t testing.TB, container string) inspection {
	t.Helper()
	var all []inspection
	if err := json.Unmarshal([]byte(docker(t, "inspect", container)), &all); err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func confined(t *testing.T) {
	for _, name := range slices.Concat(cluster, programs) {
		c := inspect(t, name)
		if c.HostConfig.Memory == 0 || c.HostConfig.LogConfig.Config["max-size"] == "" || c.State.Health == nil || c.HostConfig.RestartPolicy.Name != "unless-stopped" {
			t.Errorf("%s: memory limit, log rotation, health check or restart policy is missing: %+v", name, c)
		}
	}
	const most = 20_000_000
	for _, name := range programs {
		c := inspect(t, name)
		if c.Config.User != "nonroot" || !c.HostConfig.ReadonlyRootfs || !slices.Contains(c.HostConfig.CapDrop, "ALL") || !slices.Contains(c.HostConfig.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s is not confined: %+v", name, c)
		}
		size, err := strconv.Atoi(strings.TrimSpace(docker(t, "image", "inspect", "-f", "{{.Size}}", c.Config.Image)))
		if err != nil || size > most {
			t.Errorf("the image of %s has %d bytes, at most %d are wanted (%v)", name, size, most, err)
		}
		t.Logf("image of %s: %.1f MB", name, float64(size)/1e6)
	}
	t.Log("memory:\n" + docker(t, slices.Concat([]string{"stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}"}, cluster, programs)...))
}

func loopbackOnly(t *testing.T) {
	for _, name := range slices.Concat(cluster, programs) {
		ports := inspect(t, name).HostConfig.PortBindings
		if published := len(ports) > 0; published != strings.HasPrefix(name, "broker-") {
			t.Errorf("%s publishes %v", name, ports)
		}
		for port, bindings := range ports {
			for _, b := range bindings {
				if b.HostIp != "127.0.0.1" {
					t.Errorf("%s opens %s on %q", name, port, b.HostIp)
				}
			}
		}
	}
}

func scaled(t *testing.T) {
	compose(t, "--profile", "group", "up", "-d", "--wait", "--no-recreate", "--scale", "consumer-group=2", "consumer-group")
	awaitLog(t, "consumer", "partições perdidas: ")
	kafkatest.Eventually(t, "each of three members has a partition", func() bool {
		out := docker(t, "exec", "broker-1", "kafka-consumer-groups", "--bootstrap-server", "broker-1:29091", "--describe", "--group", "cg-group-id", "--members")
		ones := 0
		for _, line := range strings.Split(out, "\n") {
			if f := strings.Fields(line); len(f) > 0 && f[0] == "cg-group-id" && f[len(f)-1] == "1" {
				ones++
			}
		}
		return ones == 3
	})
	compose(t, "--profile", "group", "rm", "-s", "-f", "consumer-group")
	kafkatest.Eventually(t, "the consumer has all three again", func() bool {
		return strings.Count(docker(t, "logs", "consumer"), "(agora: 0, 1, 2)") >= 2
	})
}

// signalMain signals a container's main process from outside. Not by «docker kill»: that counts as a
// wish, and switches the restart policy off, whatever the signal.
func signalMain(t testing.TB, container, signal string) {
	t.Helper()
	pid := strconv.Itoa(inspect(t, container).State.Pid)
	if out, err := exec.Command("kill", "-s", signal, pid).CombinedOutput(); err != nil {
		t.Fatalf("kill -s %s %s: %v %s", signal, pid, err, out)
	}
}

// The kernel accepts connections for a stopped process: a check that only connects would pass.
func stoppedIsUnhealthy(t *testing.T) {
	for _, name := range []string{"broker-2", "producer", "zookeeper"} {
		signalMain(t, name, "STOP")
		awaitHealth(t, name, "unhealthy")
		signalMain(t, name, "CONT")
		awaitHealth(t, name, "healthy")
	}
	for _, name := range slices.Concat(cluster, programs) {
		awaitHealth(t, name, "healthy")
	}
}

func brokerStopsAndStarts(t *testing.T) {
	compose(t, "stop", "broker-3")
	before := lines(t, "consumer")
	kafkatest.Eventually(t, "messages flow with two brokers", func() bool { return lines(t, "consumer") > before+2 })
	compose(t, "start", "broker-3")
	for _, name := range slices.Concat(cluster, programs) {
		awaitHealth(t, name, "healthy")
	}
}

func killedComesBack(t *testing.T) {
	for _, name := range programs {
		signalMain(t, name, "KILL")
		kafkatest.Eventually(t, name+" was restarted", func() bool { return inspect(t, name).RestartCount > 0 })
		awaitHealth(t, name, "healthy")
	}
}

// What is a few kilobytes on the wire can be megabytes unpacked: a consumer that comes back to a
// compressed backlog must not be killed for its memory.
func backlogFits(t *testing.T) {
	const count = 300000
	compose(t, "stop", "consumer")
	compose(t, "run", "--rm", "-T", "-e", "PACE=0", "-e", "COMPRESSION=zstd", "-e", "COUNT="+strconv.Itoa(count), "producer")
	compose(t, "start", "consumer")
	before := inspect(t, "consumer").RestartCount
	kafkatest.Eventually(t, "the backlog is read", func() bool {
		out := docker(t, "exec", "broker-1", "kafka-consumer-groups", "--bootstrap-server", "broker-1:29091", "--describe", "--group", "cg-group-id")
		var lag, partitions int
		for _, line := range strings.Split(out, "\n") {
			if f := strings.Fields(line); len(f) > 5 && f[1] == "transactions" {
				n, err := strconv.Atoi(f[5])
				if err != nil {
					return false
				}
				lag += n
				partitions++
			}
		}
		return partitions == 3 && lag < 10 // the producer goes on
	})
	if c := inspect(t, "consumer"); c.RestartCount != before || c.State.OOMKilled {
		t.Errorf("the consumer was restarted %d times, killed for its memory: %v", c.RestartCount-before, c.State.OOMKilled)
	}
	t.Log("memory after the backlog: " + strings.TrimSpace(docker(t, "stats", "--no-stream", "--format", "{{.MemUsage}}", "consumer")))
}

func outliveDown(t *testing.T) {
	oldest := first(t)
	compose(t, "down")
	up(t)
	if got := first(t); string(got.Value) != string(oldest.Value) || got.Offset != oldest.Offset {
		t.Errorf("the oldest message is %s, before it was %s", got.Value, oldest.Value)
	}
	awaitLog(t, "consumer", `{"id_sequencia":1,`)
}

func downErases(t *testing.T) {
	compose(t, "down", "-v")
	project := "label=com.docker.compose.project=" + projectName(t)
	for _, kind := range []string{"volume", "network"} {
		if left := docker(t, kind, "ls", "-q", "--filter", project); left != "" {
			t.Errorf("left behind: %s %s", kind, left)
		}
	}
	if left := docker(t, "ps", "-aq", "--filter", project); left != "" {
		t.Errorf("left behind: containers %s", left)
	}
}

func projectName(t testing.TB) string {
	t.Helper()
	var config struct{ Name string }
	if err := json.Unmarshal([]byte(compose(t, "config", "--format", "json")), &config); err != nil {
		t.Fatal(err)
	}
	return config.Name
}
