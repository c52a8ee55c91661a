//go:build brokers

package acceptance

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
)

// oddFolder is a checkout, as far as the scripts go, in a folder with blanks, accents and a comma.
func oddFolder(t testing.TB) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "Área de Trabalho", "kafka, o curso")
	for _, name := range []string{"scripts", "compose"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root(t), name))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(os.Getenv("KAFKA_HOME"), filepath.Join(dir, "kafka 3.9")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// files are the paths below a folder, but for those below data.
func files(t testing.TB, dir, data string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && path == data {
			return fs.SkipDir
		}
		paths = append(paths, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// Java reads properties as ISO 8859-1, and file names in the locale's encoding. Whatever the folder's name and the locale,
// everything is written into its .kafka, and reset erases it.
func TestOddFolder(t *testing.T) {
	t.Parallel()
	server := newMachine(t, hold(t, newNetwork()))
	server.must("ip", "link", "set", "lo", "up")
	dir := oddFolder(t)
	data, outside := filepath.Join(dir, ".kafka"), filepath.Dir(filepath.Dir(dir))
	before := files(t, outside, data)
	vars := []string{"KAFKA_DATA=", "KAFKA_HOME=" + filepath.Join(dir, "kafka 3.9"), "BROKERS=1", "LC_ALL=C", "JAVA_TOOL_OPTIONS=-Dversion=8"}
	kafka := func(command string, want int, texts ...string) {
		t.Helper()
		out, code := server.run(vars, filepath.Join(dir, "scripts", "native-kafka"), command)
		if code != want {
			t.Errorf("native-kafka %s: exit code %d, want %d\n%s", command, code, want, out)
		}
		for _, text := range texts {
			if !strings.Contains(out, text) {
				t.Errorf("native-kafka %s: want %q in\n%s", command, text, out)
			}
		}
	}
	t.Cleanup(func() { kafka("reset", 0) })

	kafka("up", 0, "up in ")
	kafka("status", 0, "broker-1")
	server.says("BOOTSTRAP_SERVERS=localhost:9091", "workshop topics apply", 0)
	server.says("BOOTSTRAP_SERVERS=localhost:9091 COUNT=10 PACE=0", "producer", 0)
	kafka("down", 0, data)
	for _, path := range []string{"zookeeper/version-2", "broker-1/meta.properties", "broker-1/transactions-0"} {
		if _, err := os.Stat(filepath.Join(data, path)); err != nil {
			t.Error(err)
		}
	}
	if after := files(t, outside, data); !slices.Equal(after, before) {
		t.Errorf("outside of %s:\n%s\nwant\n%s", data, strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	kafka("reset", 0, "erased in "+data, "zookeeper (", "broker-1 (")
	if left, err := os.ReadDir(data); err == nil && len(left) > 0 {
		t.Errorf("after reset there is still %v", left)
	}
	kafka("reset", 0, "nothing to erase")

	// A broker that answered, and whose data are not here: nobody may believe them erased.
	os.MkdirAll(data, 0o755)
	for _, name := range []string{"broker-1.properties", "broker-1.answered"} {
		os.WriteFile(filepath.Join(data, name), nil, 0o644)
	}
	kafka("reset", 1, "nothing to erase of broker-1")
}

// fakeJava says of itself that it is Java 17, and starts as FAKE says.
const fakeJava = `#!/usr/bin/env python3
import contextlib, os, socket, sys, time
if "-version" in sys.argv:
    sys.exit('Picked up JAVA_TOOL_OPTIONS: -Dversion="8"\nopenjdk version "17.0.15" 2025-04-15')
name = os.path.basename(sys.argv[-1]).split(".")[0]
if name != "zookeeper":
    if os.environ["FAKE"] == "dies":
        sys.exit("There is insufficient memory")
    if os.environ["FAKE"] == "tired" and not os.path.exists(name + "/tired"):
        open(name + "/tired", "w").close()
        sys.exit("org.apache.zookeeper.KeeperException$SessionExpiredException")
    while os.environ["FAKE"] == "silent":
        time.sleep(60)
    for segment in range(24 if os.environ["FAKE"] == "slow" else 0):
        print("Recovering segment", segment, flush=True)
        time.sleep(0.5)
open(name + "/data", "w").close()
server = socket.create_server(("127.0.0.1", 32181 if name == "zookeeper" else 29090 + int(name[-1])))
while True:
    client, _ = server.accept()
    with client, contextlib.suppress(OSError): # who asked may have gone
        client.recv(100)
        # A reply to Metadata: its size, the request's number, and how many brokers it names.
        client.sendall(bytes([0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0 if os.environ["FAKE"] == "unnamed" and name != "zookeeper" else 1]))
`

// A start takes as long as it makes progress; a process that does nothing, or has died, ends the wait.
func TestSlowStart(t *testing.T) {
	t.Parallel()
	server := newMachine(t, hold(t, newNetwork()))
	server.must("ip", "link", "set", "lo", "up")
	t.Cleanup(func() { server.kafka("", "reset", 0) })
	dir := t.TempDir()
	for name, text := range map[string]string{"java": fakeJava, "home/bin/zookeeper-server-start.sh": ""} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// Without progress the wait ends after a third of START_TIMEOUT; the slow one takes half of it.
	vars := "BROKERS=1 START_TIMEOUT=24 JAVA_HOME= KAFKA_HOME=" + dir + "/home PATH=" + dir + ":" + os.Getenv("PATH") + " FAKE="
	server.kafka(vars+"slow", "up", 0, "waiting for broker-1", "Recovering segment", "up in ")
	server.kafka(vars, "down", 0)
	server.kafka(vars+"silent", "up", 1, "no answer after", "without a sign of life", "START_TIMEOUT=48")
	server.kafka(vars, "down", 0)
	server.kafka(vars+"unnamed", "up", 1, "no answer after") // a broker that answers, and that no client would find
	server.kafka(vars, "down", 0)
	server.kafka(vars+"tired", "up", 0, "up in ") // the second time: ZooKeeper had no time for the first
	server.kafka(vars, "down", 0)
	server.kafka(vars+"dies", "up", 1, "There is insufficient memory", "broker-1 ended")
	server.kafka("START_TIMEOUT=soon", "up", 2, "START_TIMEOUT is a number of seconds")
}

// startsAsInTheDocuments starts ZooKeeper and a broker with the scripts and settings that fetch-kafka wrote, and stops them.
func startsAsInTheDocuments(t *testing.T, server *machine, home string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"zookeeper.properties", "server.properties"} {
		text, err := os.ReadFile(filepath.Join(home, "config", name))
		if err == nil { // their folders are in /tmp
			err = os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(string(text), "=/tmp/", "="+dir+"/")), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	bin := func(name string) string { return filepath.Join(home, "bin", name+".sh") }
	server.must(bin("zookeeper-server-start"), "-daemon", filepath.Join(dir, "zookeeper.properties"))
	server.must(bin("kafka-server-start"), "-daemon", filepath.Join(dir, "server.properties"), "--override",
		"listeners=PLAINTEXT://localhost:9092")
	kafkatest.Eventually(t, "the broker of server.properties creates a topic", func() bool {
		_, code := server.run(nil, bin("kafka-topics"), "--bootstrap-server", "localhost:9092", "--create", "--if-not-exists", "--topic",
			"documents")
		return code == 0
	})
	server.must(bin("kafka-server-stop"))
	kafkatest.Eventually(t, "no broker is left to stop", func() bool {
		out, code := server.run(nil, bin("kafka-server-stop"))
		return code == 1 && strings.Contains(out, "No kafka server to stop")
	})
	server.must(bin("zookeeper-server-stop"))
}
