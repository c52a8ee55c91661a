//go:build docker

package acceptance

import (
	"bufio"
	"context"
	"encoding/json"
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

// docker runs a docker command in the repository's root, and wants it to succeed.
func docker(t testing.TB, args ...string) string {
	t.Helper()
	return dockerWith(t, nil, args...)
}

// dockerWith is docker with variables of its own, as NAME=value.
func dockerWith(t testing.TB, vars []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("docker", args...)
	cmd.Dir = filepath.Join("..", "..", "..")
	cmd.Env = append(os.Environ(), vars...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s docker %s: %v\n%s", strings.Join(vars, " "), strings.Join(args, " "), err, out)
	}
	return string(out)
}

func compose(t testing.TB, args ...string) string {
	t.Helper()
	return docker(t, append([]string{"compose"}, args...)...)
}

// stuckNetwork is what the engine says of a network that it will not remove.
var stuckNetwork = regexp.MustCompile(`network (\S+) id \S+ has active endpoints`)

// down is «docker compose ... down». An engine that is busy now and then counts a container that is gone among the endpoints
// of its network until it is started anew (moby/moby#42119). Nothing of the stack's causes or mends that, so a network with
// no container may stay, and down returns its name; a container that is left is an error.
func down(t testing.TB, args ...string) (stuck string) {
	t.Helper()
	cmd := exec.Command("docker", append([]string{"compose"}, args...)...)
	cmd.Dir = filepath.Join("..", "..", "..")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return ""
	}
	name := stuckNetwork.FindSubmatch(out)
	if name == nil {
		t.Fatalf("docker compose %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	stuck = string(name[1])
	if left := docker(t, "ps", "-a", "--filter", "network="+stuck, "--format", "{{.Names}} {{.Status}}"); left != "" {
		t.Fatalf("docker compose %s left containers in the network %s:\n%s", strings.Join(args, " "), stuck, left)
	}
	t.Logf("the engine will not remove the network %s, which has no container (moby/moby#42119):\n%s", stuck,
		docker(t, "network", "inspect", stuck))
	return stuck
}

// asTool runs the workshop on this machine, and returns its output however it ends.
func asTool(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out)
}

// eventually is kafkatest.Eventually for what takes a program to see: asked all the time, that would keep
// a core busy.
func eventually(t testing.TB, what string, state func() bool) {
	t.Helper()
	kafkatest.Eventually(t, what, func() bool {
		if state() {
			return true
		}
		time.Sleep(250 * time.Millisecond)
		return false
	})
}

// awaitHealth waits until containers are healthy, or unhealthy, all at the same time.
func awaitHealth(t testing.TB, want string, containers ...string) {
	t.Helper()
	began := time.Now()
	inspect := slices.Concat([]string{"inspect", "-f", "{{.State.Health.Status}}"}, containers)
	eventually(t, strings.Join(containers, ", ")+": "+want, func() bool {
		states := strings.Fields(docker(t, inspect...))
		return !slices.ContainsFunc(states, func(state string) bool { return state != want })
	})
	if took := time.Since(began); took > time.Second {
		t.Logf("%s: %s after %s", strings.Join(containers, ", "), want, took.Round(100*time.Millisecond))
	}
}

// awaitLog waits until a container's log has a text.
func awaitLog(t testing.TB, container, text string) {
	t.Helper()
	awaitLines(t, container, text, 1)
}

// awaitLines follows a container's log until so many of its lines have a text. With options it is that part
// of the log: "--tail 0" is what is new.
func awaitLines(t testing.TB, container, text string, want int, options ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), kafkatest.Deadline)
	defer cancel()
	for {
		cmd := exec.CommandContext(ctx, "docker", slices.Concat([]string{"logs", "--follow"}, options, []string{container})...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = cmd.Stdout
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		seen := 0
		for in := bufio.NewReader(out); seen < want; {
			line, err := in.ReadString('\n')
			if strings.Contains(line, text) {
				seen++
			}
			if err != nil { // the container has ended, and may come back; or the time is over
				break
			}
		}
		cmd.Process.Kill()
		cmd.Wait()
		if seen >= want {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("after %s the log of %s has %q %d times, want %d:\n%s", kafkatest.Deadline, container, text, seen, want,
				docker(t, "logs", "--tail", "30", container))
		}
	}
}

// inspection is the part of «docker inspect» that the stack promises something about.
type inspection struct {
	Name       string // with a slash before it
	Config     struct{ User, Image string }
	HostConfig struct {
		ReadonlyRootfs bool
		CapDrop        []string
		SecurityOpt    []string
		Memory         int64
		RestartPolicy  struct{ Name string }
		LogConfig      struct{ Config map[string]string }
		PortBindings   map[string][]struct{ HostIp string }
	}
	State struct {
		Status    string
		Pid       int
		ExitCode  int
		OOMKilled bool
		Health    *struct{ Status string }
	}
	RestartCount int
}

func inspectAll(t testing.TB, containers ...string) []inspection {
	t.Helper()
	var all []inspection
	if err := json.Unmarshal([]byte(docker(t, append([]string{"inspect"}, containers...)...)), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func inspect(t testing.TB, container string) inspection {
	t.Helper()
	return inspectAll(t, container)[0]
}

// container is the id of a service's container.
func container(t testing.TB, service string) string {
	t.Helper()
	return strings.TrimSpace(compose(t, "ps", "-q", service))
}

// published is this machine's port of a container's.
func published(t testing.TB, service, port string, files ...string) string {
	t.Helper()
	at := strings.TrimSpace(compose(t, append(files, "port", service, port)...))
	return at[strings.LastIndex(at, ":")+1:]
}

func projectName(t testing.TB) string {
	t.Helper()
	var config struct{ Name string }
	if err := json.Unmarshal([]byte(compose(t, "config", "--format", "json")), &config); err != nil {
		t.Fatal(err)
	}
	return config.Name
}

// signalMain signals a container's main process from outside. Not by «docker kill»: that counts as a
// wish, and switches the restart policy off, whatever the signal.
func signalMain(t testing.TB, container, signal string) {
	t.Helper()
	pid := 0 // while it is started again; as the argument of kill that would be this test and its children
	eventually(t, container+" runs", func() bool { pid = inspect(t, container).State.Pid; return pid > 0 })
	if out, err := exec.Command("kill", "-s", signal, strconv.Itoa(pid)).CombinedOutput(); err != nil {
		t.Fatalf("kill -s %s %d: %v %s", signal, pid, err, out)
	}
}
