package trace

import (
	"context"

	"github.com/IBM/sarama"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	api "go.opentelemetry.io/otel/trace"
)

// header is the name of the header in which a span's context travels, in HTTP and in Kafka.
const header = "traceparent"

// Parent is a span as others name it: the value of the header. Empty, or not legal, it is no span, and the next one begins a trace.
type Parent string

func (p Parent) context() context.Context {
	return propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{header: string(p)})
}

// parentOf is what the header of a message names.
func parentOf(msg *sarama.ProducerMessage) Parent {
	for _, h := range msg.Headers {
		if string(h.Key) == header {
			return Parent(h.Value)
		}
	}
	return ""
}

// Span is a part of a trace. One that has not ended is not exported.
type Span struct {
	tracer *Tracer
	span   api.Span
}

// Parent is how others name the span; empty for nil.
func (s *Span) Parent() Parent {
	if s == nil {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(api.ContextWithSpan(context.Background(), s.span), carrier)
	return Parent(carrier[header])
}

// Child begins a span within s.
func (s *Span) Child(name string) *Span {
	if s == nil {
		return nil
	}
	return s.tracer.start(s.Parent(), name)
}

// Inject makes s the span that whoever gets the message continues.
func (s *Span) Inject(msg *sarama.ProducerMessage) {
	if s != nil {
		s.Parent().Inject(msg)
	}
}

// Inject is [Span.Inject] for a span of which only the name is known.
func (p Parent) Inject(msg *sarama.ProducerMessage) {
	if p == "" {
		return
	}
	for i, h := range msg.Headers {
		if string(h.Key) == header {
			msg.Headers[i].Value = []byte(p)
			return
		}
	}
	msg.Headers = append(msg.Headers, sarama.RecordHeader{Key: []byte(header), Value: []byte(p)})
}

// End ends the span, with the error of what it stands for, or nil.
func (s *Span) End(err error) {
	if s == nil {
		return
	}
	if err != nil {
		s.span.SetStatus(codes.Error, err.Error())
	}
	s.span.End()
}

type key struct{}

// In returns a context for what is done within the span; ctx itself for nil.
func (s *Span) In(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, key{}, s.Parent())
}

// From is the span that the context was made for; empty without one.
func From(ctx context.Context) Parent {
	p, _ := ctx.Value(key{}).(Parent)
	return p
}
