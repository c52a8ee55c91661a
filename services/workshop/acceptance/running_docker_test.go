//go:build docker

package acceptance

import (
	"os/exec"
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

func newElsewhere(t testing.TB, suffix string) elsewhere {
	t.Helper()
	e := elsewhere{name: projectName(t) + "-elsewhere-" + suffix}
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
	all := slices.Concat([]string{
		"run",
		"--rm",
		"--network",
		e.name,
		"-e",
		"BOOTSTRAP_SERVERS=" + brokers,
		"-e",
		"PACE=0",
		"--entrypoint",
		"/" + program,
		e.tool,
	}, args)
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

// LabScore's host: 2 GB, one broker, the topic there from the start, and clients that come to its
// public address.
func TestSingleBroker(t *testing.T) {
	t.Parallel()
	const file = "compose/single-broker.yaml"
	down(t, "-f", file, "down", "-v")
	t.Cleanup(func() { down(t, "-f", file, "down", "-v") })
	pageInDocker(t, rotated(t, "language of the page with one broker", 1, []string{portuguese, english})[0], singleBrokerPage)

	client := newElsewhere(t, "single")
	// The stack has 9092 on this machine, as on the page.
	const port = "BROKER_PORT=19092"
	single := func(t testing.TB, publicIP string, args ...string) string {
		t.Helper()
		return dockerWith(t, []string{port, "PUBLIC_IP=" + publicIP}, slices.Concat([]string{"compose", "-f", file}, args)...)
	}
	single(t, client.host, "up", "-d")
	// Not compose wait, which refuses a container that has ended already.
	if code := docker(t, "wait", strings.TrimSpace(single(t, client.host, "ps", "-aq", "topics"))); code != "0\n" {
		t.Fatalf("the topics' container ended with %s", code)
	}
	at := client.host + ":" + published(t, "kafka", "9092", "-f", file)
	client.wants(t, at, "scoreGame      1           1\n", "workshop", "topics", "list")
	client.wants(t, at, "scoreGame             existe  1 partição, 1 réplica\n", "workshop", "topics", "apply")
	client.wants(t, at, "Producer finalizado.", "score-simulator")
	client.wants(t, at, "Partida finalizada!", "scoreboard")
	fitsSmallHost(t, strings.Fields(single(t, client.host, "ps", "-aq")))
	client.wants(t, at, "o controller é o 1", "workshop", "doctor", "--brokers", at)

	// Started again without its address, as after a slip: the messages are there, and the client is told.
	single(t, "", "up", "-d", "--wait", "kafka")
	client.refused(t, at, "o broker anuncia localhost:", "PUBLIC_IP="+client.host, "doctor", "--brokers", at)
	client.refused(t, at, "anuncia localhost:", "que não se alcança daqui", "topics", "apply", "--timeout", "10s")
	offsets := single(t, "", "exec", "-T", "kafka", "kafka-get-offsets", "--bootstrap-server", "kafka:29091", "--topic", "scoreGame")
	if !strings.HasPrefix(offsets, "scoreGame:0:") || strings.HasPrefix(offsets, "scoreGame:0:0") {
		t.Errorf("the match is not there any more: %s", offsets)
	}
}

// fitsSmallHost wants containers with limits that a host of 2 GB has room for, and ZooKeeper for nobody else.
func fitsSmallHost(t *testing.T, ids []string) {
	t.Helper()
	var memory int64
	for _, c := range inspectAll(t, ids...) {
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
}
