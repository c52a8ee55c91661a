package publish

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
)

// noProducer is the producer id, the epoch and the sequence of batches without idempotence.
const noProducer = -1

// keep looks at the cluster from time to time, and soon when something is in trouble: a batch has failed, a partition has no
// leader, a producer id is used up.
func (p *Publisher) keep() {
	var age <-chan time.Time
	if every := p.conf.Metadata.RefreshFrequency; every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		age = ticker.C
	}
	for {
		select {
		case <-p.trouble:
			if wait.Sleep(p.ctx, time.Duration(p.backoff.Load())) != nil {
				return
			}
		case <-age:
		case <-p.ctx.Done():
			return
		}
		_ = p.look(p.ctx) // where it fails, old knowledge has to do, and the next trouble brings the next look
		p.resume()
	}
}

// look learns partitions, leaders and brokers, and gets a producer id where one is needed.
func (p *Publisher) look(ctx context.Context) error {
	metadata, err := ask(ctx, p, func(b *sarama.Broker) (*sarama.MetadataResponse, error) {
		return b.GetMetadata(sarama.NewMetadataRequest(p.conf.Version, p.options.Topics))
	})
	if err != nil {
		return err
	}
	if err := p.learn(metadata); err != nil || !p.wantsID() {
		return err
	}
	id, err := ask(ctx, p, func(b *sarama.Broker) (int64, error) {
		resp, err := b.InitProducerID(&sarama.InitProducerIDRequest{Version: 4, ProducerID: noProducer, ProducerEpoch: noProducer})
		if err != nil {
			return 0, err
		}
		if resp.Err != sarama.ErrNoError {
			return 0, resp.Err
		}
		return resp.ProducerID, nil
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.producerID = id
	for _, t := range p.topics {
		for _, part := range t.partitions {
			if part.producerID == noProducer {
				part.producerID = id
			}
		}
	}
	return nil
}

func (p *Publisher) wantsID() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.topics {
		for _, part := range t.partitions {
			if p.idempotent() && part.producerID == noProducer {
				return true
			}
		}
	}
	return false
}

var (
	errAllSilent = errors.New("no broker answers")
	errNoTopic   = errors.New("a topic has no partitions")
)

// patience is how long a broker has for an answer before another is asked too. A paused one must not hold up what it was to
// tell: where its partitions have gone.
const patience = 500 * time.Millisecond

// ask puts a question to the brokers, one after the other, and returns the first answer.
func ask[T any](ctx context.Context, p *Publisher, question func(*sarama.Broker) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	next := p.idle()
	results, waiting, last := make(chan result, len(next)), 0, errAllSilent
	for len(next) > 0 || waiting > 0 {
		var impatient <-chan time.Time
		if len(next) > 0 {
			b := next[0]
			next, waiting, impatient = next[1:], waiting+1, time.After(patience)
			p.setBusy(b, true)
			go func() {
				defer p.setBusy(b, false)
				_ = b.Open(p.conf) // it is open, or the question fails
				value, err := question(b)
				var code sarama.KError
				if err != nil && !errors.As(err, &code) {
					b.Close() // or the next question would use the same broken connection
				}
				results <- result{value, err}
			}()
		}
		select {
		case r := <-results:
			if r.err == nil {
				return r.value, nil
			}
			waiting, last = waiting-1, r.err
		case <-impatient:
		case <-ctx.Done():
			last, next, waiting = ctx.Err(), nil, 0
		}
	}
	var none T
	return none, last
}

// idle is the brokers that have answered their last question, in any order.
func (p *Publisher) idle() []*sarama.Broker {
	p.mu.Lock()
	defer p.mu.Unlock()
	var idle []*sarama.Broker
	for _, b := range p.questions {
		if !p.busy[b] {
			idle = append(idle, b)
		}
	}
	rand.Shuffle(len(idle), func(i, j int) { idle[i], idle[j] = idle[j], idle[i] })
	return idle
}

func (p *Publisher) setBusy(b *sarama.Broker, busy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy[b] = busy
}

// learn takes over what the metadata says. A topic may have more partitions than before, and never fewer.
func (p *Publisher) learn(metadata *sarama.MetadataResponse) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	addrs := map[int32]string{}
	for _, b := range metadata.Brokers {
		addrs[b.ID()] = b.Addr()
		p.mayAsk(b.Addr())
	}
	for _, told := range metadata.Topics {
		t := p.topics[told.Name]
		if t == nil {
			continue
		}
		for len(t.partitions) < len(told.Partitions) {
			t.partitions = append(t.partitions, &partition{
				publisher: p, topic: t.name, id: int32(len(t.partitions)), limit: p.batchLimit(), producerID: p.producerID,
			})
		}
		for _, m := range told.Partitions {
			if int(m.ID) >= len(t.partitions) {
				continue
			}
			t.partitions[m.ID].follow(p.brokerAt(m.Leader, addrs))
		}
	}
	for _, b := range p.brokers {
		b.partitions = b.partitions[:0]
	}
	partitions := 0
	for _, name := range p.options.Topics { // a request has a topic's partitions together
		t := p.topics[name]
		if len(t.partitions) == 0 {
			return fmt.Errorf("%w: %s", errNoTopic, name)
		}
		partitions += len(t.partitions)
		for _, part := range t.partitions {
			if part.leader != nil {
				part.leader.partitions = append(part.leader.partitions, part)
			}
		}
	}
	if p.options.Memory == 0 {
		p.memory.limit = min(DefaultMemory+partitions*memoryPerPartition, 2*DefaultMemory)
	}
	return nil
}

// brokerAt is the broker with an id, at the address that it has now. It is nil for -1, which is nobody.
func (p *Publisher) brokerAt(id int32, addrs map[int32]string) *broker {
	addr, known := addrs[id]
	if !known {
		return nil
	}
	b := p.brokers[id]
	if b == nil || b.addr != addr {
		b = &broker{publisher: p, id: id, addr: addr, wake: make(chan struct{}, 1), compressor: newCompressor(p.conf.Producer.Compression)}
		p.brokers[id] = b
		p.running.Go(b.run)
	}
	return b
}

// mayAsk adds a broker to those that are asked. The client's own connections are left to the client.
func (p *Publisher) mayAsk(addr string) {
	if p.questions[addr] == nil {
		p.questions[addr] = sarama.NewBroker(addr)
	}
}

// follow makes leader the partition's. What is still under way to the old one is waited for.
func (p *partition) follow(leader *broker) {
	if p.leader != leader {
		p.leader = leader
		p.failed = p.failed || p.waiting > 0
	}
}

// resume lets go on what was paused, and gives up what is too old.
func (p *Publisher) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.topics {
		for _, part := range t.partitions {
			part.paused = p.idempotent() && part.producerID == noProducer
			if part.waiting == 0 && len(part.batches) > 0 && part.expired(part.batches[0]) {
				part.failed = true
				part.settle()
			}
			if part.paused {
				p.inTrouble()
			} else if len(part.batches) > 0 {
				part.wakeLeader()
			}
		}
	}
}
