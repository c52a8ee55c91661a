//go:build labs

package acceptance

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

const emulatorPorts = "19391,19392,19393" // of brokers beside those of other tests

var emulatorBrokers = "BOOTSTRAP_SERVERS=localhost:" + strings.ReplaceAll(emulatorPorts, ",", ",localhost:")

// wine finds Wine, makes a Windows for it, and returns the command and the environment of its programs.
func wine(t *testing.T) (path string, env []string) {
	t.Helper()
	path = "/usr/lib/wine/wine64" // Debian's wine64 does not put it where commands are
	for _, name := range []string{"wine", "wine64"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("Wine: %v; on Debian: apt install wine64 gcc-mingw-w64-x86-64-win32", err)
	}
	prefix := t.TempDir()
	env = []string{"WINEPREFIX=" + prefix, "WINEDEBUG=-all", "WORKSHOP_LANG=en", "BOOTSTRAP_SERVERS="}
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	server := filepath.Join(filepath.Dir(path), "wineserver64")
	if _, err := os.Stat(server); err != nil {
		server = "wineserver"
	}
	run(path, "wineboot", "--init")
	t.Cleanup(func() { run(server, "--wait") }) // it ends a few seconds after the last program
	random := filepath.Join(prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(random); errors.Is(err, fs.ErrNotExist) {
		run("x86_64-w64-mingw32-gcc", "-shared", "-O2", "-o", random, "testdata/wine/bcryptprimitives.c", "-ladvapi32")
	}
	return path, env
}

// What a laptop with Windows gets runs a lab, which kills a program and starts it again, and the whole workshop until Ctrl-C.
func TestWindowsUnderWine(t *testing.T) {
	dir, tool := release(t, "windows", "amd64")
	path, env := wine(t)
	run := func(want string, args ...string) {
		t.Helper()
		p := start(t, env, path, append([]string{tool}, args...)...)
		if code := p.exit(3 * time.Minute); code != 0 || !contains(p.Lines(), want) {
			t.Errorf("%s: exit code %d, want 0 and %q", strings.Join(args, " "), code, want)
		}
	}
	run("(go1.", "--version")
	run(" programs in ", "exec", "--link")
	run("→ as predicted for at-most-once", "lab", "run", "at-most-once", "--pace", "20ms")
	link := start(t, env, path, filepath.Join(dir, "bin", "producer.exe"), "--version")
	if link.waitFor("producer "); link.exit(time.Minute) != 0 {
		t.Error("producer.exe --version failed")
	}

	up := start(t, env, path, tool, "up", "--ports", emulatorPorts)
	up.waitFor("scoreboard      | ")
	up.waitFor("message sent to kafka with sequence id 3")
	up.Process.Signal(syscall.SIGINT) // which Wine makes a Ctrl-C of the console
	if code := up.exit(time.Minute); code != 0 {
		t.Errorf("up: exit code %d after Ctrl-C", code)
	}
	for _, program := range []string{"producer", "consumer", "score-simulator", "scoreboard", "monitor"} {
		up.waitFor(program + strings.Repeat(" ", 16-len(program)) + "| summary: ")
	}
}

// What a laptop with an ARM processor gets: the embedded brokers, and a producer and a consumer on them.
func TestARMUnderQEMU(t *testing.T) {
	_, tool := release(t, "linux", "arm64")
	emulator, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Fatalf("QEMU: %v; on Debian: apt install qemu-user-static", err)
	}
	env := []string{"WORKSHOP_LANG=en"}
	up := start(t, append(env, "BOOTSTRAP_SERVERS="), emulator, tool, "up", "--cluster-only", "--ports", emulatorPorts)
	kafkatest.Eventually(t, "the brokers are there", func() bool { return contains(up.Logs(), "Ctrl-C stops everything") })
	env = append(env, emulatorBrokers)
	producer := start(t, env, emulator, tool, "exec", "producer", "--count", "50", "--pace", "0")
	if code := producer.exit(time.Minute); code != 0 || !contains(producer.Lines(), "50 sent · 50 acknowledged") {
		t.Errorf("producer: exit code %d, want 0 and 50 acknowledged", code)
	}
	consumer := start(t, env, emulator, tool, "exec", "consumer")
	kafkatest.Eventually(t, "the consumer prints 50 transactions", func() bool {
		return strings.Count(strings.Join(consumer.Lines(), "\n"), `{"id_sequencia":`) == 50
	})
	consumer.terminate()
	if !contains(consumer.Lines(), "50 read · 0 skipped") {
		t.Error("the consumer's summary is not «50 read · 0 skipped»")
	}
	up.terminate()
}
