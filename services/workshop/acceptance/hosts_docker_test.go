//go:build docker

package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// dockerHosts are three hosts as docs/hosts.md has them, each a project of Compose with a network of its own, at whose gateway its ports
// are published.
type dockerHosts struct {
	t   *testing.T
	dir string
}

const dockerHostsList = "10.91.1.1,10.91.2.1,10.91.3.1"

// vars are the variables of a host's command: the documented ones, and those that keep it apart from the stack of the other tests.
func (h *dockerHosts) vars(id int) []string {
	return []string{
		fmt.Sprint("HOST_ID=", id), "HOSTS=" + dockerHostsList, "SECRETS_DIR=" + h.dir,
		fmt.Sprintf("COMPOSE_PROJECT_NAME=%s-host-%d", projectName(h.t), id), fmt.Sprintf("CONTAINER_PREFIX=%s-host-", projectName(h.t)),
		fmt.Sprintf("COMPOSE_FILE=compose/host.yaml:%s/host-%d.yaml", h.dir, id),
	}
}

func (h *dockerHosts) compose(id int, args ...string) string {
	h.t.Helper()
	return dockerWith(h.t, h.vars(id), append([]string{"compose"}, args...)...)
}

// tool runs a program on this machine as a user, "" for nobody, and wants an exit code and texts.
func (h *dockerHosts) tool(user, line string, want int, texts ...string) {
	h.t.Helper()
	args := strings.Fields(line)
	cmd := exec.CommandContext(h.t.Context(), filepath.Join(os.Getenv("WORKSHOP_BIN"), args[0]), args[1:]...)
	cmd.Env = append(os.Environ(), "WORKSHOP_LANG=en", "BOOTSTRAP_SERVERS=", "COUNT=100", "PACE=0")
	if user != "" {
		cmd.Env = append(cmd.Env, "KAFKA_CLIENT_CONFIG="+filepath.Join(h.dir, user, "client.properties"))
	}
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != want {
		h.t.Fatalf("%s: exit code %d, want %d\n%s", line, code, want, out)
	}
	for _, text := range texts {
		if !strings.Contains(string(out), text) {
			h.t.Errorf("%s: want %q in\n%s", line, text, out)
		}
	}
}

// Three hosts in containers, by the page's commands: logins and topics, one host off, and back.
func TestThreeHostsInContainers(t *testing.T) {
	h := &dockerHosts{t: t, dir: t.TempDir()}
	h.tool("", "workshop certs hosts "+dockerHostsList+" --dir "+h.dir, 0, "broker-3")
	for id := 1; id <= 3; id++ {
		text := fmt.Sprintf(`services: {broker: {ports: !override ["10.91.%[1]d.1:909%[1]d:909%[1]d", "10.91.%[1]d.1:2909%[1]d:2909%[1]d",
  "10.91.%[1]d.1:1909%[1]d:1909%[1]d"], environment: {KAFKA_JVM_PERFORMANCE_OPTS: '-XX:+UseSerialGC -XX:TieredStopAtLevel=1'}}}
networks: {default: {ipam: {config: [{subnet: 10.91.%[1]d.0/24, gateway: 10.91.%[1]d.1}]}}}
`, id)
		if err := os.WriteFile(filepath.Join(h.dir, fmt.Sprintf("host-%d.yaml", id)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(h.compose(id, "logs", "--tail", "20"))
			}
			h.compose(id, "down", "-v")
		})
	}
	h.refusesMistakes()
	var all sync.WaitGroup
	for id := 1; id <= 3; id++ { // none is healthy alone
		all.Go(func() { h.compose(id, "up", "-d", "--wait") })
	}
	if all.Wait(); t.Failed() {
		t.FailNow()
	}
	addresses := "10.91.1.1:9091,10.91.2.1:9092,10.91.3.1:9093"
	table := filepath.Join("..", "..", "..", "compose", "users.toml")
	h.tool("admin", "workshop users apply --timeout 3m --users "+table+" --dir "+h.dir+" --advertised "+addresses, 0)
	h.tool("teacher", "workshop topics apply", 0, "created  3 partitions, 3 replicas")
	h.tool("producer", "producer", 0, "100 acknowledged")
	h.compose(1, "stop", "broker")
	h.tool("producer", "producer", 0, "100 acknowledged")
	h.compose(1, "up", "-d", "--wait")
	h.tool("teacher", "workshop consume transactions --from-beginning --max 200 --timeout 1m -o json", 0)
	h.compose(2, "run", "--rm", "keys")
	h.tool("admin", "workshop certs reload --listeners internal,external,controller", 0, "broker-2 has read its certificates again")
	h.tool("", "workshop cluster --bootstrap-servers "+addresses, 1) // nobody gets in without a login
}

// refusesMistakes: what Compose can see, it says before anything starts.
func (h *dockerHosts) refusesMistakes() {
	h.t.Helper()
	for mistake, want := range map[string]string{
		"HOST_ID=":                "1, 2 or 3 is the place of this host among the three",
		"HOST_ID=4":               "broker-4/broker.env",
		"SECRETS_DIR=/nowhere":    "/nowhere/broker-1/broker.env",
		"HOSTS=10.0.0.1,10.0.0.2": "the certificates are for other hosts: HOSTS=" + dockerHostsList,
	} {
		args := []string{"compose", "config", "--quiet"}
		if strings.HasPrefix(mistake, "HOSTS=") {
			args = []string{"compose", "run", "--rm", "keys"}
		}
		cmd := exec.Command("docker", args...)
		cmd.Dir = filepath.Join("..", "..", "..")
		cmd.Env = slices.Concat(os.Environ(), h.vars(1), []string{mistake})
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			h.t.Errorf("%s: %v, want an error and %q in\n%s", mistake, err, want, out)
		}
	}
}
