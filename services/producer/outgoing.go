package main

import (
	"fmt"
	"strconv"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka/publish"
)

// outgoing is a message without an outcome. It is reused afterwards.
type outgoing struct {
	sequence int64
	step     history.Operation
}

// begin notes t in the history and counts it. It comes before the sending, as the acknowledgement may be counted at once.
func (p *publisher) begin(t *event.Transaction) *outgoing {
	o, again := p.free.Get().(*outgoing)
	if !again {
		o = new(outgoing)
	}
	o.sequence = t.IDSequencia
	o.step = p.process.History.Begin(history.Send, history.Subject{
		Stream: t.IDUsuario, Number: int(t.IDSequencia), Topic: p.cfg.topic, Partition: history.None, Offset: history.None,
	})
	p.account.send()
	return o
}

// cancel takes back a message that was not sent.
func (p *publisher) cancel(o *outgoing, cause error) {
	p.account.unsend()
	o.step.Failed(cause)
}

// report notes outcomes in the history, prints a line for each message, and counts it when the line is out.
func (p *publisher) report(outcomes []publish.Outcome) {
	if p.account.closed() {
		return
	}
	var acknowledged, failed, unknown int
	for _, outcome := range outcomes {
		o := outcome.Tag.(*outgoing)
		switch outcome.Result {
		case publish.Acknowledged:
			acknowledged++
			p.printAcknowledged(o, outcome)
		case publish.Failed:
			failed++
			o.step.Failed(outcome.Err)
			p.process.Out.Print(fmt.Sprintf(p.words.failed, o.sequence, outcome.Err))
		case publish.Unknown:
			unknown++
			o.step.Unknown(outcome.Err)
			p.process.Out.Print(fmt.Sprintf(p.words.failed, o.sequence, outcome.Err))
		}
		p.free.Put(o)
	}
	p.process.Out.Flush()
	p.account.count(acknowledged, failed, unknown)
}

// printAcknowledged prints the line of a message that arrived. With acks=0 nobody says where it went, nor whether it arrived.
func (p *publisher) printAcknowledged(o *outgoing, outcome publish.Outcome) {
	line := strconv.AppendInt(append(p.line[:0], p.words.sent...), o.sequence, 10)
	if p.cfg.publishing.Acks == sarama.NoResponse {
		o.step.Unknown(nil)
	} else {
		o.step.Stored(outcome.Partition, outcome.Offset)
		line = strconv.AppendInt(append(line, p.words.partition...), int64(outcome.Partition), 10)
		line = strconv.AppendInt(append(line, p.words.offset...), outcome.Offset, 10)
		line = append(line, ')')
	}
	p.line = append(line, '\n')
	p.process.Out.Write(p.line)
}
