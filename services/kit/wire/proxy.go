// Package wire is a SOCKS5 proxy that understands Kafka's frames. It stands between a client and the
// brokers, embedded or real, at the addresses that they advertise, and lets a test or a lab hold a
// request, lose an answer or strike a process at a chosen moment of the protocol. A service goes
// through it with KAFKA_PROXY. It takes listeners without TLS.
package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// Fate is what becomes of a request or an answer.
type Fate int

const (
	Pass Fate = iota // it goes on to its receiver
	Cut              // it does not, and both sides find the connection closed, as by a broken network
)

// Proxy carries connections from clients to brokers. Its methods may be called at any time, from
// hooks too.
type Proxy struct {
	ln      net.Listener
	ctx     context.Context // ends with Close, and dials with it
	end     context.CancelFunc
	request atomic.Pointer[func(Request) Fate]
	answer  atomic.Pointer[func(Answer) Fate]
	made    atomic.Int64
	mu      sync.Mutex
	open    map[net.Conn]struct{} // nil: closed
	problem error                 // the first
}

// Listen starts a proxy on a free port of 127.0.0.1.
func Listen() (*Proxy, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen as a proxy: %w", err)
	}
	p := &Proxy{ln: ln, open: map[net.Conn]struct{}{}}
	p.ctx, p.end = context.WithCancel(context.Background())
	go p.accept()
	return p, nil
}

// URL is the proxy as KAFKA_PROXY wants it: socks5://127.0.0.1:port.
func (p *Proxy) URL() string { return "socks5://" + p.ln.Addr().String() }

// OnRequest sets what decides over each request from now on; nil lets all pass. f is called for
// several connections at once, and for one connection in the order of its requests. While f blocks,
// that connection's requests wait and no other's. A request that f lets pass late still reaches the
// broker, as from a slow network, though its client may have given up.
func (p *Proxy) OnRequest(f func(Request) Fate) { p.request.Store(&f) }

// OnAnswer is OnRequest for the answers. What an answer says has already happened on the broker.
func (p *Proxy) OnAnswer(f func(Answer) Fate) { p.answer.Store(&f) }

// Connections is how many connections to brokers were made so far.
func (p *Proxy) Connections() int { return int(p.made.Load()) }

// Sever closes every connection at once and returns without waiting, as when a cable is pulled: what a
// broker has read of a request it still does, and its answer is lost. New connections are served.
func (p *Proxy) Sever() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		conn.Close()
	}
}

// Close closes every connection. It does not wait for a hook that blocks: such a hook runs until it
// returns by itself. The error is the first thing that made the proxy itself close a connection, as it
// was not Kafka's protocol, or that kept it from taking any: a run with one proves nothing.
func (p *Proxy) Close() error {
	p.end()
	p.ln.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		conn.Close()
	}
	p.open = nil
	return p.problem
}

func (p *Proxy) accept() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			if p.ctx.Err() == nil { // not Close: no file descriptor left, say
				p.note(fmt.Errorf("accept a client: %w", err))
			}
			return
		}
		go p.serve(client)
	}
}

// keep notes that conn is open, or closes it when the proxy is closed.
func (p *Proxy) keep(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		conn.Close()
		return
	}
	p.open[conn] = struct{}{}
}

func (p *Proxy) drop(conn net.Conn) {
	conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
}

func (p *Proxy) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.problem == nil {
		p.problem = err
	}
}

func (p *Proxy) serve(client net.Conn) {
	p.keep(client)
	defer p.drop(client)
	broker, addr, err := p.connect(client)
	if err != nil {
		return // the client was told
	}
	p.keep(broker)
	defer p.drop(broker)
	l := &link{proxy: p, id: p.made.Add(1), addr: addr, client: client, broker: broker}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.end(l.answers())
	}()
	if err := l.requests(); errors.Is(err, io.EOF) {
		// The client is done. The broker learns it behind all that was passed on; closing outright could
		// take back what it has not read yet.
		if half, ok := broker.(*net.TCPConn); ok {
			half.CloseWrite()
		}
	} else {
		l.end(err)
	}
	<-ended
}

// link is one client's connection to one broker.
type link struct {
	proxy          *Proxy
	id             int64
	addr           string
	client, broker net.Conn
	mu             sync.Mutex
	pending        []Request // sent and not answered: a broker answers in order
}

// end closes both sides. Of the reasons only one that would make a test or a lab mean something else
// is worth a note.
func (l *link) end(err error) {
	l.client.Close()
	l.broker.Close()
	if errors.Is(err, errProtocol) {
		l.proxy.note(fmt.Errorf("connection %d to %s: %w", l.id, l.addr, err))
	}
}

var errCut = errors.New("cut")

// requests carries requests until one side ends or one is cut: io.EOF is the client's regular end.
func (l *link) requests() error {
	in := bufio.NewReaderSize(l.client, 64<<10)
	for {
		packet, err := readPacket(in)
		if err != nil {
			return err
		}
		req, err := parseRequest(packet[prefix:])
		if err != nil {
			return err
		}
		req.Conn, req.Broker = l.id, l.addr
		answered, err := req.answered()
		if err != nil {
			return err
		}
		if f := l.proxy.request.Load(); f != nil && *f != nil && (*f)(req) != Pass {
			return errCut
		}
		if answered { // noted before the broker can answer
			l.mu.Lock()
			l.pending = append(l.pending, req)
			l.mu.Unlock()
		}
		if _, err := l.broker.Write(packet); err != nil {
			return err
		}
	}
}

// answers carries answers until one side ends or one is cut.
func (l *link) answers() error {
	in := bufio.NewReaderSize(l.broker, 64<<10)
	for {
		packet, err := readPacket(in)
		if err != nil {
			return err
		}
		answer := Answer{Frame: packet[prefix:]}
		if answer.Request, err = l.asked(answer.Frame); err != nil {
			return err
		}
		if f := l.proxy.answer.Load(); f != nil && *f != nil && (*f)(answer) != Pass {
			return errCut
		}
		if _, err := l.client.Write(packet); err != nil {
			return err
		}
	}
}

// asked takes the request that an answer belongs to from those that wait.
func (l *link) asked(answer []byte) (Request, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) == 0 {
		return Request{}, fmt.Errorf("%w: an answer of %d bytes that nobody waits for", errProtocol, len(answer))
	}
	req := l.pending[0]
	if len(answer) < 4 || !bytes.Equal(answer[:4], req.Frame[4:8]) {
		return req, fmt.Errorf("%w: the answer to %s has another correlation id", errProtocol, req.Key.Name())
	}
	l.pending[0] = Request{} // lets go of the frame
	l.pending = l.pending[1:]
	return req, nil
}
