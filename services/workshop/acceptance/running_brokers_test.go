//go:build brokers

package acceptance

import (
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

// machine is a network namespace: another machine, as far as addresses and ports go, with Kafka's
// files in a folder of its own.
type machine struct {
	t     testing.TB
	enter []string // a command behind it runs there
	env   []string
}

// machines gives two machines with a cable between them, 192.168.0.10 and 192.168.0.20. Who is not root
// becomes the root of a user namespace first, where the system allows that.
func machines(t testing.TB) (server, client *machine) {
	t.Helper()
	server = newMachine(t, hold(t, newNetwork()))
	client = newMachine(t, hold(t, append(slices.Clone(server.enter), "unshare", "--net")))
	for _, line := range []string{
		"ip link add to-client type veth peer name to-server netns " + strconv.Itoa(client.pid()),
		"ip addr add 192.168.0.10/24 dev to-client", "ip link set to-client up", "ip link set lo up",
	} {
		server.must(strings.Fields(line)...)
	}
	for _, line := range []string{"ip addr add 192.168.0.20/24 dev to-server", "ip link set to-server up", "ip link set lo up"} {
		client.must(strings.Fields(line)...)
	}
	return server, client
}

func newMachine(t testing.TB, pid int) *machine {
	return &machine{t: t, enter: enterNetwork(pid), env: []string{"KAFKA_DATA=" + filepath.Join(t.TempDir(), "kafka")}}
}

func (m *machine) pid() int { n, _ := strconv.Atoi(m.enter[2]); return n }

// run runs a command there and returns its output and exit code.
func (m *machine) run(vars []string, args ...string) (string, int) {
	m.t.Helper()
	all := append(slices.Clone(m.enter), args...)
	cmd := exec.Command(all[0], all[1:]...)
	cmd.Env = slices.Concat(os.Environ(), m.env, vars)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func (m *machine) must(args ...string) {
	m.t.Helper()
	if out, code := m.run(nil, args...); code != 0 {
		m.t.Fatalf("%v: exit code %d\n%s", args, code, out)
	}
}

// kafka calls scripts/native-kafka there, and wants an exit code and texts in what it says.
func (m *machine) kafka(vars string, command string, want int, texts ...string) {
	m.t.Helper()
	script := filepath.Join(root(m.t), "scripts", "native-kafka")
	out, code := m.run(strings.Fields(vars), append([]string{script}, strings.Fields(command)...)...)
	if code != want {
		m.t.Fatalf("%s native-kafka %s: exit code %d, want %d\n%s", vars, command, code, want, out)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			m.t.Errorf("%s native-kafka %s: want %q in\n%s", vars, command, text, out)
		}
	}
}

// tool calls a program of the workshop there, in English.
func (m *machine) tool(vars string, line string) (string, int) {
	m.t.Helper()
	args := strings.Fields(line)
	args[0] = filepath.Join(os.Getenv("WORKSHOP_BIN"), args[0])
	return m.run(append(strings.Fields(vars), "WORKSHOP_LANG=en"), args...)
}

func (m *machine) says(vars, line string, want int, texts ...string) {
	m.t.Helper()
	out, code := m.tool(vars, line)
	if code != want {
		m.t.Errorf("%s %s: exit code %d, want %d\n%s", vars, line, code, want, out)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			m.t.Errorf("%s %s: want %q in\n%s", vars, line, text, out)
		}
	}
}

