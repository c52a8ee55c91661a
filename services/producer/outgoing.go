package producer

import (
	"fmt"
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka/publish"
)

// outgoing is a message without an outcome. It is reused afterwards.
type outgoing struct {
	sequence int64
	step     history.Operation
	began    time.Time // when it was made
}

// begin notes transactions in the history, all with one write. It comes before the first is sent, as a message that is
// under way when the process is killed must have its intent there.
func (p *publisher) begin(transactions []event.Transaction) []*outgoing {
	p.begun = p.begun[:0]
	now := time.Now() // for all of them
	for i := range transactions {
		t := &transactions[i]
		o, again := p.free.Get().(*outgoing)
		if !again {
			o = new(outgoing)
		}
		o.sequence, o.began = t.IDSequencia, now
		o.step = p.intents.Begin(history.Send, history.Subject{
			Stream: t.IDUsuario, Number: int(t.IDSequencia), Topic: p.cfg.topic, Partition: history.None, Offset: history.None,
		})
		p.begun = append(p.begun, o)
	}
	p.intents.Flush()
	return p.begun
}

// cancel notes that messages were not sent.
func (p *publisher) cancel(messages []*outgoing, cause error) {
	for _, o := range messages {
		o.step.Failed(cause)
	}
}

// report notes outcomes in the history, all with one write, then prints a line for each message, and counts them when the
// lines are out.
func (p *publisher) report(outcomes []publish.Outcome) {
	if p.account.closed() {
		return
	}
	for _, outcome := range outcomes {
		p.note(outcome)
	}
	p.outcomes.Flush()
	var count [3]int // by result
	began := outcomes[0].Tag.(*outgoing).began
	for _, outcome := range outcomes {
		o := outcome.Tag.(*outgoing)
		count[outcome.Result]++
		if outcome.Result == publish.Acknowledged {
			p.printAcknowledged(o, outcome)
		} else {
			p.process.Out.Print(fmt.Sprintf(p.words.failed, o.sequence, outcome.Err))
		}
		p.free.Put(o)
	}
	p.process.Out.Flush()
	p.account.count(began, count[publish.Acknowledged], count[publish.Failed], count[publish.Unknown])
}

// note gathers an outcome for the history. With acks=0 nobody says whether a message arrived.
func (p *publisher) note(outcome publish.Outcome) {
	step := outcome.Tag.(*outgoing).step
	switch {
	case outcome.Result == publish.Failed:
		step.Failed(outcome.Err)
	case outcome.Result == publish.Unknown || p.cfg.publishing.Acks == sarama.NoResponse:
		p.outcomes.Unknown(step, outcome.Err)
	default:
		p.outcomes.Stored(step, outcome.Partition, outcome.Offset)
	}
}

// printAcknowledged prints the line of a message that arrived. With acks=0 nobody says where it went.
func (p *publisher) printAcknowledged(o *outgoing, outcome publish.Outcome) {
	line := strconv.AppendInt(append(p.line[:0], p.words.sent...), o.sequence, 10)
	if p.cfg.publishing.Acks != sarama.NoResponse {
		line = strconv.AppendInt(append(line, p.words.partition...), int64(outcome.Partition), 10)
		line = strconv.AppendInt(append(line, p.words.offset...), outcome.Offset, 10)
		line = append(line, ')')
	}
	p.line = append(line, '\n')
	p.process.Out.Write(p.line)
}
