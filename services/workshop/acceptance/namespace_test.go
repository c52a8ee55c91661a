//go:build labs || docker || brokers

package acceptance

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// newNetwork is the command that makes a network in which there is nothing yet. Who is not root becomes
// the root of a user namespace first, where the system allows that.
func newNetwork() []string {
	if os.Geteuid() == 0 {
		return []string{"unshare", "--net"}
	}
	return []string{"unshare", "--user", "--map-root-user", "--net"}
}

// enterNetwork is the command that runs another in the network of a process.
func enterNetwork(pid int) []string {
	enter := []string{"nsenter", "--target", strconv.Itoa(pid), "--net"}
	if os.Geteuid() != 0 {
		enter = append(enter, "--user", "--preserve-credentials")
	}
	return enter
}

// hold starts a process that does nothing but keep its namespaces, and returns its pid.
func hold(t testing.TB, enter []string) int {
	t.Helper()
	args := append(enter, "sh", "-c", "echo $$; exec cat")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("a network of its own: %v: it takes util-linux and iproute2", err)
	}
	t.Cleanup(func() { stdin.Close(); cmd.Wait() })
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("%s: no namespace: run as root, or allow user namespaces", strings.Join(enter, " "))
	}
	return pid
}