// As in the guide to native Kafka: Kafka alone on a server, its clients elsewhere.
func TestAnotherMachine(t *testing.T) {
	t.Parallel()
	server, client := machines(t)
	t.Cleanup(func() { server.kafka("", "reset", 0) })
	const brokers = "192.168.0.10:9091,192.168.0.10:9092"

	// Everything is as it should be.
	server.kafka("BROKERS=2 ADVERTISED_HOST=192.168.0.10", "up", 0, "up in ", brokers, "listen on 0.0.0.0, without a password")
	client.says("", "workshop doctor --brokers 192.168.0.10:9092", 0, "advertises 192.168.0.10:9091 and answers there", "2 brokers")
	client.says("BOOTSTRAP_SERVERS="+brokers, "workshop topics apply", 0, "created  3 partitions, 2 replicas")
	client.says("BOOTSTRAP_SERVERS="+brokers+" COUNT=50 PACE=0", "producer", 0, "50 acknowledged")
	client.says("kafka_host_url=192.168.0.10:9092 PACE=0", "score-simulator", 0, "Producer finished.")
	client.says("kafka_host_url=192.168.0.10:9092", "scoreboard", 0, "Match finished!")
	// By localhost on the server itself as well.
	server.says("", "workshop doctor --brokers localhost:9091", 0, "advertises 192.168.0.10:9091 and answers there")
	// ZooKeeper and the brokers' own door are not for others.
	client.says("", "workshop doctor --brokers 192.168.0.10:32181,192.168.0.10:29091", 1, "192.168.0.10:32181: the port is closed",
		"192.168.0.10:29091: the port is closed")

	// A paused broker accepts connections, and says nothing.
	pid, err := os.ReadFile(filepath.Join(strings.TrimPrefix(server.env[0], "KAFKA_DATA="), "broker-1.pid"))
	if err != nil {
		t.Fatal(err)
	}
	server.must("kill", "-STOP", strings.TrimSpace(string(pid)))
	client.says("", "workshop doctor --brokers "+brokers, 1, "192.168.0.10:9091: accepts the connection and does not answer", "paused")
	server.must("kill", "-CONT", strings.TrimSpace(string(pid)))

	// A firewall before the guide's «ufw allow», or a cable that is not plugged in: nothing comes back.
	server.must("ip", "link", "set", "to-client", "down")
	client.says("", "workshop doctor --brokers 192.168.0.10:9092", 1, "192.168.0.10:9092: no reply", "ufw allow 9092")
	server.must("ip", "link", "set", "to-client", "up")

	// The default listens on the loopback address: nobody else gets in.
	server.kafka("", "down", 0, "down; the data stays")
	server.kafka("BROKERS=1", "up", 0, "localhost:9091")
	client.says("", "workshop doctor --brokers 192.168.0.10:9091", 1, "the port is closed", "BIND_ADDRESS")

	// The classic mistake: it listens for everyone, and sends everyone to themselves.
	server.kafka("BROKERS=1 BIND_ADDRESS=0.0.0.0", "up", 1, "broker-1 runs with other settings", "down, then up")
	server.kafka("", "down", 0)
	server.kafka("BROKERS=1 BIND_ADDRESS=0.0.0.0", "up", 0)
	client.says("", "workshop doctor --brokers 192.168.0.10:9091", 1, "the broker advertises localhost:9091", "you dialed 192.168.0.10:9091",
		"ADVERTISED_HOST=192.168.0.10")
	client.says("BOOTSTRAP_SERVERS=192.168.0.10:9091", "workshop topics apply --timeout 10s", 1,
		"broker 1 advertises localhost:9091, which cannot be reached from here")
	// The negative control of that line: on the server the same address is right.
	server.says("", "workshop doctor --brokers localhost:9091", 0)
}

