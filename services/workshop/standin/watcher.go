package standin

import (
	"bufio"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/local"
)

// Watcher counts the stand-ins that run.
type Watcher struct {
	ln      net.Listener
	mu      sync.Mutex
	alive   map[string]int
	started map[string]int
	conns   map[string]net.Conn // of the last one of each name
}

// Watch returns a watcher that ends with the test, and then fails it if a stand-in is left.
func Watch(t *testing.T) *Watcher {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Watcher{ln: ln, alive: map[string]int{}, started: map[string]int{}, conns: map[string]net.Conn{}}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go w.follow(conn)
		}
	}()
	t.Cleanup(func() {
		// Every test ends with this check, because no test may leave a process behind.
		kafkatest.Eventually(t, "no stand-in is left", func() bool { return w.Alive() == 0 })
		ln.Close()
	})
	return w
}

func (w *Watcher) follow(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	name, err := r.ReadString('\n')
	if err != nil {
		return
	}
	name = strings.TrimSpace(name)
	w.mu.Lock()
	w.conns[name] = conn
	w.mu.Unlock()
	w.add(name, 1)
	conn.Write([]byte{'.'})
	r.ReadByte() // returns when the process has ended
	w.add(name, -1)
}

func (w *Watcher) add(name string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alive[name] += n
	w.started[name] += max(0, n)
}

// Crash makes the stand-in exit with 4.
func (w *Watcher) Crash(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[name].Write([]byte{'!'})
}

// Alive returns how many stand-ins run.
func (w *Watcher) Alive() int { return w.count(w.alive) }

// Started returns how many have been started.
func (w *Watcher) Started() int { return w.count(w.started) }

func (w *Watcher) count(of map[string]int) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range of {
		n += v
	}
	return n
}

// Env is the environment in which stand-ins behave as the scripts say, each NAME: SCRIPT.
func (w *Watcher) Env(scripts map[string]string) []string {
	env := local.Without(os.Environ(), append([]string{"MATCHES", "MATCH_PAUSE", "PACE"}, local.OwnNames...)...)
	// With -race a process waits for a second before it ends, in case of a late report.
	env = append(env, "STANDIN_WATCHER="+w.ln.Addr().String(), "GORACE=atexit_sleep_ms=0")
	for name, script := range scripts {
		env = append(env, "STANDIN_"+name+"="+script)
	}
	return env
}
