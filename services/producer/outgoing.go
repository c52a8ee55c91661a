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

// begin notes o in the history and counts it. It comes before the hand-over to sarama, as the acknowledgement may be
// counted at once.
func (p *publisher) begin(o *outgoing) {
	o.step = p.process.History.Begin(history.Send, history.Subject{
		Stream: string(o.key), Number: int(o.sequence), Topic: o.msg.Topic, Partition: history.None, Offset: history.None,
	})
	p.account.send()
}

// cancel takes back a message that was not handed over.
func (p *publisher) cancel(o *outgoing, cause error) {
	p.account.unsend()
	o.step.Failed(cause)
}

// acknowledged yields the messages that were acknowledged, each noted in the history. It flushes their lines when no
// further one is waiting. Sarama's own channel has no buffer, so nothing would ever be waiting there: a system call
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
		for msg := range waiting {
			if p.account.closed() {
				continue
			}
			o := msg.Metadata.(*outgoing)
			if p.cfg.publishing.Acks == sarama.NoResponse { // nobody says where it went, nor whether it arrived
				o.step.Unknown(nil)
			} else {
				o.step.Stored(msg.Partition, msg.Offset)
			}
			if !yield(o) {
				return
			}
			p.free.Put(o)
			if len(waiting) == 0 {
				p.process.Out.Flush()
			}
			p.account.acknowledge()
		}
	}
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
