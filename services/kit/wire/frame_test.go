package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/net/proxy"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/wire"
)

// request is a whole request with its size before it, by a client without a name.
func request(key kmsg.Key, version int16, correlation int32, body ...byte) []byte {
	frame := binary.BigEndian.AppendUint16(nil, uint16(key))
	frame = binary.BigEndian.AppendUint16(frame, uint16(version))
	frame = binary.BigEndian.AppendUint32(frame, uint32(correlation))
	return sized(append(append(frame, 0xff, 0xff), body...))
}

func answer(correlation int32, body ...byte) []byte {
	return sized(append(binary.BigEndian.AppendUint32(nil, uint32(correlation)), body...))
}

func sized(frame []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)
}

// broker is a listener whose one connection does what serve says.
func broker(t *testing.T, serve func(net.Conn)) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		if conn, err := ln.Accept(); err == nil {
			defer conn.Close()
			serve(conn)
		}
	}()
	return ln.Addr().String()
}

func dial(t *testing.T, p *wire.Proxy, addr string) net.Conn {
	t.Helper()
	u, err := url.Parse(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	dialer, err := proxy.FromURL(u, proxy.Direct)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := dialer.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// What is not Kafka's protocol ends the connection, and Close says so: a test whose hooks saw nothing
// must not pass.
func TestNotKafka(t *testing.T) {
	for _, tt := range []struct {
		name         string
		sent, answer []byte
		want         string
	}{
		{"TLS", []byte{0x16, 3, 1, 2, 0, 1}, nil, "TLS, perhaps"},
		{"short header", sized([]byte{0, 3}), nil, "header of a request"},
		{"unknown version of Produce", request(kmsg.Produce, 99, 1), nil, "version 99 of request 0 Produce"},
		{"broken Produce", request(kmsg.Produce, 3, 1), nil, "Produce request"},
		{"nothing asked", nil, answer(1), "nobody waits for"},
		{"another correlation", request(kmsg.Metadata, 1, 7), answer(8), "answer to Metadata has another correlation"},
		{"short answer", request(kmsg.Metadata, 1, 7), sized([]byte{0, 0}), "answer to Metadata has another correlation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := wire.Listen()
			if err != nil {
				t.Fatal(err)
			}
			conn := dial(t, p, broker(t, func(conn net.Conn) {
				io.ReadFull(conn, make([]byte, len(tt.sent)))
				conn.Write(tt.answer)
				io.Copy(io.Discard, conn)
			}))
			conn.Write(tt.sent)
			if got, _ := io.ReadAll(conn); len(got) > 0 {
				t.Errorf("% x passed", got)
			}
			// The connection ends before the reason is noted.
			kafkatest.Eventually(t, "Close returns "+tt.want, func() bool {
				err := p.Close()
				return err != nil && strings.Contains(err.Error(), tt.want)
			})
		})
	}
}

// Requests that a client sends without waiting are told apart, and large frames pass whole.
func TestPipelined(t *testing.T) {
	p, err := wire.Listen()
	if err != nil {
		t.Fatal(err)
	}
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB
	requests := slices.Concat(request(kmsg.Metadata, 1, 1, large...), request(kmsg.Fetch, 4, 2), request(kmsg.Metadata, 1, 3))
	answers := slices.Concat(answer(1), answer(2, large...), answer(3))
	keys := make(chan kmsg.Key, 3)
	p.OnAnswer(func(a wire.Answer) wire.Fate {
		keys <- a.Request.Key
		return wire.Pass
	})
	arrived := make(chan []byte, 1)
	conn := dial(t, p, broker(t, func(conn net.Conn) {
		got := make([]byte, len(requests))
		io.ReadFull(conn, got)
		arrived <- got
		conn.Write(answers)
	}))
	if _, err := conn.Write(requests); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil || !bytes.Equal(<-arrived, requests) || !bytes.Equal(got, answers) {
		t.Errorf("something was changed on its way: %v", err)
	}
	for _, want := range []kmsg.Key{kmsg.Metadata, kmsg.Fetch, kmsg.Metadata} {
		if got := <-keys; got != want {
			t.Errorf("an answer to %s, want %s", got.Name(), want.Name())
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// A client that sends and leaves: the broker gets all of it, and then the end.
func TestClientLeaves(t *testing.T) {
	p, err := wire.Listen()
	if err != nil {
		t.Fatal(err)
	}
	left, arrived := make(chan struct{}), make(chan []byte, 1)
	conn := dial(t, p, broker(t, func(conn net.Conn) {
		<-left
		got, _ := io.ReadAll(conn)
		arrived <- got
	}))
	sent := request(kmsg.Metadata, 1, 1, make([]byte, 1<<20)...)
	if _, err := conn.Write(sent); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	close(left)
	select {
	case got := <-arrived:
		if !bytes.Equal(got, sent) {
			t.Errorf("%d bytes arrived of %d", len(got), len(sent))
		}
	case <-time.After(kafkatest.Deadline):
		t.Error("the broker waits for a client that is gone")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestDecode(t *testing.T) {
	refusal := kmsg.NewApiVersionsResponse() // of a version that the broker does not speak
	refusal.ErrorCode = 35
	a := wire.Answer{
		Request: wire.Request{Key: kmsg.ApiVersions, Version: 4},
		Frame:   answer(1, refusal.AppendTo(nil)...)[4:],
	}
	if resp, err := a.Decode(); err != nil || resp.GetVersion() != 0 || resp.(*kmsg.ApiVersionsResponse).ErrorCode != 35 {
		t.Errorf("got %+v, %v, want the refusal in version 0", resp, err)
	}
	for _, r := range []wire.Request{
		{Key: kmsg.Metadata, Version: 999, Frame: request(kmsg.Metadata, 999, 1)[4:]},
		{Key: 9999, Frame: request(9999, 0, 1)[4:]},
		{Key: kmsg.EndTxn, Frame: request(kmsg.EndTxn, 0, 1)[4:]},
	} {
		if req, err := r.Decode(); err == nil {
			t.Errorf("version %d of key %d: got %+v, want an error", r.Version, r.Key, req)
		}
		if resp, err := (wire.Answer{Request: r, Frame: answer(1)[4:]}).Decode(); err == nil {
			t.Errorf("answer to version %d of key %d: got %+v, want an error", r.Version, r.Key, resp)
		}
	}
}

// Close ends every connection, the half-made too, and every goroutine but those that hooks hold.
func TestClose(t *testing.T) {
	c := kafkatest.Start(t, "out:3")
	before := runtime.NumGoroutine()
	p, cluster := between(t, c)
	client, err := sarama.NewClient(cluster.Brokers, config(cluster, "test"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := sarama.NewSyncProducerFromClient(client)
	if err != nil {
		t.Fatal(err)
	}
	for range 30 { // to all three brokers
		if _, _, err := out.SendMessage(message("out", "")); err != nil {
			t.Fatal(err)
		}
	}
	silent, err := net.Dial("tcp", strings.TrimPrefix(p.URL(), "socks5://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()

	held, release := make(chan struct{}), make(chan struct{})
	var open atomic.Bool
	p.OnRequest(func(wire.Request) wire.Fate {
		if open.CompareAndSwap(false, true) {
			close(held)
			<-release
		}
		return wire.Pass
	})
	unblock := sync.OnceFunc(func() { close(release) })
	defer unblock()
	conn := dial(t, p, c.ListenAddrs()[0])
	conn.Write(request(kmsg.Metadata, 1, 1))
	<-held
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	for _, conn := range []net.Conn{silent, conn} {
		conn.SetReadDeadline(time.Now().Add(kafkatest.Deadline))
		if got, err := io.ReadAll(conn); len(got) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read % x and %v after Close, want the end", got, err)
		}
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL(), "socks5://")); err == nil {
		conn.Close()
		t.Error("the proxy still listens")
	}
	unblock()
	out.Close()
	client.Close()
	kafkatest.Eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}
