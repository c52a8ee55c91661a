package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// publisher publishes transactions. It does not wait for the answer to one before it sends the next:
// answers arrive on two channels of sarama's, Successes and Errors.
type publisher struct {
	producer sarama.AsyncProducer
	cfg      config
	words    words
	process  *service.Process
	account  *account
	free     sync.Pool // of *outgoing: at PACE=0 garbage would be the main work
}

// outgoing is a message in flight, and the memory that it needs, reused after its outcome.
type outgoing struct {
	msg      sarama.ProducerMessage
	key      sarama.StringEncoder
	value    sarama.ByteEncoder
	sequence int64
	step     history.Operation
}

func newPublisher(producer sarama.AsyncProducer, cfg config, words words, p *service.Process) *publisher {
	return &publisher{
		producer: producer, cfg: cfg, words: words, process: p, account: newAccount(p),
		free: sync.Pool{New: func() any { return new(outgoing) }},
	}
}

// run publishes until COUNT is reached or ctx ends, waits for the messages in flight, and prints the
// summary. After ctx has ended it waits for service.Grace at most.
//
// The producer is closed only after that: sarama's close fails every message that is just being
// retried, and a message that had only to wait for a new leader would be reported as lost.
func (p *publisher) run(ctx context.Context, gen *generator) error {
	began := time.Now()
	go p.acknowledgements()
	go p.failures()
	p.publish(ctx, gen)
	p.account.wait(ctx)
	line, err := p.account.sumUp(p.words.summary, time.Since(began))
	p.process.Out.Print(line)
	p.producer.AsyncClose()
	return err
}

// publish hands messages to sarama, one per PACE. The hand-over can block for seconds while a
// partition has no leader, so the signal to stop is watched there too.
func (p *publisher) publish(ctx context.Context, gen *generator) {
	var tick <-chan time.Time
	if p.cfg.pace > 0 {
		ticker := time.NewTicker(p.cfg.pace)
		defer ticker.Stop()
		tick = ticker.C
	}
	for n := uint64(1); p.cfg.count == 0 || n <= p.cfg.count; n++ {
		if tick != nil && n > 1 {
			select {
			case <-tick:
			case <-ctx.Done():
				return
			}
		}
		o := p.outgoing(gen.next())
		p.account.send() // before the hand-over: its acknowledgement may be counted at once
		select {
		case p.producer.Input() <- &o.msg:
		case <-ctx.Done():
			p.account.unsend()
			o.step.Failed(ctx.Err())
			return
		}
	}
}

// outgoing makes a message of a transaction. The key is id_usuario: the same key always meets the
// same partition, and only within a partition does Kafka keep order. So each user's transactions
// arrive in order, those of different users may not.
func (p *publisher) outgoing(t event.Transaction) *outgoing {
	o := p.free.Get().(*outgoing)
	o.key, o.value, o.sequence = sarama.StringEncoder(t.IDUsuario), t.AppendJSON(o.value[:0]), t.IDSequencia
	o.msg = sarama.ProducerMessage{Topic: p.cfg.topic, Key: &o.key, Value: &o.value, Metadata: o}
	o.step = p.process.History.Begin(history.Send, history.Subject{
		Stream: t.IDUsuario, Number: int(t.IDSequencia), Topic: p.cfg.topic, Partition: history.None, Offset: history.None,
	})
	return o
}

// acknowledgements prints a line per message, and flushes when no further one is waiting. Sarama's
// own channel has no buffer, so nothing would ever be waiting there: a system call per message.
func (p *publisher) acknowledgements() {
	waiting := make(chan *sarama.ProducerMessage, p.cfg.buffer)
	go func() {
		for msg := range p.producer.Successes() {
			waiting <- msg
		}
		close(waiting)
	}()
	var line []byte
	for msg := range waiting {
		if p.account.closed() {
			continue
		}
		o := msg.Metadata.(*outgoing)
		line = strconv.AppendInt(append(line[:0], p.words.sent...), o.sequence, 10)
		if p.cfg.publishing.Acks == sarama.NoResponse { // nobody says where it went, nor whether it arrived
			o.step.Unknown(nil)
		} else {
			o.step.Stored(msg.Partition, msg.Offset)
			line = strconv.AppendInt(append(line, p.words.partition...), int64(msg.Partition), 10)
			line = strconv.AppendInt(append(line, p.words.offset...), msg.Offset, 10)
			line = append(line, ')')
		}
		p.process.Out.Write(append(line, '\n'))
		p.free.Put(o)
		if len(waiting) == 0 {
			p.process.Out.Flush()
		}
		p.account.acknowledge()
	}
}

// failures prints a line per message that was not acknowledged.
func (p *publisher) failures() {
	for failure := range p.producer.Errors() {
		if p.account.closed() {
			continue
		}
		o := failure.Msg.Metadata.(*outgoing)
		if kafka.Refused(failure.Err) {
			o.step.Failed(failure.Err)
		} else {
			o.step.Unknown(failure.Err)
		}
		p.process.Out.Print(fmt.Sprintf(p.words.failed, o.sequence, failure.Err))
		p.free.Put(o)
		p.account.fail()
	}
}
