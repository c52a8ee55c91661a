//go:build docker

package acceptance

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The services of the stack. Kafka UI is left out: where no registry is in reach there is no image.
var (
	cluster  = []string{"zookeeper", "broker-1", "broker-2", "broker-3"}
	programs = []string{"producer", "consumer", "score-simulator", "scoreboard", "monitor"}
)

// up is «docker compose up -d --wait» of everything but Kafka UI; it returns when all is healthy.
func up(t testing.TB, vars []string, args ...string) {
	t.Helper()
	began := time.Now()
	dockerWith(t, vars, append([]string{"compose"}, args...)...)
	t.Logf("%s: all healthy after %s", strings.Join(args, " "), time.Since(began).Round(100*time.Millisecond))
}

// TestStack is one story, told in order on one stack: what a class does with it, and what goes wrong.
func TestStack(t *testing.T) {
	t.Parallel() // with TestSingleBroker, which has a stack of its own
	down(t, "--profile", "*", "down", "-v", "--remove-orphans")
	logs := func() { t.Log(compose(t, "--profile", "*", "logs", "--tail", "15")) }
	t.Cleanup(func() {
		if t.Failed() {
			logs()
		}
		down(t, "--profile", "*", "down", "-v", "--remove-orphans")
	})
	up(t, nil, slices.Concat([]string{"up", "-d", "--build", "--wait"}, cluster, programs)...)
	for _, step := range []struct {
		name string
		test func(*testing.T)
	}{
		{"logs show what the README promises", logsShow},
		{"containers are confined", confined},
		{"ports are open on loopback only", loopbackOnly},
		{"a scaled consumer shares the partitions", scaled},
		{"a stopped process turns unhealthy", stoppedIsUnhealthy},
		{"a broker is struck in each way", struckInEachWay},
		{"a compressed backlog fits the memory", backlogFits},
		{"the shop", shopStarts},
		{"a killed service comes back", killedComesBack},
		{"observability", observed},
		{"orders of the command", ordersOfTheCommand},
		{"pages", pagesInDocker},
		{"drills", drillsInDocker},
		{"messages and files outlive down, on another network", outlivesDown},
		{"down -v erases", downErases},
	} {
		if !t.Run(step.name, step.test) {
			logs()
		}
	}
}

func logsShow(t *testing.T) {
	for container, texts := range map[string][]string{
		"producer": {
			"brokers estão disponíveis e prontos para produzir mensagens",
			"mensagem enviada para o kafka com id de sequência 1 (partição ",
		},
		"consumer":        {"brokers estão disponíveis e prontos para consumir mensagens", "partições recebidas: 0, 1, 2", `{"id_sequencia":1,`},
		"score-simulator": {"Producer iniciado...", `Enviando: {"id":1,"event":"goal"`},
		"scoreboard":      {"Aguardando eventos...", "TeamA      TeamB"},
		"monitor":         {"brokers estão disponíveis: o monitor observa as transações", "partições observadas: 0, 1, 2"},
	} {
		for _, text := range texts {
			awaitLog(t, container, text)
		}
	}
}

func confined(t *testing.T) {
	for _, c := range inspectAll(t, slices.Concat(cluster, programs)...) {
		if c.HostConfig.Memory == 0 || c.HostConfig.LogConfig.Config["max-size"] == "" || c.State.Health == nil ||
			c.HostConfig.RestartPolicy.Name != "unless-stopped" {
			t.Errorf("%s: memory limit, log rotation, health check or restart policy is missing: %+v", c.Name, c)
		}
	}
	const most = 20_000_000
	for _, c := range inspectAll(t, programs...) {
		if c.Config.User != "nonroot" || !c.HostConfig.ReadonlyRootfs || !slices.Contains(c.HostConfig.CapDrop, "ALL") ||
			!slices.Contains(c.HostConfig.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s is not confined: %+v", c.Name, c)
		}
		size, err := strconv.Atoi(strings.TrimSpace(docker(t, "image", "inspect", "-f", "{{.Size}}", c.Config.Image)))
		if err != nil || size > most {
			t.Errorf("the image of %s has %d bytes, at most %d are wanted (%v)", c.Name, size, most, err)
		}
		t.Logf("image of %s: %.1f MB", c.Name, float64(size)/1e6)
	}
	t.Log("memory:\n" + docker(t, slices.Concat([]string{
		"stats",
		"--no-stream",
		"--format",
		"{{.Name}}\t{{.MemUsage}}",
	}, cluster, programs)...))
}

