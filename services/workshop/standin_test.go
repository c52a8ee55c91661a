package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// TestMain makes the test binary serve as all the programs: under a link named for one of the
// services it is a stand-in for that one, under the tool's own name it is the tool, and under
// studentName it is a student's scoreboard.
func TestMain(m *testing.M) {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	switch {
	case name == toolName:
		main()
	case name == studentName:
		os.Exit(studentMain(os.Args[1:]))
	case slices.Contains(ServiceNames(), name):
		os.Exit(standIn(name, os.Getenv("STANDIN_"+name)))
	default:
		os.Exit(m.Run())
	}
}

// standIn behaves as a service does under up: it says that it runs, waits for the end of its
// standard input, and prints a last line. Before that it takes the steps of its script, as STEP=VALUE
// separated by blanks.
func standIn(name, script string) int {
	if os.Args[1] != "--stop-on-eof" {
		return 99
	}
	// The watcher sees the connection's end when this process ends, whatever ends it.
	watcher, err := net.Dial("tcp", os.Getenv("STANDIN_WATCHER"))
	if err != nil {
		return 98
	}
	fmt.Fprintln(watcher, name)
	if _, err := watcher.Read(make([]byte, 1)); err != nil { // until it has counted us
		return 97
	}
	go func() {
		if _, err := watcher.Read(make([]byte, 1)); err == nil {
			os.Exit(4) // the watcher wants a crash
		}
	}()
	for step := range strings.FieldsSeq(script) {
		if code := takeStep(step); code >= 0 {
			return code
		}
	}
	io.Copy(io.Discard, os.Stdin)
	broker, _, _ := strings.Cut(os.Getenv("BOOTSTRAP_SERVERS"), ",")
	if conn, err := net.Dial("tcp", broker); err == nil {
		conn.Close()
		fmt.Println("brokers are still there")
	}
	fmt.Println("summary")
	return 0
}

// takeStep returns an exit code, or -1 to go on.
func takeStep(step string) int {
	verb, value, _ := strings.Cut(step, "=")
	switch verb {
	case "say":
		fmt.Println(value)
	case "unfinished":
		fmt.Print(value)
	case "log":
		fmt.Fprintln(os.Stderr, value)
	case "env":
		fmt.Printf("%s=%q\n", value, os.Getenv(value))
	case "long":
		n, _ := strconv.Atoi(value)
		fmt.Println(strings.Repeat("x", n))
	case "fail-below": // exit with 3 until the file, which every run makes longer, has this length
		n, _ := strconv.Atoi(value)
		path := os.Getenv("STANDIN_FILE")
		before, _ := os.ReadFile(path)
		os.WriteFile(path, append(before, '.'), 0o600)
		if len(before) < n {
			return 3
		}
	case "exit":
		code, _ := strconv.Atoi(value)
		return code
	case "deaf": // to every wish to stop
		select {}
	case "flood": // lines without end, and deaf
		for {
			fmt.Println("a line like any other")
		}
	case "babble": // lines until the stop
		go func() {
			for {
				fmt.Println("a line like any other")
			}
		}()
	}
	return -1
}

// env is the environment in which stand-ins behave as the scripts say, each NAME: SCRIPT.
func (w *watcher) env(scripts map[string]string) []string {
	env := Without(os.Environ(), append([]string{"MATCHES", "MATCH_PAUSE", "PACE"}, OwnNames...)...)
	// With -race a process waits for a second before it ends, in case of a late report.
	env = append(env, "STANDIN_WATCHER="+w.ln.Addr().String(), "GORACE=atexit_sleep_ms=0")
	for name, script := range scripts {
		env = append(env, "STANDIN_"+name+"="+script)
	}
	return env
}

// binaries returns a folder with the tool and stand-ins for these services.
func binaries(t *testing.T, names ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range append(names, toolName) {
		path := Binary(dir, name)
		if err := link(self, path); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// link gives a program a second path: by a copy where the folders are on two disks.
func link(program, path string) error {
	if os.Link(program, path) == nil {
		return nil
	}
	data, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o755)
}

// given are the ports that freePorts has returned.
var given struct {
	sync.Mutex
	ports []int
}

// freePorts are below the range from which the system takes the ports of connections. No two tests get the same:
// what one has not opened yet looks free to another.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	given.Lock()
	defer given.Unlock()
	ports := make([]int, n)
	for range 100 {
		base := 20000 + rand.IntN(10000)
		for i := range ports {
			ports[i] = base + i
		}
		if !slices.ContainsFunc(ports, func(p int) bool { return slices.Contains(given.ports, p) }) && len(takenPorts(ports)) == 0 {
			given.ports = append(given.ports, ports...)
			return ports
		}
	}
	t.Fatal("no free ports")
	return nil
}

// buffer is what a process printed.
type buffer struct{ kafkatest.Output }

func (b *buffer) contains(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(b.String(), text) {
		t.Errorf("the output lacks %q:\n%s", text, b)
	}
}

// toolProcess is the tool as a process of its own.
type toolProcess struct {
	*exec.Cmd
	stdout, stderr buffer
}

// startTool runs the tool that stands in dir; it is killed when the test ends before it.
func startTool(t *testing.T, dir string, env []string, args ...string) *toolProcess {
	t.Helper()
	p := &toolProcess{}
	p.start(t, &p.stdout, dir, env, args...)
	return p
}

func (p *toolProcess) start(t *testing.T, stdout io.Writer, dir string, env []string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*kafkatest.Deadline)
	t.Cleanup(cancel)
	p.Cmd = exec.CommandContext(ctx, Binary(dir, toolName), args...)
	p.Env = env
	p.Stdout, p.Stderr = stdout, &p.stderr
	p.WaitDelay = time.Second
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// wait returns the exit code.
func (p *toolProcess) wait() int {
	p.Wait()
	return p.ProcessState.ExitCode()
}

func needsSignals(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal on Windows")
	}
}
