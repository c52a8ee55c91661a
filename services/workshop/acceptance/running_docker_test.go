//go:build docker

package acceptance

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
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
	// Started again, as after a stop of the instance under another address: nothing is lost, nothing made twice.
	t.Setenv("PUBLIC_IP", "localhost")
	compose(t, append(single, "up", "-d")...)
	compose(t, append(single, "wait", "topics")...)
	out, _ := client.run(at, "scoreboard")
	if want := "broker 1 anuncia localhost:"; !strings.Contains(out, want) {
		kafkatest.Eventually(t, want, func() bool { out, _ = client.run(at, "scoreboard"); return strings.Contains(out, want) })
	}
}
