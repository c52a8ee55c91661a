package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// publisher hands transactions to sarama and keeps account of every outcome. There are three:
// acknowledged, failed, and, when the process has to stop before an answer came, unknown.
type publisher struct {
	producer sarama.AsyncProducer
	cfg      config
	words    words
	process  *service.Process
	acked    prometheus.Counter
	refused  prometheus.Counter

	sent, acknowledged, failed atomic.Uint64
	progress                   atomic.Int64  // Unix ms of the last acknowledgement, or of a send after quiet
	failing                    atomic.Bool   // the last outcome was a failure
	summedUp                   atomic.Bool   // what comes now is too late to be counted
	fed                        atomic.Bool   // no further message will be sent
	settled                    chan struct{} // closed when fed, and every message has its outcome
	settle                     sync.Once
	free                       sync.Pool // of *outgoing: at PACE=0 garbage would be the main work
}

// outgoing is a message under way with the memory it needs, used again after its outcome.
type outgoing struct {
	msg      sarama.ProducerMessage
	key      sarama.StringEncoder
	value    sarama.ByteEncoder
	sequence int64
	step     history.Operation
}

func newPublisher(producer sarama.AsyncProducer, cfg config, words words, p *service.Process) *publisher {
	published := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "workshop_messages_published_total", Help: "Messages by outcome.",
	}, []string{"outcome"})
	p.Ops.Registry.MustRegister(published)
	return &publisher{
		producer: producer, cfg: cfg, words: words, process: p,
		// Both series exist from the start: a rate over a series that is missing is no rate.
		acked: published.WithLabelValues("acknowledged"), refused: published.WithLabelValues("failed"),
		settled: make(chan struct{}),
		free:    sync.Pool{New: func() any { return new(outgoing) }},
	}
}

// run publishes until COUNT is reached or ctx ends, waits for what is under way, and sums up. After
// ctx has ended it waits for service.Grace at most.
//
// The producer is closed only after that: sarama's close fails every message that is just being
// retried, and a message that had only to wait for a new leader would be reported as lost.
func (p *publisher) run(ctx context.Context, gen *generator) error {
	began := time.Now()
	go p.acknowledgements()
	go p.failures()
	p.feed(ctx, gen)
	p.fed.Store(true)
	p.outcome()
	select {
	case <-p.settled:
	case <-ctx.Done():
		select {
		case <-p.settled:
		case <-time.After(service.Grace):
		}
	}
	err := p.sumUp(time.Since(began))
	p.producer.AsyncClose()
	return err
}

// outcome is called after each outcome is counted.
func (p *publisher) outcome() {
	if p.fed.Load() && p.pending() == 0 {
		p.settle.Do(func() { close(p.settled) })
	}
}

// feed makes messages at the pace asked for. Input can block for seconds while a partition has no
// leader, so the signal to stop is watched there too.
func (p *publisher) feed(ctx context.Context, gen *generator) {
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
		o := p.next(gen)
		if p.pending() == 0 {
			p.progress.Store(time.Now().UnixMilli())
		}
		o.step = p.process.History.Begin(history.Send, history.Subject{
			Stream: string(o.key), Number: int(o.sequence), Topic: p.cfg.topic, Partition: history.None, Offset: history.None,
		})
		p.sent.Add(1) // before the hand-over: its acknowledgement may be counted at once
		select {
		case p.producer.Input() <- &o.msg:
		case <-ctx.Done():
			p.sent.Add(^uint64(0))
			o.step.Failed(ctx.Err())
			return
		}
	}
}

func (p *publisher) next(gen *generator) *outgoing {
	gen.next()
	o := p.free.Get().(*outgoing)
	value, key := gen.append(o.value[:0])
	o.value, o.key, o.sequence = value, sarama.StringEncoder(key), gen.sequence
	o.msg = sarama.ProducerMessage{Topic: p.cfg.topic, Key: &o.key, Value: &o.value, Metadata: o}
	return o
}

// acknowledgements prints a line a message, and flushes when no further one is waiting. Sarama's own
// channel has no buffer, so that nothing would ever be waiting there: a write call a message.
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
		if p.summedUp.Load() {
			continue
		}
		o := msg.Metadata.(*outgoing)
		line = strconv.AppendInt(append(line[:0], p.words.sent...), o.sequence, 10)
		if p.cfg.publishing.Acks == sarama.NoResponse { // nobody tells where it went, nor whether it came
			o.step.Unknown(nil)
		} else {
			o.step.Stored(msg.Partition, msg.Offset)
			line = strconv.AppendInt(append(line, p.words.partition...), int64(msg.Partition), 10)
			line = strconv.AppendInt(append(line, p.words.offset...), msg.Offset, 10)
			line = append(line, ')')
		}
		p.process.Out.Write(append(line, '\n'))
		p.acked.Inc()
		p.acknowledged.Add(1)
		p.progress.Store(time.Now().UnixMilli())
		p.failing.Store(false)
		p.free.Put(o)
		if len(waiting) == 0 {
			p.process.Out.Flush()
		}
		p.outcome()
	}
}

func (p *publisher) failures() {
	for failure := range p.producer.Errors() {
		if p.summedUp.Load() {
			continue
		}
		o := failure.Msg.Metadata.(*outgoing)
		if kafka.Refused(failure.Err) {
			o.step.Failed(failure.Err)
		} else {
			o.step.Unknown(failure.Err)
		}
		p.refused.Inc()
		p.failed.Add(1)
		p.failing.Store(true)
		p.process.Out.Print(fmt.Sprintf(p.words.failed, o.sequence, failure.Err))
		p.free.Put(o)
		p.outcome()
	}
}

func (p *publisher) pending() uint64 { return p.sent.Load() - p.acknowledged.Load() - p.failed.Load() }

// sumUp prints the summary; an error says that not every message was acknowledged.
func (p *publisher) sumUp(took time.Duration) error {
	p.summedUp.Store(true)
	sent, acked, failed := p.sent.Load(), p.acknowledged.Load(), p.failed.Load()
	unknown := sent - acked - failed
	p.process.Out.Print(fmt.Sprintf(p.words.summary, sent, acked, failed, unknown, took.Round(time.Millisecond), float64(acked)/took.Seconds()))
	if failed+unknown > 0 {
		return fmt.Errorf("%d of %d messages were not acknowledged (%d failed, %d unknown)", failed+unknown, sent, failed, unknown)
	}
	return nil
}

// stalled is how long messages may be under way without any outcome before /readyz says so: longer
// than a leader election.
const stalled = 15 * time.Second

func (p *publisher) ready() error {
	if p.failing.Load() {
		return errors.New("the last message was not acknowledged")
	}
	if since := time.Since(time.UnixMilli(p.progress.Load())); p.pending() > 0 && since > stalled {
		return fmt.Errorf("%d messages under way, and no acknowledgement for %s", p.pending(), since.Round(time.Second))
	}
	return nil
}