func loopbackOnly(t *testing.T) {
	for _, c := range inspectAll(t, slices.Concat(cluster, programs)...) {
		ports := c.HostConfig.PortBindings
		if published := len(ports) > 0; published != (strings.HasPrefix(c.Name, "/broker-") || c.Name == "/monitor") {
			t.Errorf("%s publishes %v", c.Name, ports)
		}
		for port, bindings := range ports {
			for _, b := range bindings {
				if b.HostIp != "127.0.0.1" {
					t.Errorf("%s opens %s on %q", c.Name, port, b.HostIp)
				}
			}
		}
	}
}

// groupState is how far a group is, as the workshop's tool says it.
type groupState struct {
	Members    []struct{ Partitions map[string][]int32 }
	Partitions []struct {
		Topic string
		Lag   *int64
	}
}

func groupOf(t testing.TB, name string) (state groupState) {
	t.Helper()
	var groups []groupState
	if out := asTool(t, "groups", "describe", name, "-o", "json"); json.Unmarshal([]byte(out), &groups) == nil && len(groups) == 1 {
		state = groups[0]
	}
	return state
}

func scaled(t *testing.T) {
	compose(t, "--profile", "group", "up", "-d", "--wait", "--no-recreate", "--scale", "consumer-group=2", "consumer-group")
	awaitLog(t, "consumer", "partições perdidas: ")
	eventually(t, "each of three members has a partition", func() bool {
		ones := 0
		for _, m := range groupOf(t, "cg-group-id").Members {
			if len(m.Partitions["transactions"]) == 1 {
				ones++
			}
		}
		return ones == 3
	})
	// Kafka's own tool, in the container, says the same.
	out := docker(t, "exec", "broker-1", "kafka-consumer-groups", "--bootstrap-server", "broker-1:29091", "--describe", "--group",
		"cg-group-id", "--members")
	ones := 0
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) > 0 && f[0] == "cg-group-id" && f[len(f)-1] == "1" {
			ones++
		}
	}
	if ones != 3 {
		t.Errorf("%d members with one partition, want 3:\n%s", ones, out)
	}
	compose(t, "--profile", "group", "rm", "-s", "-f", "consumer-group")
	awaitLines(t, "consumer", "(agora: 0, 1, 2)", 2)
}

// The kernel accepts connections for a stopped process: a check that only connects would pass.
func stoppedIsUnhealthy(t *testing.T) {
	stopped := []string{"broker-2", "producer", "zookeeper"}
	for _, name := range stopped {
		signalMain(t, name, "STOP")
	}
	awaitHealth(t, "unhealthy", stopped...)
	for _, name := range stopped {
		signalMain(t, name, "CONT")
	}
	awaitHealth(t, "healthy", slices.Concat(cluster, programs)...)
}

// killedComesBack kills every program at once, those of the shop as well.
func killedComesBack(t *testing.T) {
	mortal := slices.Concat(programs, shop)
	before := map[string]int{}
	for _, c := range inspectAll(t, mortal...) {
		before[c.Name] = c.RestartCount
	}
	for _, name := range mortal {
		signalMain(t, name, "KILL")
	}
	eventually(t, "each was restarted", func() bool {
		return !slices.ContainsFunc(inspectAll(t, mortal...), func(c inspection) bool { return c.RestartCount <= before[c.Name] })
	})
	awaitHealth(t, "healthy", mortal...)
}

// What is a few kilobytes on the wire can be megabytes unpacked: a consumer that comes back to a
// compressed backlog must not be killed for its memory.
func backlogFits(t *testing.T) {
	const count = 300000
	compose(t, "stop", "consumer")
	compose(t, "run", "--rm", "-T", "-e", "PACE=0", "-e", "COMPRESSION=zstd", "-e", "COUNT="+strconv.Itoa(count), "producer")
	compose(t, "start", "consumer")
	before := inspect(t, "consumer").RestartCount
	eventually(t, "the backlog is read", func() bool {
		var lag int64
		partitions := 0
		for _, p := range groupOf(t, "cg-group-id").Partitions {
			if p.Topic != "transactions" || p.Lag == nil {
				return false
			}
			lag += *p.Lag
			partitions++
		}
		return partitions == 3 && lag < 10 // the producer goes on
	})
	if c := inspect(t, "consumer"); c.RestartCount != before || c.State.OOMKilled {
		t.Errorf("the consumer was restarted %d times, killed for its memory: %v", c.RestartCount-before, c.State.OOMKilled)
	}
	t.Log("memory after the backlog: " + strings.TrimSpace(docker(t, "stats", "--no-stream", "--format", "{{.MemUsage}}", "consumer")))
}
