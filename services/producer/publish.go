package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
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
	intents  *history.Batch
	free     sync.Pool // of *outgoing: at PACE=0 garbage would be the main work
}

// run publishes until COUNT is reached or ctx ends, waits for the messages in flight, and prints the
// summary. After ctx has ended it waits for wait.Grace at most.
//
// The producer is closed only after that: sarama's close fails every message that is just being
// retried, and a message that had only to wait for a new leader would be reported as lost.
func (p *publisher) run(ctx context.Context, gen *generator) error {
	began := time.Now()
	go p.printAcknowledged()
	go p.printFailed()
	p.publish(ctx, gen)
	p.account.wait(ctx)
	line, err := p.account.sumUp(p.words.summary, time.Since(began))
	p.process.Out.Print(line)
	p.producer.AsyncClose()
	return err
}

// gathered is how many messages are noted in the history with one write at PACE=0, before the first of them is sent.
const gathered = 64

// publish hands messages to sarama, one per PACE.
func (p *publisher) publish(ctx context.Context, gen *generator) {
	var tick <-chan time.Time
	most := uint64(gathered)
	if p.cfg.pace > 0 {
		ticker := time.NewTicker(p.cfg.pace)
		defer ticker.Stop()
		tick, most = ticker.C, 1
	}
	left := p.cfg.count
	if left == 0 {
		left = math.MaxUint64
	}
	messages := make([]*outgoing, 0, most)
	for first := true; left > 0; first = false {
		if tick != nil && !first {
			select {
			case <-tick:
			case <-ctx.Done():
				return
			}
		}
		messages = messages[:0]
		for range min(most, left) {
			messages = append(messages, p.message(gen.next()))
		}
		left -= uint64(len(messages))
		p.begin(messages)
		if !p.handOver(ctx, messages) {
			return
		}
	}
}

// handOver hands messages to sarama. That can block for seconds while a partition has no leader, so the signal to stop is
// watched there too; false says that it came.
func (p *publisher) handOver(ctx context.Context, messages []*outgoing) bool {
	for i, o := range messages {
		p.account.send() // before, as the acknowledgement may be counted at once
		select {
		case p.producer.Input() <- &o.msg:
		case <-ctx.Done():
			p.account.unsend()
			p.cancel(messages[i:], ctx.Err())
			return false
		}
	}
	return true
}

// message makes a message of a transaction. The key is id_usuario: the same key always meets the
// same partition, and only within a partition does Kafka keep order. So each user's transactions
// arrive in order, those of different users may not.
func (p *publisher) message(t event.Transaction) *outgoing {
	o, again := p.free.Get().(*outgoing)
	if !again {
		o = new(outgoing)
	}
	o.key, o.value, o.sequence = sarama.StringEncoder(t.IDUsuario), t.AppendJSON(o.value[:0]), t.IDSequencia
	o.msg = sarama.ProducerMessage{Topic: p.cfg.topic, Key: &o.key, Value: &o.value, Metadata: o}
	return o
}

// printAcknowledged prints a line per message. With acks=0 nobody says where it went.
func (p *publisher) printAcknowledged() {
	var line []byte
	for o := range p.acknowledged() {
		line = strconv.AppendInt(append(line[:0], p.words.sent...), o.sequence, 10)
		if p.cfg.publishing.Acks != sarama.NoResponse {
			line = strconv.AppendInt(append(line, p.words.partition...), int64(o.msg.Partition), 10)
			line = strconv.AppendInt(append(line, p.words.offset...), o.msg.Offset, 10)
			line = append(line, ')')
		}
		p.process.Out.Write(append(line, '\n'))
	}
}

// printFailed prints a line per message that was not acknowledged.
func (p *publisher) printFailed() {
	for o, err := range p.failed() {
		p.process.Out.Print(fmt.Sprintf(p.words.failed, o.sequence, err))
	}
}
