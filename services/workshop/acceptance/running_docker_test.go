//go:build docker

package acceptance

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// elsewhere is a network of containers that is not the stack's: to them this machine is another one.
type elsewhere struct {
	name string
	host string // this machine's address there
	tool string // the image with all programs
}

func newElsewhere(t testing.TB) elsewhere {
	t.Helper()
	compose(t, "build", "workshop")
	e := elsewhere{name: projectName(t) + "-elsewhere"}
	docker(t, "network", "create", e.name)
	t.Cleanup(func() { docker(t, "network", "rm", e.name) })
	e.host = strings.TrimSpace(docker(t, "network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", e.name))
	for _, image := range strings.Fields(compose(t, "config", "--images", "workshop")) {
		if strings.Contains(image, "/workshop:") {
			e.tool = image
		}
	}
	return e
}

// run runs one of the workshop's programs there, and returns its output and whether it ended with 0.
func (e elsewhere) run(brokers, program string, args ...string) (string, bool) {
	all := slices.Concat([]string{"run", "--rm", "--network", e.name, "-e", "BOOTSTRAP_SERVERS=" + brokers, "--entrypoint", "/" + program, e.tool}, args)
	out, err := exec.Command("docker", all...).CombinedOutput()
	return string(out), err == nil
}

func (e elsewhere) wants(t testing.TB, brokers, text, program string, args ...string) {
	t.Helper()
	if out, ok := e.run(brokers, program, args...); !ok || !strings.Contains(out, text) {
		t.Errorf("%s %v from another network: ended well: %v; want %q in\n%s", program, args, ok, text, out)
	}
}

// refused wants the workshop to end with an error and to say both texts.
func (e elsewhere) refused(t testing.TB, brokers, text, remedy string, args ...string) {
	t.Helper()
	if out, ok := e.run(brokers, "workshop", args...); ok || !strings.Contains(out, text) || !strings.Contains(out, remedy) {
		t.Errorf("workshop %v from another network: ended well: %v; want %q and %q in\n%s", args, ok, text, remedy, out)
	}
}

// published is this machine's port of a container's.
func published(t testing.TB, service, port string, files ...string) string {
	t.Helper()
	at := strings.TrimSpace(compose(t, append(files, "port", service, port)...))
	return at[strings.LastIndex(at, ":")+1:]
}

// Document 000's host: 2 GB, one broker, the topic there from the start, and clients that come to its
// public address.
func TestSingleBroker(t *testing.T) {
	client := newElsewhere(t)
	t.Setenv("PUBLIC_IP", client.host)
	single := []string{"-f", filepath.Join("compose", "single-broker.yaml")}
	t.Cleanup(func() { compose(t, append(single, "down", "-v")...) })
	compose(t, append(single, "up", "-d")...)
	compose(t, append(single, "wait", "topics")...)

	at := client.host + ":" + published(t, "kafka", "9092", single...)
	client.wants(t, at, "scoreGame      1           1\n", "workshop", "topics", "list")
	client.wants(t, at, "scoreGame         exists   1 partition, 1 replica\n", "workshop", "topics", "apply")
	client.wants(t, at, "Producer finalizado.", "score-simulator")
	client.wants(t, at, "Partida finalizada!", "scoreboard")

	var memory int64
	for _, id := range strings.Fields(compose(t, append(single, "ps", "-aq")...)) {
		c := inspect(t, id)
		memory += c.HostConfig.Memory
		if ports := c.HostConfig.PortBindings; len(ports) > 0 && strings.Contains(c.Config.Image, "zookeeper") {
			t.Errorf("ZooKeeper is published: %v", ports)
		}
		if c.HostConfig.Memory == 0 || c.State.OOMKilled {
			t.Errorf("%s: limit %d, killed for its memory: %v", c.Config.Image, c.HostConfig.Memory, c.State.OOMKilled)
		}
	}
	const host = 2e9
	if memory > host*3/4 {
		t.Errorf("the limits add up to %d bytes: a host of 2 GB has a system to run as well", memory)
	}
	client.wants(t, at, "o controller é o 1", "workshop", "doctor", "--brokers", at)

	// Started again without its address, as after a slip: the messages are there, and the client is told.
	t.Setenv("PUBLIC_IP", "")
	compose(t, append(single, "up", "-d", "--wait", "kafka")...)
	client.refused(t, at, "o broker anuncia localhost:", "PUBLIC_IP="+client.host, "doctor", "--brokers", at)
	client.refused(t, at, "advertises localhost:", "cannot be reached from here", "topics", "apply", "--timeout", "5s")
	offsets := compose(t, append(single, "exec", "-T", "kafka", "kafka-get-offsets", "--bootstrap-server", "kafka:29091", "--topic", "scoreGame")...)
	if !strings.HasPrefix(offsets, "scoreGame:0:") || strings.HasPrefix(offsets, "scoreGame:0:0") {
		t.Errorf("the match is not there any more: %s", offsets)
	}
}

// The stack for other machines: four brokers that say where they are. (That they do not is TestSingleBroker's end.)
func TestAnotherNetwork(t *testing.T) {
	client := newElsewhere(t)
	t.Cleanup(func() { compose(t, "--profile", "*", "down", "-v") })
	t.Setenv("BIND_ADDRESS", client.host)
	t.Setenv("ADVERTISED_HOST", client.host)
	brokers := append(slices.Clone(cluster), "broker-4")
	compose(t, slices.Concat([]string{"up", "-d", "--wait"}, brokers)...)
	at := client.host + ":" + published(t, "broker-4", "9094")
	client.wants(t, at, "scoreBoard        created  1 partition, 3 replicas\n", "workshop", "topics", "apply", "--min-brokers", "4")
	client.wants(t, at, "brokers, o controller é o", "workshop", "doctor", "--brokers", at)
	for _, name := range brokers[1:] {
		if b := inspect(t, container(t, name)).HostConfig.PortBindings; len(b) != 1 {
			t.Errorf("%s publishes %v", name, b)
		}
	}
	// By the containers' own door, from outside their network.
	inner := strings.TrimSpace(docker(t, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container(t, "broker-1"))) + ":29091"
	out := asTool(t, "doctor", "--brokers", inner)
	if !strings.Contains(out, "anuncia broker-1:29091") || !strings.Contains(out, "rede dos contêineres") {
		t.Errorf("by the listener for containers:\n%s", out)
	}
	compose(t, "pause", "broker-2")
	client.refused(t, at, "aceita a conexão e não responde", "docker unpause", "doctor", "--brokers", client.host+":"+published(t, "broker-2", "9092"))
	compose(t, "unpause", "broker-2")
}

// container is the id of a service's container.
func container(t testing.TB, service string) string {
	t.Helper()
	return strings.TrimSpace(compose(t, "ps", "-q", service))
}

// tool runs the workshop on this machine, and returns its output however it ends.
func asTool(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"run", "."}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out)
}
