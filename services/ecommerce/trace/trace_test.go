package trace_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/trace"
	"workshop.example/kit/service"
)

func tracer(t *testing.T, endpoint string) (*trace.Tracer, error) {
	t.Helper()
	env := service.EnvOf(map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})
	return trace.FromEnv(env), env.Err()
}

// all does what a service does for a message, and returns what it has sent.
func all(ctx context.Context, t *trace.Tracer, record *sarama.ConsumerMessage, msg *sarama.ProducerMessage) {
	span := t.Consuming(record)
	ctx = span.In(ctx)
	child := span.Child("decide")
	child.End(nil)
	trace.From(ctx).Inject(msg)
	span.Inject(msg)
	publish := t.Publishing(msg)
	publish.End(nil)
	span.End(nil)
}

// Without the variable there is no header, and no memory is needed.
func TestOff(t *testing.T) {
	off, err := tracer(t, "")
	if err != nil || off != nil {
		t.Fatalf("tracer %v, error %v", off, err)
	}
	off.Open(nil)
	record, msg := &sarama.ConsumerMessage{Topic: "in"}, &sarama.ProducerMessage{Topic: "out"}
	if got := testing.AllocsPerRun(1000, func() { all(context.Background(), off, record, msg) }); got != 0 {
		t.Errorf("%.0f allocations for a message, want 0", got)
	}
	if len(msg.Headers) != 0 {
		t.Errorf("headers %v", msg.Headers)
	}
	off.Flush()
}

func BenchmarkOff(b *testing.B) {
	record, msg := &sarama.ConsumerMessage{Topic: "in"}, &sarama.ProducerMessage{Topic: "out"}
	b.ReportAllocs()
	for b.Loop() {
		all(context.Background(), nil, record, msg)
	}
}

// What is published has its own span in the header, of the trace that the consumed record belongs to, and headers that were there
// already stay.
func TestContextGoesOn(t *testing.T) {
	received := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { received <- r.URL.Path }))
	defer receiver.Close()
	on, err := tracer(t, receiver.URL)
	if err != nil {
		t.Fatal(err)
	}
	on.Open(&service.Process{Name: "test", Log: slog.New(slog.DiscardHandler)})
	const id, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	header := sarama.RecordHeader{Key: []byte("traceparent"), Value: []byte("00-" + id + "-" + parent + "-01")}
	record := &sarama.ConsumerMessage{Topic: "in", Headers: []*sarama.RecordHeader{&header}}
	msg := &sarama.ProducerMessage{Topic: "out", Headers: []sarama.RecordHeader{{Key: []byte("idempotency-key"), Value: []byte("1")}}}
	all(t.Context(), on, record, msg)
	if len(msg.Headers) != 2 || string(msg.Headers[0].Key) != "idempotency-key" {
		t.Fatalf("headers %s", msg.Headers)
	}
	if sent := string(msg.Headers[1].Value); !strings.HasPrefix(sent, "00-"+id+"-") || strings.Contains(sent, parent) {
		t.Errorf("traceparent %s, want another span of trace %s", sent, id)
	}
	if string(header.Value) != "00-"+id+"-"+parent+"-01" {
		t.Errorf("the consumed record was changed: %s", header.Value)
	}
	on.Consuming(record).End(errors.New("it failed"))
	on.Flush()
	if path := <-received; path != "/v1/traces" {
		t.Errorf("sent to %s", path)
	}
}

func TestEndpointIsAnAddress(t *testing.T) {
	for _, wrong := range []string{"localhost:4317", "ftp://localhost", "http://", "\x7f"} {
		on, err := tracer(t, wrong)
		if on != nil || err == nil || !strings.Contains(err.Error(), "http://host:port") {
			t.Errorf("%q: tracer %v, error %v", wrong, on, err)
		}
	}
}
