package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Request is one request of a client. Its Frame is what travels: hooks may keep it, and must not
// change it.
type Request struct {
	Conn        int64  // number of the connection, from 1 in the order they were made
	Broker      string // host:port as the client asked for it: a bootstrap or an advertised address
	Client      string // client id
	Key         kmsg.Key
	Version     int16
	Correlation int32
	Frame       []byte // the whole request without the size before it
}

// Decode reads the whole request, whose parts may share memory with Frame: a *kmsg.ProduceRequest
// where Key is kmsg.Produce. It fails for a version that kmsg does not know.
func (r Request) Decode() (kmsg.Request, error) {
	req := r.Key.Request()
	if req == nil || r.Version > req.MaxVersion() {
		return nil, fmt.Errorf("%w: unknown version %d of request %d %s", errProtocol, r.Version, r.Key, r.Key.Name())
	}
	req.SetVersion(r.Version)
	rest := kbin.Reader{Src: r.Frame[8:]}
	rest.UnsafeNullableString() // client id
	if req.IsFlexible() {
		kmsg.SkipTags(&rest)
	}
	if err := errors.Join(rest.Complete(), req.ReadFrom(rest.Src)); err != nil {
		return nil, fmt.Errorf("%w: %s request, version %d: %w", errProtocol, r.Key.Name(), r.Version, err)
	}
	return req, nil
}

// Answer is what a broker answered.
type Answer struct {
	Request Request
	Frame   []byte // the whole answer without the size before it; not to be changed
}

// Decode is Request.Decode for the answer: a *kmsg.ProduceResponse where the request's Key is
// kmsg.Produce.
func (a Answer) Decode() (kmsg.Response, error) {
	resp := a.Request.Key.Response()
	if resp == nil || a.Request.Version > resp.MaxVersion() {
		return nil, fmt.Errorf("%w: unknown version %d of answer %d %s", errProtocol, a.Request.Version, a.Request.Key, a.Request.Key.Name())
	}
	resp.SetVersion(a.Request.Version)
	rest := kbin.Reader{Src: a.Frame[4:]}
	if a.Request.Key == kmsg.ApiVersions {
		// The first exchange of a connection, when neither knows what the other speaks: a header without
		// tags in every version, and a refusal of the version as version 0.
		if len(rest.Src) > 1 && int16(binary.BigEndian.Uint16(rest.Src)) == kerr.UnsupportedVersion.Code {
			resp.SetVersion(0)
		}
	} else if resp.IsFlexible() {
		kmsg.SkipTags(&rest)
	}
	if err := errors.Join(rest.Complete(), resp.ReadFrom(rest.Src)); err != nil {
		return nil, fmt.Errorf("%w: %s answer, version %d: %w", errProtocol, a.Request.Key.Name(), a.Request.Version, err)
	}
	return resp, nil
}

var errProtocol = errors.New("not Kafka's protocol")

const (
	prefix     = 4         // bytes of the size before a frame
	frameLimit = 100 << 20 // socket.request.max.bytes of a broker
)

// readPacket reads one frame with its size before it. The error is io.EOF only between frames.
func readPacket(r io.Reader) ([]byte, error) {
	var size [prefix]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > frameLimit {
		return nil, fmt.Errorf("%w: a frame that would have %d bytes; TLS, perhaps", errProtocol, n)
	}
	packet := make([]byte, prefix+n)
	copy(packet, size[:])
	if _, err := io.ReadFull(r, packet[prefix:]); err != nil {
		return nil, fmt.Errorf("frame of %d bytes: %w", n, io.ErrUnexpectedEOF)
	}
	return packet, nil
}

func parseRequest(frame []byte) (Request, error) {
	header := kbin.Reader{Src: frame}
	r := Request{Key: kmsg.Key(header.Int16()), Version: header.Int16(), Correlation: header.Int32(), Frame: frame}
	if id := header.NullableString(); id != nil {
		r.Client = *id
	}
	if err := header.Complete(); err != nil {
		return r, fmt.Errorf("%w: header of a request: %w", errProtocol, err)
	}
	return r, nil
}

// answered reports whether a broker answers r: all requests but a Produce with acks=0.
func (r Request) answered() (bool, error) {
	if r.Key != kmsg.Produce {
		return true, nil
	}
	req, err := r.Decode()
	if err != nil {
		return false, err
	}
	return req.(*kmsg.ProduceRequest).Acks != 0, nil
}
