package main

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"

	"workshop.example/kit/kafkatest"
)

// watcher counts the stand-ins that run.
type watcher struct {
	ln      net.Listener
	mu      sync.Mutex
	alive   map[string]int
	started map[string]int
	conns   map[string]net.Conn // of the last one of each name
}

func watch(t *testing.T) *watcher {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{ln: ln, alive: map[string]int{}, started: map[string]int{}, conns: map[string]net.Conn{}}
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
		kafkatest.Eventually(t, "no stand-in is left", func() bool { return w.count(w.alive) == 0 })
		ln.Close()
	})
	return w
}

func (w *watcher) follow(conn net.Conn) {
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

func (w *watcher) add(name string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alive[name] += n
	w.started[name] += max(0, n)
}

// crash makes the stand-in exit with 4.
func (w *watcher) crash(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[name].Write([]byte{'!'})
}

func (w *watcher) count(of map[string]int) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range of {
		n += v
	}
	return n
}
