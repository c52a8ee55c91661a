//go:build brokers

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/process"
)

// nativeBroker is one real broker, which is its own controller.
type nativeBroker struct {
	t          *testing.T
	home, addr string
}

// kafka4 is the folder of a Kafka 4.
func kafka4(t *testing.T) string {
	t.Helper()
	home := os.Getenv("KAFKA4_HOME")
	if _, err := os.Stat(filepath.Join(home, "bin", "kafka-share-groups.sh")); home == "" || err != nil {
		t.Fatal("KAFKA4_HOME has to name an unpacked Kafka 4.2 or newer (https://kafka.apache.org/downloads)")
	}
	return home
}

// startNative starts a broker with further settings.
func startNative(t *testing.T, home string, settings ...string) *nativeBroker {
	t.Helper()
	dir := t.TempDir()
	addr, controller := fmt.Sprint("localhost:", kafkatest.FreePort(t)), fmt.Sprint("localhost:", kafkatest.FreePort(t))
	settings = append([]string{
		"process.roles=broker,controller", "node.id=1", "controller.quorum.voters=1@" + controller, "controller.listener.names=CONTROLLER",
		"listeners=PLAINTEXT://" + addr + ",CONTROLLER://" + controller, "advertised.listeners=PLAINTEXT://" + addr,
		"log.dirs=" + filepath.Join(dir, "data"), "auto.create.topics.enable=false", "group.initial.rebalance.delay.ms=0",
		"offsets.topic.replication.factor=1", "offsets.topic.num.partitions=1",
		"transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1",
	}, settings...)
	properties := filepath.Join(dir, "server.properties")
	if err := os.WriteFile(properties, []byte(strings.Join(settings, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	runKRaft(t, home, properties, kafka.Cluster{Brokers: []string{addr}})
	return &nativeBroker{t, home, addr}
}

// runKRaft formats the folder of the settings, and runs a broker until the test ends. It returns when the broker answers.
func runKRaft(t testing.TB, home, properties string, cluster kafka.Cluster, format ...string) {
	t.Helper()
	env := append(os.Environ(), "LOG_DIR="+filepath.Join(filepath.Dir(properties), "logs"), "KAFKA_HEAP_OPTS=-Xmx384m")
	args := append([]string{"format", "-t", "c2VjdXJlLXRlc3QtY2x1cw", "-c", properties}, format...)
	storage := exec.Command(filepath.Join(home, "bin", "kafka-storage.sh"), args...)
	storage.Env = env
	if out, err := storage.CombinedOutput(); err != nil {
		t.Fatalf("format: %v\n%s", err, out)
	}
	var log bytes.Buffer
	broker, err := process.Start(process.Command{
		Name: "broker", Path: filepath.Join(home, "bin", "kafka-server-start.sh"), Args: []string{properties}, Env: env,
		Stdout: &log, Stderr: &log, EndWithParent: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		broker.Kill()
		if t.Failed() {
			t.Logf("the broker's log ends with\n%s", tail(strings.Split(log.String(), "\n")))
		}
	})
	kafkatest.Eventually(t, "the broker answers", func() bool {
		admin, err := sarama.NewClusterAdmin(cluster.Brokers, cluster.AdminConfig("acceptance"))
		if err == nil {
			admin.Close()
		}
		return err == nil
	})
}

// tryTool runs the tool on this broker.
func (b *nativeBroker) tryTool(stdin string, args ...string) (stdout, stderr string, code int) {
	b.t.Helper()
	cmd := exec.Command(filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), args...)
	cmd.Env = append(os.Environ(), "BOOTSTRAP_SERVERS="+b.addr, "WORKSHOP_LANG=en")
	return run(b.t, cmd, stdin)
}

func (b *nativeBroker) tool(stdin string, args ...string) string {
	b.t.Helper()
	out, errs, code := b.tryTool(stdin, args...)
	if code != 0 {
		b.t.Fatalf("workshop %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// refuses asserts that the tool fails with some words.
func (b *nativeBroker) refuses(words, command string) {
	b.t.Helper()
	if _, errs, code := b.tryTool("", strings.Fields(command)...); code != 1 || !strings.Contains(errs, words) {
		b.t.Errorf("workshop %s: exit code %d, want 1 and %q\n%s", command, code, words, errs)
	}
}

func (b *nativeBroker) group(name string) groupJSON {
	b.t.Helper()
	var groups []groupJSON
	if err := json.Unmarshal([]byte(b.tool("", "groups", "describe", name, "-o", "json")), &groups); err != nil {
		b.t.Fatal(err)
	}
	return groups[0]
}

// theirs is what one of Kafka's own tools says of this broker.
func (b *nativeBroker) theirs(script string, args ...string) string {
	b.t.Helper()
	cmd := exec.Command(filepath.Join(b.home, "bin", script), append([]string{"--bootstrap-server", b.addr}, args...)...)
	out, errs, code := run(b.t, cmd, "")
	if code != 0 {
		b.t.Fatalf("%s %s: exit code %d\n%s%s", script, strings.Join(args, " "), code, out, errs)
	}
	return out
}

// start starts one of Kafka's own programs.
func (b *nativeBroker) start(script string, args ...string) *program {
	b.t.Helper()
	return start(b.t, nil, filepath.Join(b.home, "bin", script), append([]string{"--bootstrap-server", b.addr}, args...)...)
}

// stop ends one of Kafka's own programs, whose exit code is that of the signal.
func (b *nativeBroker) stop(p *program) {
	b.t.Helper()
	p.Process.Signal(syscall.SIGTERM)
	p.exit(kafkatest.Deadline)
}
