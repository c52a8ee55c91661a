package kafka

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// A broker that accepts and never answers is given up long before Net.ReadTimeout; one that has
// answered once is not.
func TestFirstAnswerHasToComeSoon(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, as the system does for a process that is stopped
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	conf := Cluster{}.Config("test")
	conf.Net.ReadTimeout = time.Hour
	conf.Net.Proxy.Dialer = dialer{&net.Dialer{}, 50 * time.Millisecond}
	broker := sarama.NewBroker(silent.Addr().String())
	if err := broker.Open(conf); err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	if ok, err := broker.Connected(); ok || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("connected: %t, %v; want a deadline that was exceeded", ok, err)
	}
}

func TestOnlyTheFirstAnswerIsHurried(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	conn := &untried{Conn: near, wait: time.Millisecond}
	read := func() error {
		_, err := conn.Read(make([]byte, 1))
		return err
	}
	if conn.SetReadDeadline(time.Now().Add(time.Hour)); !errors.Is(read(), os.ErrDeadlineExceeded) {
		t.Error("the first answer may come when it likes")
	}
	near.SetReadDeadline(time.Time{})
	go far.Write([]byte{1})
	if err := read(); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(time.Hour))
	answered := make(chan error, 1)
	go func() { answered <- read() }()
	select {
	case err := <-answered:
		t.Errorf("a later answer is hurried, too: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	far.Write([]byte{1})
	if err := <-answered; err != nil {
		t.Error(err)
	}
}
