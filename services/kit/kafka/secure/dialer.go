package secure

import (
	"context"
	"net"
	"time"

	"golang.org/x/net/proxy"
)

// Dialer connects through Direct, and protects the connection.
type Dialer struct {
	Direct   proxy.Dialer
	Settings *Settings // nil: it does no more than Direct
	ClientID string
	Timeout  time.Duration // of everything that follows the connection
}

// Dial returns a connection that is ready for requests. Errors are of type *Error where the reason is known. A broker that has
// refused is asked again after a second; until then the answer is the same.
func (d Dialer) Dial(network, addr string) (net.Conn, error) {
	if d.Settings == nil {
		return d.Direct.Dial(network, addr)
	}
	if err := d.Settings.recent(addr); err != nil {
		return nil, err
	}
	conn, err := d.Direct.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	ready, err := d.protect(conn, addr)
	if err != nil {
		conn.Close()
		d.Settings.note(addr, err)
		return nil, err
	}
	return ready, nil
}

func (d Dialer) protect(conn net.Conn, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d.Timeout)
	defer cancel()
	end, _ := ctx.Deadline()
	if err := conn.SetDeadline(end); err != nil {
		return nil, err
	}
	if t := d.Settings.TLS; t != nil {
		over, err := t.secured(conn, addr)
		if err != nil {
			return nil, err
		}
		conn = &answering{Conn: over, settings: t, addr: addr}
	}
	if s := d.Settings.SASL; s != nil {
		if err := s.login(ctx, conn, addr, d.ClientID); err != nil {
			return nil, err
		}
	}
	return conn, conn.SetDeadline(time.Time{})
}

// answering is a connection with TLS whose first answer may be an alert.
type answering struct {
	net.Conn
	settings *TLS
	addr     string
}

func (c *answering) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil && isAlert(err) {
		err = c.settings.alertError(c.addr, err)
	}
	return n, err
}
