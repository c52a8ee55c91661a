package message

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
	"workshop.example/workshop/admin/format"
	"workshop.example/workshop/admin/session"
)

// send sends the lines and waits for their acknowledgements, after ctx has ended for wait.Grace at most.
//
// The producer is closed only after that: sarama's close fails a batch that is just being retried
// (https://github.com/IBM/sarama/pull/3645), as the first one to a new leader often is.
func (p *produce) send(ctx context.Context, producer sarama.AsyncProducer) error {
	go p.collect(producer)
	readErr := p.feed(ctx, producer)
	settled := make(chan struct{})
	go func() { defer close(settled); p.pending.Wait() }()
	stopping := ctx.Done()
	var late <-chan struct{}
	for waiting := true; waiting; {
		select {
		case <-settled:
			waiting = false
		case <-late:
			waiting = false
		case <-stopping:
			given, cancel := context.WithTimeout(context.Background(), wait.Grace-wait.CloseTimeout)
			defer cancel()
			stopping, late = nil, given.Done()
		}
	}
	producer.AsyncClose()
	sent, acknowledged, failed := p.sent.Load(), p.acknowledged.Load(), p.failed.Load()
	line := session.Count(acknowledged, "message") + " acknowledged"
	if p.acks == "0" {
		line = session.Count(acknowledged, "message") + " sent, and with acks=0 nobody knows whether they arrived"
	}
	if failed > 0 {
		line += fmt.Sprintf(", %d failed", failed)
	}
	if unknown := sent - acknowledged - failed; unknown > 0 {
		line += fmt.Sprintf(", %d without an answer: they may be in the topic or not", unknown)
	}
	p.Note("%s", line)
	p.printed(p.report.rest(p.Stdout))
	switch {
	case readErr != nil:
		return fmt.Errorf("produce to %s: read standard input: %w", p.topic, readErr)
	case acknowledged < sent:
		return fmt.Errorf("produce to %s: %d of %d lines were not acknowledged", p.topic, sent-acknowledged, sent)
	}
	return p.printError()
}

// feed gives the lines to the producer until they or ctx end.
func (p *produce) feed(ctx context.Context, producer sarama.AsyncProducer) error {
	type line struct {
		text []byte
		err  error
	}
	lines := make(chan line)
	go func() { // reads on its own: nothing interrupts a read from a terminal
		in := bufio.NewReaderSize(p.Stdin, 64<<10)
		for {
			text, err := in.ReadBytes('\n')
			select {
			case lines <- line{text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case l := <-lines:
			if len(l.text) > 0 {
				if msg := p.message(l.text); msg != nil {
					select {
					case producer.Input() <- msg:
					case <-ctx.Done():
						p.fail(msg.Metadata.(int64), errors.New("interrupted before it was sent"))
						return nil
					}
				}
			}
			if errors.Is(l.err, io.EOF) {
				return nil
			}
			if l.err != nil {
				return l.err
			}
		}
	}
}

// message returns the message of a line, or nil if the line has no key where one is wanted.
func (p *produce) message(line []byte) *sarama.ProducerMessage {
	number := p.sent.Add(1)
	p.pending.Add(1)
	value := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	msg := &sarama.ProducerMessage{Topic: p.topic, Partition: p.partition, Headers: p.parsed, Metadata: number}
	if p.keySeparator != "" {
		key, rest, ok := bytes.Cut(value, []byte(p.keySeparator))
		if !ok {
			p.fail(number, fmt.Errorf("there is no %q in it, which --key-separator wants between key and value", p.keySeparator))
			return nil
		}
		msg.Key, value = sarama.ByteEncoder(key), rest
	}
	msg.Value = sarama.ByteEncoder(value)
	return msg
}

// collect counts the outcome of each message.
func (p *produce) collect(producer sarama.AsyncProducer) {
	successes, errs := producer.Successes(), producer.Errors()
	for successes != nil || errs != nil {
		select {
		case msg, ok := <-successes:
			if !ok {
				successes = nil
				continue
			}
			p.acknowledged.Add(1)
			p.place(msg)
			p.pending.Done()
		case err, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			if errors.Is(err.Err, sarama.ErrShuttingDown) {
				continue // ctx has ended, and the summary was made: it has no answer
			}
			p.fail(err.Msg.Metadata.(int64), err.Err)
		}
	}
}

// place reports where a message is in the topic, with --verbose or as JSON.
func (p *produce) place(msg *sarama.ProducerMessage) {
	number := msg.Metadata.(int64)
	var key []byte
	if msg.Key != nil {
		key, _ = msg.Key.Encode() // bytes, which have no error
	}
	switch {
	case p.Output == "json":
		line := struct {
			Line      int64   `json:"line"`
			Partition int32   `json:"partition"`
			Offset    int64   `json:"offset"`
			Key       *string `json:"key"`
			KeyBase64 string  `json:"keyBase64,omitempty"`
		}{Line: number, Partition: msg.Partition, Offset: msg.Offset}
		line.Key, line.KeyBase64 = format.JSONText(key)
		var text strings.Builder
		p.printed(session.WriteJSON(&text, line, ""))
		p.printed(p.report.line(p.Stdout, number, text.String()))
	case p.verbose:
		// Not Words, which would go through its table for each line.
		text := service.Textf("linha %d: partição %d, offset %d", "line %d: partition %d, offset %d", number, msg.Partition, msg.Offset)
		if msg.Key != nil {
			text = service.Textf("%s, chave %s", "%s, key %s", text, format.Quoted(key))
		}
		p.printed(p.report.line(p.Stdout, number, p.In(text)+"\n"))
	}
}

// fail reports that a line failed.
func (p *produce) fail(line int64, err error) {
	defer p.pending.Done()
	if kafka.TooLarge(err) {
		err = fmt.Errorf("larger than %s accepts (max.message.bytes): raise it with: "+
			"workshop topics alter %s --config max.message.bytes=N", p.topic, p.topic)
	}
	err = kafka.Denied(err, kafka.Right{Operation: "Write", Resource: "topic", Name: p.topic})
	if p.verbose || p.Output == "json" {
		p.printed(p.report.line(p.Stdout, line, "")) // those behind it need not wait any more
	}
	if p.complain() {
		p.Note("line %d: %v", line, err)
	}
}
