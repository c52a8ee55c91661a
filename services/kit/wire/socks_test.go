package wire

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
)

func TestTarget(t *testing.T) {
	for _, tt := range []struct {
		name    string
		request string
		addr    string
		code    byte
		wantErr bool
	}{
		{"IPv4", "\x05\x01\x00\x01\x7f\x00\x00\x01\x23\x84", "127.0.0.1:9092", succeeded, false},
		{"IPv6", "\x05\x01\x00\x04" + strings.Repeat("\x00", 15) + "\x01\x23\x84", "[::1]:9092", succeeded, false},
		{"name", "\x05\x01\x00\x03\x08broker-1\x71\xa1", "broker-1:29089", succeeded, false},
		{"longest name", "\x05\x01\x00\x03\xff" + strings.Repeat("a", 255) + "\x00\x01", strings.Repeat("a", 255) + ":1", succeeded, false},
		{"BIND", "\x05\x02\x00\x01\x7f\x00\x00\x01\x23\x84", "", commandUnknown, true},
		{"unknown type of address", "\x05\x01\x00\x09\x7f\x00\x00\x01\x23\x84", "", addressUnknown, true},
		{"broken off", "\x05\x01\x00\x01\x7f", "", succeeded, true},
		{"broken off before the name's length", "\x05\x01\x00\x03", "", succeeded, true},
		{"nothing", "", "", succeeded, true},
	} {
		addr, code, err := target(strings.NewReader(tt.request))
		if addr != tt.addr || code != tt.code || (err != nil) != tt.wantErr {
			t.Errorf("%s: got %q, %d, %v, want %q, %d", tt.name, addr, code, err, tt.addr, tt.code)
		}
	}
}

// What clients are told, over a real connection.
func TestHandshake(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused.Close()
	connect := func(host string, ln net.Listener) string {
		port := ln.Addr().(*net.TCPAddr).Port
		return "\x05\x01\x00" + host + string([]byte{byte(port >> 8), byte(port)})
	}
	const name, ip = "\x03\x09localhost", "\x01\x7f\x00\x00\x01"
	const hello = "\x05\x02\x02\x00" // with a password, or without
	for _, tt := range []struct {
		name string
		sent string
		want []byte
	}{
		{"connects", hello + connect(name, ln), []byte{5, 0, 5, succeeded}},
		{"refused", hello + connect(ip, refused), []byte{5, 0, 5, connectionRefused}},
		{"BIND", hello + "\x05\x02\x00\x01\x7f\x00\x00\x01\x23\x84", []byte{5, 0, 5, commandUnknown}},
		{"wants a password", "\x05\x01\x02", []byte{5, 0xff}},
		{"SOCKS4", "\x04\x01", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Listen()
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			conn, err := net.Dial("tcp", p.ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.Write([]byte(tt.sent))
			conn.(*net.TCPConn).CloseWrite() // so that the proxy's side ends too
			got, _ := io.ReadAll(io.LimitReader(conn, int64(len(tt.want)+1)))
			if got = got[:min(len(got), len(tt.want))]; !bytes.Equal(got, tt.want) {
				t.Errorf("told % x, want % x", got, tt.want)
			}
		})
	}
}
