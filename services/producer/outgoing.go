package main

import (
	"iter"

	"github.com/IBM/sarama"

	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
)

// outgoing is a message in flight, and the memory that it needs, reused after its outcome.
type outgoing struct {
	msg      sarama.ProducerMessage
	key      sarama.StringEncoder
	value    sarama.ByteEncoder
	sequence int64
	step     history.Operation
}

// begin notes messages in the history, all with one write. It comes before the hand-over of the first, as a message that
// is under way when the process is killed must have its intent there.
func (p *publisher) begin(messages []*outgoing) {
	for _, o := range messages {
		o.step = p.intents.Begin(history.Send, history.Subject{
			Stream: string(o.key), Number: int(o.sequence), Topic: o.msg.Topic, Partition: history.None, Offset: history.None,
		})
	}
	p.intents.Flush()
}

// cancel notes that messages were not handed over.
func (p *publisher) cancel(messages []*outgoing, cause error) {
	for _, o := range messages {
		o.step.Failed(cause)
	}
}

// together is how many outcomes go into the history with one write, at most.
const together = 256

// acknowledged yields the messages that were acknowledged, each noted in the history before. It flushes their lines when
// no further one is waiting. Sarama's own channel has no buffer, so nothing would ever be waiting there: a system call
// per message.
func (p *publisher) acknowledged() iter.Seq[*outgoing] {
	return func(yield func(*outgoing) bool) {
		waiting := make(chan *sarama.ProducerMessage, p.cfg.buffer)
		go func() {
			for msg := range p.producer.Successes() {
				waiting <- msg
			}
			close(waiting)
		}()
		outcomes := p.process.History.Batch()
		ready := make([]*outgoing, 0, together)
		for msg := range waiting {
			if p.account.closed() {
				continue
			}
			ready = append(ready[:0], p.stored(outcomes, msg))
			for len(ready) < together && len(waiting) > 0 {
				ready = append(ready, p.stored(outcomes, <-waiting))
			}
			outcomes.Flush()
			for _, o := range ready {
				if !yield(o) {
					return
				}
				p.free.Put(o)
			}
			if len(waiting) == 0 {
				p.process.Out.Flush()
			}
			for range ready {
				p.account.acknowledge()
			}
		}
	}
}

// stored notes the outcome of a message that was acknowledged.
func (p *publisher) stored(outcomes *history.Batch, msg *sarama.ProducerMessage) *outgoing {
	o := msg.Metadata.(*outgoing)
	if p.cfg.publishing.Acks == sarama.NoResponse { // nobody says where it went, nor whether it arrived
		outcomes.Unknown(o.step, nil)
	} else {
		outcomes.Stored(o.step, msg.Partition, msg.Offset)
	}
	return o
}

// failed yields the messages that were not acknowledged, each noted in the history, with the reason.
func (p *publisher) failed() iter.Seq2[*outgoing, error] {
	return func(yield func(*outgoing, error) bool) {
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
			if !yield(o, failure.Err) {
				return
			}
			p.free.Put(o)
			p.account.fail()
		}
	}
}
