package kafka

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/net/proxy"

	"workshop.example/kit/kafka/secure"
)

// firstAnswer is how long a broker has for its first answer on a new connection.
const firstAnswer = 5 * time.Second

// dialer is for brokers that may be paused. The system goes on to accept connections for a process that
// is stopped, and sarama, whose first question is ApiVersions, takes a time-out for the silence of an old
// broker, asks once more and carries on: three times Net.ReadTimeout until it turns to another, while a
// partition stands still whose new leader it was to ask for. Here the first answer has to come soon, and
// its absence ends the connection.
type dialer struct {
	proxy.Dialer
	wait time.Duration
}

func (d dialer) Dial(network, addr string) (net.Conn, error) {
	conn, err := d.Dialer.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	return &untried{Conn: conn, wait: d.wait}, nil
}

// untried is a connection on which nothing has come yet, perhaps.
type untried struct {
	net.Conn
	wait  time.Duration
	tried bool
}

// SetReadDeadline is called by sarama before each read. No two reads are under way at a time.
func (c *untried) SetReadDeadline(at time.Time) error {
	if soon := time.Now().Add(c.wait); !c.tried && soon.Before(at) {
		at = soon
	}
	return c.Conn.SetReadDeadline(at)
}

func (c *untried) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.tried && isAlert(b[:n]) {
		return 0, &secure.Error{Problem: secure.NeedsTLS, Addr: c.RemoteAddr().String()}
	}
	c.tried = c.tried || n > 0
	if !c.tried && errors.Is(err, os.ErrDeadlineExceeded) {
		err = &noAnswerError{err}
	}
	return n, err
}

// isAlert reports whether an answer begins as an alert of TLS does (RFC 8446, section 5.1). As the length of an answer of Kafka's
// that is 350 MB.
func isAlert(b []byte) bool { return len(b) >= 2 && b[0] == 21 && b[1] == 3 }

// noAnswerError is a time-out that sarama takes for the end of the connection.
type noAnswerError struct{ error }

func (e *noAnswerError) Unwrap() error { return e.error }

func (e *noAnswerError) Is(target error) bool { return target == io.ErrUnexpectedEOF }
