package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// The codes of RFC 1928 that clients are told. Own code, as CONNECT without a password is all that a
// Kafka client asks for, and a server library would keep the connections that Close has to close.
const (
	succeeded          = 0
	generalFailure     = 1
	networkUnreachable = 3
	hostUnreachable    = 4
	connectionRefused  = 5
	commandUnknown     = 7
	addressUnknown     = 8
)

// A client behind a proxy has no time-out for the dial of its own: sarama leaves it to the proxy.
const dialTimeout = 5 * time.Second

// connect does the handshake with a client and connects to the broker that it wants. After an error
// the client knows why it goes no further.
func (p *Proxy) connect(client net.Conn) (broker net.Conn, addr string, err error) {
	if err := greet(client); err != nil {
		return nil, "", err
	}
	addr, code, err := target(client)
	if err == nil {
		dialer := net.Dialer{Timeout: dialTimeout}
		broker, err = dialer.DialContext(p.ctx, "tcp", addr)
		code = dialCode(err)
	}
	if err != nil && code == succeeded {
		return nil, "", err // the client is gone
	}
	// Behind the code the address that the broker sees, which nobody asks for: 0.0.0.0:0.
	if _, writeErr := client.Write([]byte{5, code, 0, 1, 0, 0, 0, 0, 0, 0}); err == nil && writeErr != nil {
		broker.Close()
		return nil, "", writeErr
	}
	return broker, addr, err
}

// greet agrees on a connection without a password.
func greet(client io.ReadWriter) error {
	var head [2]byte // version, number of methods that the client offers
	if _, err := io.ReadFull(client, head[:]); err != nil {
		return err
	}
	if head[0] != 5 {
		return fmt.Errorf("SOCKS version %d", head[0])
	}
	methods := make([]byte, head[1])
	if _, err := io.ReadFull(client, methods); err != nil {
		return err
	}
	for _, method := range methods {
		if method == 0 {
			_, err := client.Write([]byte{5, 0})
			return err
		}
	}
	client.Write([]byte{5, 0xff})
	return errors.New("the client wants a password")
}

// target reads whom the client wants to be connected to. Code is what to tell it about the error, and
// succeeded where it cannot be told any more.
func target(client io.Reader) (addr string, code byte, err error) {
	var head [4]byte // version, command, reserved, type of address
	if _, err := io.ReadFull(client, head[:]); err != nil {
		return "", succeeded, err
	}
	size := byte(0)
	switch head[3] {
	case 1:
		size = net.IPv4len
	case 3: // a name, after its length
		var length [1]byte
		if _, err := io.ReadFull(client, length[:]); err != nil {
			return "", succeeded, err
		}
		size = length[0]
	case 4:
		size = net.IPv6len
	default:
		return "", addressUnknown, fmt.Errorf("SOCKS address type %d", head[3])
	}
	rest := make([]byte, int(size)+2)
	if _, err := io.ReadFull(client, rest); err != nil {
		return "", succeeded, err
	}
	if head[1] != 1 {
		return "", commandUnknown, fmt.Errorf("SOCKS command %d", head[1])
	}
	host, port := string(rest[:size]), binary.BigEndian.Uint16(rest[size:])
	if head[3] != 3 {
		host = net.IP(rest[:size]).String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port))), succeeded, nil
}

// dialCode says in RFC 1928's terms how a dial ended.
func dialCode(err error) byte {
	const windowsRefused = syscall.Errno(10061) // WSAECONNREFUSED, which syscall.ECONNREFUSED is not
	errno, _ := errors.AsType[syscall.Errno](err)
	_, noName := errors.AsType[*net.DNSError](err)
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case err == nil:
		return succeeded
	case errno == syscall.ECONNREFUSED || runtime.GOOS == "windows" && errno == windowsRefused:
		return connectionRefused
	case errno == syscall.ENETUNREACH:
		return networkUnreachable
	case noName || errno == syscall.EHOSTUNREACH || ok && timeout.Timeout():
		return hostUnreachable
	default:
		return generalFailure
	}
}
