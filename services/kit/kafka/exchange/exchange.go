// Package exchange asks a broker what sarama has no request for, or asks too late: over a connection of its own, one question after
// the other.
package exchange

import (
	"encoding/binary"
	"errors"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Exchange is requests and answers over a connection, which stays its owner's, with the deadline that it has.
type Exchange struct {
	conn      net.Conn
	formatter *kmsg.RequestFormatter
	number    int32
}

// New returns the exchange of a client.
func New(conn net.Conn, clientID string) *Exchange {
	return &Exchange{conn: conn, formatter: kmsg.NewRequestFormatter(kmsg.FormatterClientID(clientID))}
}

// largestAnswer is far more than such a question needs, and far less than memory.
const largestAnswer = 1 << 20

// Ask sends req and reads resp, both in the version of req. After an error the connection is of no use any more.
func (e *Exchange) Ask(req kmsg.Request, resp kmsg.Response) error {
	e.number++
	if _, err := e.conn.Write(e.formatter.AppendRequest(nil, req, e.number)); err != nil {
		return err
	}
	var head [8]byte // length, and the number of the request
	if _, err := io.ReadFull(e.conn, head[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head[:4])
	if size < 4 || size > largestAnswer || int32(binary.BigEndian.Uint32(head[4:])) != e.number {
		return errors.New("this is not an answer of Kafka's")
	}
	body := make([]byte, size-4)
	if _, err := io.ReadFull(e.conn, body); err != nil {
		return err
	}
	resp.SetVersion(req.GetVersion())
	rest := kbin.Reader{Src: body}
	// The first answer of a connection has a header without tags in every version, as neither knows yet what the other speaks.
	if resp.IsFlexible() && kmsg.Key(resp.Key()) != kmsg.ApiVersions {
		kmsg.SkipTags(&rest)
	}
	return errors.Join(rest.Complete(), resp.ReadFrom(rest.Src))
}