// One to four brokers, and what up, status, down and reset say and leave.
func TestNativeBrokersOneToFour(t *testing.T) {
	t.Parallel()
	server, _ := machines(t)
	data := strings.TrimPrefix(server.env[0], "KAFKA_DATA=")
	t.Cleanup(func() { server.kafka("", "reset", 0) })
	server.kafka("", "status", 1, "zookeeper", "down")
	server.kafka("BROKERS=5", "up", 2, "BROKERS is 1 to 4")
	server.kafka("ADVERTISED_HOST=0.0.0.0", "up", 2, "ADVERTISED_HOST is a name")
	server.kafka("ADVERTISED_HOST=10.0.0.1:9092", "up", 2, "ADVERTISED_HOST is a name")
	server.kafka("BIND_ADDRESS=here", "up", 2, "BIND_ADDRESS is an IPv4 address")
	server.kafka("JAVA_HOME=/nowhere", "up", 2, "needs Java 17", "found: none in JAVA_HOME=/nowhere")
	server.kafka("KAFKA_DATA=/proc/nowhere", "up", 2, "cannot make the folder for the data", "KAFKA_DATA=")
	server.kafka("KAFKA_HOME=/nowhere", "up", 2, "no bin/zookeeper-server-start.sh")

	server.kafka("", "up", 0, "up in ", "localhost:9091,localhost:9092,localhost:9093")
	server.kafka("", "up", 0, "is up already")
	server.kafka("BROKERS=4", "up", 0, "up in ", "localhost:9094")
	server.kafka("", "status", 0, "broker-4", "localhost:9094")
	server.says("", "workshop doctor --brokers localhost:9091", 0, "localhost:9094 and answers there", "4 brokers")
	// Whatever else the doctor finds on this machine, such as a Docker that sleeps, is not this test's business.
	// Nor is a stack in Docker, which has the same ports outside of this network.
	out, _ := server.tool("DOCKER_HOST=unix:///nowhere", "workshop doctor")
	if !regexp.MustCompile(`ok +ports +9094: native broker \(make kafka-up\), which is up`).MatchString(out) {
		t.Errorf("workshop doctor takes broker 4's port for somebody else's:\n%s", out)
	}
	server.kafka("", "kill 2", 0)
	// A start may come at once, and would take its port for somebody else's.
	if _, code := server.run(nil, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9092"); code == 0 {
		t.Error("kill returns while the broker's port is open")
	}
	server.kafka("BROKERS=4", "status", 1, "broker-2", "down")
	server.kafka("BROKERS=4", "up", 0, "up in ")

	began := time.Now()
	server.kafka("", "down", 0)
	t.Logf("four brokers and ZooKeeper are down after %s", time.Since(began).Round(100*time.Millisecond))
	for n := range 4 {
		// It has handed its partitions over and left, which takes a ZooKeeper that still runs.
		log, err := os.ReadFile(filepath.Join(data, "logs", "broker-"+strconv.Itoa(n+1)+".log"))
		if text := "[KafkaServer id=" + strconv.Itoa(n+1) + "] shut down completed"; err != nil || !strings.Contains(string(log), text) {
			t.Errorf("broker %d: %v, want %q in its log:\n%s", n+1, err, text, tail(strings.Split(string(log), "\n")))
		}
	}
	server.kafka("", "status", 1)
	server.kafka("", "reset", 0)
	if left, err := os.ReadDir(data); err == nil && len(left) > 0 {
		t.Errorf("reset has left %v", left)
	}
}

// Without KAFKA_HOME, Maven's jars are Kafka; without either, the script says what to do.
func TestNativeKafkaFetchesItself(t *testing.T) {
	t.Parallel()
	server, _ := machines(t)
	t.Cleanup(func() { server.kafka("", "reset", 0) })
	cache := filepath.Join(t.TempDir(), "cache")
	vars := "KAFKA_HOME= BROKERS=1 XDG_CACHE_HOME=" + cache
	server.kafka(vars, "up", 0, "fetching kafka_2.13-3.9.2 from Maven Central", "up in ")
	server.says("BOOTSTRAP_SERVERS=localhost:9091", "workshop topics apply", 0)
	home := filepath.Join(cache, "kafka-workshop", "kafka_2.13-3.9.2")
	kafkatest.Eventually(t, "its own tools list the topics", func() bool {
		out, code := server.run(nil, filepath.Join(home, "bin", "kafka-topics.sh"), "--bootstrap-server", "localhost:9091", "--list")
		return code == 0 && strings.Contains(out, "scoreGame.dlq\n")
	})
	server.kafka("", "down", 0)
	startsAsInTheDocuments(t, server, home)

	// A PATH that has all the script needs, but no Maven.
	bin := t.TempDir()
	for _, name := range []string{"bash", "java", "sed", "dirname", "cat", "mkdir", "ps"} {
		path, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(path, filepath.Join(bin, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	out, code := server.run([]string{
		"KAFKA_HOME=",
		"XDG_CACHE_HOME=" + cache + "2",
		"PATH=" + bin,
	}, "/usr/bin/env", "bash", filepath.Join(root(t), "scripts", "native-kafka"), "up")
	if code != 2 || !strings.Contains(out, "https://kafka.apache.org/downloads") || !strings.Contains(out, "install Maven") {
		t.Errorf("without KAFKA_HOME and Maven: exit code %d, want 2\n%s", code, out)
	}
}
