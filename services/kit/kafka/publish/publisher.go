package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"golang.org/x/net/proxy"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
)

// Message is what is to be published. The publisher keeps nothing of it but Tag, so the rest may be reused at once.
type Message struct {
	Topic   string
	Key     []byte // decides the partition; nil: any
	Value   []byte // nil: a tombstone
	Headers []sarama.RecordHeader
	Time    time.Time // zero: now
	Tag     any       // comes back with the outcome
}

// Result is what became of a message.
type Result int

const (
	// Acknowledged messages are in the log. With acks=0 nobody says so: they were handed to the network.
	Acknowledged Result = iota
	// Failed messages are certainly not in the log.
	Failed
	// Unknown messages may be in the log or not: they were sent, and the answer did not come or said neither.
	Unknown
)

// Outcome is what became of one message.
type Outcome struct {
	Tag       any
	Result    Result
	Partition int32
	Offset    int64 // -1 where nobody has told it
	Err       error // of the last attempt; nil for an acknowledged message
}

// Options of a Publisher. How sure it is and how it compresses stands in the client's configuration, under Producer.
type Options struct {
	Topics []string // that are published to
	// Outcomes is called with the outcomes of a batch, from one goroutine. The slice is used again afterwards. While it
	// blocks, the messages that it was not told of keep their memory, and Publish blocks in the end.
	Outcomes func([]Outcome)
	// Memory is for messages without an outcome, in bytes; 0 means DefaultMemory, and 32 KiB more for each partition, up to twice
	// DefaultMemory: with many partitions batches get small. Batches that are just being compressed or divided come on top.
	Memory int
	// BatchBytes is how large a batch may get before it is compressed; 0 means DefaultBatchBytes. The configuration's
	// Producer.MaxMessageBytes is a limit too. A message that is larger makes a batch of its own.
	BatchBytes int
}

// The defaults of Options.
const (
	DefaultMemory     = 16 << 20
	DefaultBatchBytes = 512 << 10

	memoryPerPartition = 32 << 10
)

const (
	retryBackoff    = 100 * time.Millisecond // before a failed batch is tried again, as in the Java client
	deliveryTimeout = time.Minute            // after which it is given up: longer than a ZooKeeper session and an election
)

// ErrClosed is the error of Publish after Close, and of messages that Close did not wait for.
var ErrClosed = errors.New("the publisher is closed")

var (
	errTimedOut  = fmt.Errorf("no attempt succeeded within %s", deliveryTimeout)
	errLostPlace = errors.New("sent without a clear answer, and a gap in the sequence leaves no way to ask again")
)

// Publisher publishes messages in batches. It is safe for concurrent use; messages of one goroutine with the same key keep
// their order.
type Publisher struct {
	conf    *sarama.Config
	options Options
	dial    func(addr string) (net.Conn, error)
	meters  meters
	timeout time.Duration
	backoff atomic.Int64 // a time.Duration

	ctx     context.Context // of the goroutines
	stop    context.CancelFunc
	running sync.WaitGroup
	told    chan struct{} // there is an outcome to tell
	telling chan struct{} // closed when all were told
	room    chan struct{} // there may be memory again
	trouble chan struct{} // the keeper has something to look after
	closed  chan struct{} // no more messages are taken
	settled chan struct{} // closed, and every message has its outcome

	mu         sync.Mutex
	memory     memory
	topics     map[string]*topic
	brokers    map[int32]*broker
	questions  map[string]*sarama.Broker // whom the keeper asks, by address
	busy       map[*sarama.Broker]bool   // that have a question to answer
	producerID int64
	closing    bool
	pending    int      // messages without an outcome
	outcomes   []*batch // to be told
	blank      []*batch // for reuse
	key        keyBytes
	asked      sarama.ProducerMessage // for the partitioner
}

// topic is the partitions of a topic, by their number.
type topic struct {
	name        string
	partitions  []*partition
	partitioner sarama.Partitioner
}

// New returns a publisher once it knows the partitions of the topics and has a producer id. Until then it asks; it returns an
// error when ctx ends or a broker refuses. The client stays the caller's: the publisher takes its configuration and the addresses
// of its brokers.
func New(ctx context.Context, client sarama.Client, o Options) (*Publisher, error) {
	conf := client.Config()
	if conf.Net.TLS.Enable || conf.Net.SASL.Enable || conf.Producer.Transaction.ID != "" {
		return nil, errors.New("publish: neither TLS nor SASL nor transactions")
	}
	p := newPublisher(conf, o)
	for _, b := range client.Brokers() {
		p.mayAsk(b.Addr())
	}
	for err := p.look(ctx); err != nil; err = p.look(ctx) {
		if kafka.Refused(err) || wait.Sleep(ctx, retryBackoff) != nil {
			p.stop()
			p.running.Wait()
			return nil, err
		}
	}
	p.running.Go(p.keep)
	go p.report()
	return p, nil
}

