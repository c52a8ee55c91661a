package publish

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// broker sends to one broker what its partitions have. One goroutine writes, and another reads the answers, which come in the
// order of the requests.
type broker struct {
	publisher *Publisher
	id        int32
	addr      string
	wake      chan struct{} // there may be something to send

	// With the publisher's lock held.
	partitions []*partition // that it leads, by topic
	inFlight   int          // requests without an answer
	last       time.Time    // when the last request was made
	free       []*request   // for reuse

	// For the writing goroutine.
	conn       *connection
	compressor *compressor
	scratch    []byte
}

func (b *broker) wakeUp() { notify(b.wake) }

// run sends until the publisher stops.
func (b *broker) run() {
	defer b.hangUp()
	later := time.NewTimer(0)
	defer later.Stop()
	for {
		select {
		case <-b.wake:
		case <-later.C:
		case <-b.publisher.ctx.Done():
			return
		}
		r, wait := b.collect()
		for ; r != nil; r, wait = b.collect() {
			b.send(r)
		}
		if wait > 0 {
			later.Reset(wait)
		}
	}
}

// pause is how long a broker has no other request than those with full batches, after each request. Where the brokers share
// their processors with the program, as on a laptop, small requests would take from it the time to make larger ones. (For the same
// reason linger.ms is 5 in the Java client since Kafka 4.0, KIP-1030. There the first message has to wait too.)
const pause = 5 * time.Millisecond

// collect makes a request of what is to be sent now, nil for nothing; then wait is when to try again, 0 for the next time that
// somebody wakes the broker. Without a request under way, or just made, that is all there is. Otherwise it is only what cannot
// grow any more: the rest waits, and by the next answer it has become more. So one message is sent at once, and a flood of them in
// large batches.
func (b *broker) collect() (r *request, wait time.Duration) {
	p := b.publisher
	p.mu.Lock()
	defer p.mu.Unlock()
	if b.inFlight == maxInFlight || p.ctx.Err() != nil {
		return nil, 0
	}
	now := time.Now()
	if b.inFlight == 0 {
		wait = max(0, pause-now.Sub(b.last))
	}
	for _, part := range b.partitions {
		next := part.next(b.inFlight > 0 || wait > 0)
		if next == nil {
			continue
		}
		if next.packed == nil && b.compressor.codec != sarama.CompressionNone {
			next.room = len(next.records)
			next.packed = p.memory.must(next.room)
		}
		if r == nil {
			r = b.blankRequest()
		}
		r.batches = append(r.batches, next)
	}
	if r != nil {
		b.inFlight++
		b.last = now
	}
	return r, wait
}

func (b *broker) blankRequest() *request {
	last := len(b.free) - 1
	if last < 0 {
		return new(request)
	}
	r := b.free[last]
	b.free = b.free[:last]
	return r
}

// send writes r. Its batches have their answers, or their absence, afterwards or by and by.
func (b *broker) send(r *request) {
	p := b.publisher
	for _, batch := range r.batches {
		r.wire = append(r.wire, batch.seal(b.compressor))
	}
	if b.conn != nil && b.conn.broken.Load() {
		b.hangUp()
	}
	if b.conn == nil {
		conn, err := kafka.Interruptible(p.ctx, func() (net.Conn, error) { return p.dial(b.addr) })
		if err != nil {
			b.done(r, fmt.Errorf("connect to broker %d: %w", b.id, err), false)
			return
		}
		b.conn = b.connect(conn)
	}
	c := b.conn
	r.sent = time.Now()
	p.meters.asked(r, p.conf)
	acks := p.conf.Producer.RequiredAcks != sarama.NoResponse
	c.writing.Lock()
	if acks {
		c.pending <- r // before it is written: the answer may be fast. There is room for all that may be under way.
	}
	err := c.SetWriteDeadline(r.sent.Add(p.conf.Net.WriteTimeout))
	if err == nil {
		b.scratch, err = r.write(c.out, b.scratch, c.correlation, p.conf)
		c.correlation++
	}
	c.writing.Unlock()
	if err != nil {
		b.hangUp() // whoever reads the answers finds the connection closed
	}
	if !acks {
		b.done(r, err, true)
	}
}

