package exchange

import (
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Client asks one broker, in the newest version of each question that both know.
type Client struct {
	conn     net.Conn
	exchange *Exchange
	timeout  time.Duration
	versions []kmsg.ApiVersionsResponseApiKey
}

// Dial connects to the broker at addr as conf says, whose time-outs bound each question too.
func Dial(conf *sarama.Config, addr string) (*Client, error) {
	conn, err := conf.Net.Proxy.Dialer.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &Client{conn: conn, exchange: New(conn, conf.ClientID), timeout: conf.Net.ReadTimeout}
	versions := kmsg.NewPtrApiVersionsResponse()
	if err := c.ask(kmsg.NewPtrApiVersionsRequest(), versions); err != nil {
		conn.Close()
		return nil, err
	}
	c.versions = versions.ApiKeys
	return c, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Ask sends req and reads resp. The error is [sarama.ErrUnsupportedVersion] where the broker does not know the question.
func (c *Client) Ask(req kmsg.Request, resp kmsg.Response) error {
	i := slices.IndexFunc(c.versions, func(k kmsg.ApiVersionsResponseApiKey) bool { return k.ApiKey == req.Key() })
	if i < 0 || req.MaxVersion() < c.versions[i].MinVersion {
		return fmt.Errorf("%s: %w", kmsg.NameForKey(req.Key()), sarama.ErrUnsupportedVersion)
	}
	req.SetVersion(min(req.MaxVersion(), c.versions[i].MaxVersion))
	return c.ask(req, resp)
}

func (c *Client) ask(req kmsg.Request, resp kmsg.Response) error {
	if err := c.conn.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return err
	}
	return c.exchange.Ask(req, resp)
}
