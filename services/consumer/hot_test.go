package consumer

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/service"
)

// printing is a reader that prints for nobody, and a message for it.
func printing() (*reader, *sarama.ConsumerMessage) {
	r := &reader{process: &service.Process{Out: service.NewLines(io.Discard)}, total: prometheus.NewCounter(prometheus.CounterOpts{})}
	return r, &sarama.ConsumerMessage{Topic: "transactions", Key: []byte("34403"), Value: fmt.Appendf(nil, good, 1)}
}

// To check a message and to print it takes no memory.
func TestHandleAllocatesNothing(t *testing.T) {
	r, msg := printing()
	got := testing.AllocsPerRun(10_000, func() {
		if err := r.handle(context.Background(), msg); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("%.0f allocations for a message, want 0", got)
	}
}

func BenchmarkHandle(b *testing.B) {
	r, msg := printing()
	b.ReportAllocs()
	b.SetBytes(int64(len(msg.Value)))
	for b.Loop() {
		if err := r.handle(context.Background(), msg); err != nil {
			b.Fatal(err)
		}
	}
}
