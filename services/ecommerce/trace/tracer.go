// Package trace exports spans, so that an order can be followed through the services with OpenTelemetry. The context of a span travels
// in the header traceparent of requests and records (W3C Trace Context).
//
// Without OTEL_EXPORTER_OTLP_ENDPOINT the tracer is nil, and so are its spans. Their methods do nothing then, and cost nothing: no header
// is set and nothing is connected to.
package trace

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
)

// Tracer makes spans, and exports them in the background: what the receiver does not take is dropped after a while. It is safe for
// concurrent use.
type Tracer struct {
	endpoint string // of the traces

	opening  sync.Once
	provider *sdk.TracerProvider
	tracer   api.Tracer
}

// FromEnv returns nil where traces are not wanted.
func FromEnv(env *service.Env) *Tracer {
	const name, accepted = "OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:port or https://host:port"
	base := env.Text(name, "", accepted, "where traces are sent, by OTLP over HTTP; empty: nowhere")
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		env.Fail(name, "accepted: "+accepted)
		return nil
	}
	return &Tracer{endpoint: u.JoinPath("v1", "traces").String()} // as OpenTelemetry's specification says
}

// Open has to come before the first span. A second call does nothing.
func (t *Tracer) Open(p *service.Process) {
	if t == nil {
		return
	}
	t.opening.Do(func() {
		otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { p.Log.Warn("traces were not exported", "error", err) }))
		exporter := otlptrace.NewUnstarted(newClient(t.endpoint))
		if err := exporter.Start(context.Background()); err != nil { // never: it does not connect yet
			otel.Handle(err)
		}
		t.provider = sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", p.Name), attribute.String("service.version", service.Version))))
		t.tracer = t.provider.Tracer("workshop.example/ecommerce")
	})
}

// flushTime is how long a stop waits for the receiver of the last spans.
const flushTime = time.Second

// Flush exports the spans that have ended.
func (t *Tracer) Flush() {
	if t == nil || t.provider == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := t.provider.ForceFlush(ctx); err != nil {
		otel.Handle(err)
	}
}

func (t *Tracer) start(parent Parent, name string, options ...api.SpanStartOption) *Span {
	if t.tracer == nil {
		return nil
	}
	_, span := t.tracer.Start(parent.context(), name, options...)
	return &Span{tracer: t, span: span}
}

// Serving begins the span of an HTTP request.
func (t *Tracer) Serving(r *http.Request) *Span {
	if t == nil {
		return nil
	}
	return t.start(Parent(r.Header.Get(header)), r.Pattern, api.WithSpanKind(api.SpanKindServer),
		api.WithAttributes(attribute.String("http.request.method", r.Method), attribute.String("http.route", r.Pattern)))
}

// Since begins a span that began in the past.
func (t *Tracer) Since(began time.Time, parent Parent, name string) *Span {
	if t == nil {
		return nil
	}
	return t.start(parent, name, api.WithTimestamp(began))
}

// Publishing begins the span of a message that is about to be sent. Its parent is in the message's header, and is replaced by the
// new span there, so that whoever consumes the message continues it.
func (t *Tracer) Publishing(msg *sarama.ProducerMessage) *Span {
	if t == nil {
		return nil
	}
	s := t.start(parentOf(msg), "publish "+msg.Topic, api.WithSpanKind(api.SpanKindProducer), api.WithAttributes(
		attribute.String("messaging.system", "kafka"), attribute.String("messaging.destination.name", msg.Topic)))
	s.Inject(msg)
	return s
}

// Consuming begins the span of a record that is worked on.
func (t *Tracer) Consuming(record *sarama.ConsumerMessage) *Span {
	if t == nil {
		return nil
	}
	var parent Parent
	for _, h := range record.Headers {
		if string(h.Key) == header {
			parent = Parent(h.Value)
		}
	}
	return t.start(parent, "process "+record.Topic, api.WithSpanKind(api.SpanKindConsumer), api.WithAttributes(
		attribute.String("messaging.system", "kafka"), attribute.String("messaging.destination.name", record.Topic),
		attribute.Int("messaging.destination.partition.id", int(record.Partition)), attribute.Int64("messaging.kafka.offset", record.Offset)))
}
