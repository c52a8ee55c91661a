package kafkatest

import (
	"net"
	"testing"
)

// Listen is a port of 127.0.0.1 that is no broker: whatever connects is handed to serve, one connection
// beside the other, until the test ends.
func Listen(t testing.TB, serve func(net.Conn)) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go serve(conn)
		}
	}()
	return ln.Addr().String()
}

// Silent is such a port where nothing is ever said, as of a broker that is paused.
func Silent(t testing.TB) (addr string) {
	t.Helper()
	return Listen(t, func(net.Conn) {})
}