// connection is a connection to a broker, and the requests that wait for their answers.
type connection struct {
	net.Conn
	out         *bufio.Writer // a request is many small pieces and some large ones
	correlation int32         // of the next request
	pending     chan *request
	writing     sync.Mutex // held while a request is written, and read from the memory of its batches
	broken      atomic.Bool
	release     func() bool // the publisher's stop no longer closes it
}

// written returns when no request is being written.
func (c *connection) written() {
	c.writing.Lock()
	defer c.writing.Unlock()
}

// connect begins to read answers from conn.
func (b *broker) connect(conn net.Conn) *connection {
	c := &connection{Conn: conn, out: bufio.NewWriterSize(conn, 32<<10), pending: make(chan *request, maxInFlight)}
	c.release = context.AfterFunc(b.publisher.ctx, func() { conn.Close() })
	b.publisher.running.Go(func() { b.read(c) })
	return c
}

// hangUp closes the connection, where there is one.
func (b *broker) hangUp() {
	if b.conn != nil {
		b.conn.release()
		b.conn.Close()
		close(b.conn.pending)
		b.conn = nil
	}
}

// read reads answers until hangUp. After an error there are no more on this connection, as nobody could say to which
// request the next one belongs.
func (b *broker) read(c *connection) {
	in := bufio.NewReaderSize(c, 4<<10)
	var body []byte
	var err error
	var correlation int32
	for r := range c.pending {
		if err == nil {
			if err = c.SetReadDeadline(r.sent.Add(b.publisher.conf.Net.ReadTimeout)); err == nil {
				body, err = readAnswer(in, body[:0], correlation)
			}
			correlation++
			if err == nil {
				b.publisher.meters.answered(r, headSize+len(body))
				err = b.answer(r, body)
			}
			if err != nil {
				err = fmt.Errorf("broker %d: %w", b.id, err)
				c.broken.Store(true)
				c.Close()
			}
		}
		if err != nil { // the batches are free for another broker when nobody writes them here
			c.written()
		}
		b.done(r, err, true)
	}
}

// maxAnswer is far above what a broker answers for all of its partitions.
const maxAnswer = 16 << 20

// headSize is how many bytes of an answer stand before its body: its length, and the number of the request.
const headSize = 8

// readAnswer reads an answer into buf, without its head.
func readAnswer(in io.Reader, buf []byte, correlation int32) ([]byte, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return buf, err
	}
	size, got := int(binary.BigEndian.Uint32(head[:]))-4, int32(binary.BigEndian.Uint32(head[4:]))
	switch {
	case got != correlation:
		return buf, fmt.Errorf("answer to request %d, not to %d", got, correlation)
	case size < 0 || size > maxAnswer:
		return buf, fmt.Errorf("answer of %d bytes", size)
	case size > cap(buf):
		buf = make([]byte, size)
	}
	buf = buf[:size]
	_, err := io.ReadFull(in, buf)
	return buf, err
}

// answer gives the batches of r their answers.
func (b *broker) answer(r *request, body []byte) error {
	p := b.publisher
	p.mu.Lock()
	defer p.mu.Unlock()
	return decode(body, func(topic []byte, partition int32, a answer) {
		if batch := r.take(topic, partition); batch != nil {
			batch.partition.answered(batch, a)
		}
	})
}

var errNoAnswer = errors.New("the broker's answer leaves the partition out")

// done ends a request. What is left in it has no answer, and was perhaps sent.
func (b *broker) done(r *request, err error, sent bool) {
	p := b.publisher
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, batch := range r.batches {
		switch {
		case batch == nil:
		case err == nil && p.conf.Producer.RequiredAcks == sarama.NoResponse:
			batch.partition.answered(batch, answer{offset: -1})
		case err == nil:
			batch.partition.lost(batch, errNoAnswer, true)
		default:
			batch.partition.lost(batch, err, sent)
		}
	}
	b.inFlight--
	clear(r.wire)
	*r = request{batches: r.batches[:0], wire: r.wire[:0]}
	b.free = append(b.free, r)
	b.wakeUp()
}
