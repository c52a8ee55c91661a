package kafka_test

import (
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"testing"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// socks5 is a proxy as RFC 1928 describes it, without authentication; it counts its connections.
func socks5(t testing.TB) (addr string, connections *atomic.Int32) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	connections = new(atomic.Int32)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if target := handshake(conn); target != nil {
					defer target.Close()
					connections.Add(1)
					go io.Copy(target, conn)
					io.Copy(conn, target)
				}
			}()
		}
	}()
	return ln.Addr().String(), connections
}

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

// Every connection goes through the proxy: to the bootstrap address and to the advertised ones.
func TestProxy(t *testing.T) {
	c := kafkatest.Start(t, "t:3")
	addr, connections := socks5(t)
	env := service.EnvOf(map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap(), "KAFKA_PROXY": "socks5://" + addr})
	cluster := kafka.ClusterFromEnv(env)
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	client, err := cluster.Dial(t.Context(), cluster.Config("test"), []string{"t"}, func(cause error) { t.Log(cause) })
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if got := connections.Load(); got < 3 {
		t.Errorf("%d connections through the proxy, want one a broker at least", got)
	}
}
