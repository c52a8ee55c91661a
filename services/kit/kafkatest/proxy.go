package kafkatest

import (
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

// Proxy is a SOCKS5 proxy as RFC 1928 describes it, without authentication: the network between a
// program (KAFKA_PROXY) and its brokers, for a test that wants to cut it.
type Proxy struct {
	ln net.Listener

	mu     sync.Mutex
	open   map[net.Conn]bool // the program's side
	opened int
}

// StartProxy starts a proxy that ends with its test.
func StartProxy(t testing.TB) *Proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{ln: ln, open: map[net.Conn]bool{}}
	t.Cleanup(func() { ln.Close(); p.Cut() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

// URL is the proxy as KAFKA_PROXY wants it.
func (p *Proxy) URL() string { return "socks5://" + p.ln.Addr().String() }

// Opened is how many connections went through the proxy so far.
func (p *Proxy) Opened() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opened
}

// Cut ends every connection at once, and returns without waiting. What a broker has read of a request
// it still does; its answer is lost. New connections are served.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		conn.Close()
	}
	clear(p.open)
}

func (p *Proxy) serve(conn net.Conn) {
	defer conn.Close()
	target := handshake(conn)
	if target == nil {
		return
	}
	p.mu.Lock()
	p.open[conn] = true
	p.opened++
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.open, conn)
		p.mu.Unlock()
	}()
	go func() { io.Copy(target, conn); target.Close() }()
	io.Copy(conn, target)
}

// handshake returns a connection to where conn wants to go, nil where there is none.
func handshake(conn net.Conn) net.Conn {
	greeting := make([]byte, 2) // version, number of methods
	if _, err := io.ReadFull(conn, greeting); err != nil {
		return nil
	}
	io.CopyN(io.Discard, conn, int64(greeting[1]))
	conn.Write([]byte{5, 0})
	request := make([]byte, 4) // version, command, reserved, type of address
	if _, err := io.ReadFull(conn, request); err != nil {
		return nil
	}
	size := 4 // IPv4
	if request[3] == 3 {
		length := make([]byte, 1)
		io.ReadFull(conn, length)
		size = int(length[0])
	}
	host, port := make([]byte, size), make([]byte, 2)
	io.ReadFull(conn, host)
	io.ReadFull(conn, port)
	name := string(host)
	if request[3] == 1 {
		name = net.IP(host).String()
	}
	target, err := net.Dial("tcp", net.JoinHostPort(name, strconv.Itoa(int(binary.BigEndian.Uint16(port)))))
	if err != nil {
		return nil
	}
	conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return target
}