func newPublisher(conf *sarama.Config, o Options) *Publisher {
	o.Topics = slices.Compact(slices.Sorted(slices.Values(o.Topics)))
	p := &Publisher{
		conf: conf, options: o, timeout: deliveryTimeout, dial: dialer(conf), meters: newMeters(conf),
		told: make(chan struct{}, 1), telling: make(chan struct{}), room: make(chan struct{}, 1), trouble: make(chan struct{}, 1),
		closed: make(chan struct{}), settled: make(chan struct{}),
		memory: memory{limit: cmp.Or(o.Memory, DefaultMemory)}, // see learn
		topics: map[string]*topic{}, brokers: map[int32]*broker{}, producerID: noProducer,
		questions: map[string]*sarama.Broker{}, busy: map[*sarama.Broker]bool{},
	}
	p.backoff.Store(int64(retryBackoff))
	p.ctx, p.stop = context.WithCancel(context.Background())
	for _, name := range o.Topics {
		p.topics[name] = &topic{name: name, partitioner: conf.Producer.Partitioner(name)}
	}
	return p
}

// dialer connects as sarama would.
func dialer(conf *sarama.Config) func(string) (net.Conn, error) {
	var d proxy.Dialer = &net.Dialer{Timeout: conf.Net.DialTimeout}
	if conf.Net.Proxy.Enable {
		d = conf.Net.Proxy.Dialer
	}
	return func(addr string) (net.Conn, error) { return d.Dial("tcp", addr) }
}

func (p *Publisher) idempotent() bool { return p.conf.Producer.Idempotent }

// batchLimit is how large a batch may get. The configuration may be fitted to the topics at any time before New.
func (p *Publisher) batchLimit() int {
	return max(smallestLimit, min(cmp.Or(p.options.BatchBytes, DefaultBatchBytes), p.conf.Producer.MaxMessageBytes))
}

// Publish copies m into a batch of its partition, and returns. While there is no memory for it, it waits. Where it returns an
// error (of ctx, ErrClosed, or a message that will never do) m has no outcome and is not sent; otherwise Outcomes will be told.
func (p *Publisher) Publish(ctx context.Context, m *Message) error {
	for ctx.Err() == nil {
		added, err := p.add(m)
		if added || err != nil {
			return err
		}
		select {
		case <-p.room:
		case <-p.closed:
			return ErrClosed
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// add adds m to a batch, and reports whether there was memory for it.
func (p *Publisher) add(m *Message) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closing:
		return false, ErrClosed
	case maxSize(m)+headerSize > p.memory.limit:
		return false, fmt.Errorf("message of %d bytes: %w", len(m.Key)+len(m.Value), sarama.ErrMessageSizeTooLarge)
	}
	t := p.topics[m.Topic]
	if t == nil {
		return false, fmt.Errorf("topic %s is not one of the publisher's", m.Topic)
	}
	p.asked.Key = nil
	if m.Key != nil {
		p.key.bytes = m.Key
		p.asked.Key = &p.key
	}
	n, err := t.partitioner.Partition(&p.asked, int32(len(t.partitions)))
	p.key.bytes = nil
	if err != nil {
		return false, err
	}
	if !t.partitions[n].add(m, time.Now()) {
		return false, nil
	}
	p.pending++
	if p.memory.lent < p.memory.limit { // another goroutine may be waiting too
		notify(p.room)
	}
	return true, nil
}

// keyBytes is a key as sarama's partitioners want it, without an allocation for each.
type keyBytes struct{ bytes []byte }

func (k *keyBytes) Encode() ([]byte, error) { return k.bytes, nil }
func (k *keyBytes) Length() int             { return len(k.bytes) }

// Close takes no more messages and waits until each has its outcome. When ctx ends before that, those that were never sent have
// failed, and of the others the outcome is unknown. It returns when all was told.
func (p *Publisher) Close(ctx context.Context) {
	p.mu.Lock()
	if !p.closing {
		p.closing = true
		close(p.closed)
	}
	p.settle()
	p.mu.Unlock()
	select {
	case <-p.settled:
	case <-ctx.Done():
	}
	p.stop() // which ends the connections
	p.running.Wait()
	p.mu.Lock()
	for _, t := range p.topics {
		for _, part := range t.partitions {
			for _, b := range part.batches {
				p.tell(b, part.given(b, ErrClosed))
			}
			part.batches = nil
		}
	}
	p.mu.Unlock()
	<-p.settled
	<-p.telling
	for _, b := range p.questions {
		go b.Close() // it waits for an answer that may not come
	}
}

// notify sends on a channel with room for one, where nothing is waiting in it.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (p *Publisher) inTrouble() { notify(p.trouble) }
