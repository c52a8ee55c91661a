package httpecommerce

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// follow reads an order's trail as a browser does, until its end.
func follow(t *testing.T, g *gateway, order string) []Step {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", g.url+"/orders/"+order+"/trail", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type %q", got)
	}
	var steps []Step
	kind := ""
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
		case "event":
			kind = value
		case "data":
			if kind == "end" {
				return steps
			}
			var step Step
			if err := json.Unmarshal([]byte(value), &step); err != nil {
				t.Fatal(err)
			}
			steps = append(steps, step)
		}
	}
	t.Fatalf("the trail ended without its end: %v", lines.Err())
	return nil
}

// The page's trail grows by what is read from the topics, and ends with the decision and the e-mail.
func TestTrail(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, topics()...)
	g := startGateway(t, c.Bootstrap(), t.TempDir())
	if code, _ := g.do("POST", "/orders", `{"uuid":"u-1","email":"ana@example.com","amount":4500}`); code != 201 {
		t.Fatalf("%d", code)
	}
	kafkatest.Eventually(t, "the order on its topic", func() bool { return orders(t, c)["u-1"] == 1 })
	taken := c.ReadAll(event.NewOrderTopic)[0]
	envelope, err := event.DecodeEnvelope(taken.Value)
	if err != nil {
		t.Fatal(err)
	}
	var settings stream.Settings
	producer := c.Producer()
	publish := func(topic string, way event.CorrelationID, payload any) {
		t.Helper()
		msg, err := settings.Message(topic, "ana@example.com", way, payload)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := producer.SendMessage(msg); err != nil {
			t.Fatal(err)
		}
	}
	publish(event.OrderRejectedTopic, envelope.CorrelationID.ContinueWith("FraudDetectorService"), mustOrder(t, taken))
	publish(event.OrderApprovedTopic, event.NewCorrelationID("Other"), event.Order{
		ID:     "other",
		Email:  "x@example.com",
		Amount: mustAmount(t, "1"),
	})
	publish(event.SendEmailTopic, envelope.CorrelationID.ContinueWith("EmailNewOrderService"), "thanks")

	steps := follow(t, g, "u-1")
	got := map[string]int{}
	for _, step := range steps {
		got[step.Topic] = len(step.Hops)
	}
	want := map[string]int{event.NewOrderTopic: 2, event.OrderRejectedTopic: 4, event.SendEmailTopic: 4}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(steps) != 3 {
		t.Errorf("steps (topic: hops) %v, want %v", got, want)
	}
	if code, answer := g.do("GET", "/orders/u-1", ""); code != 200 || !strings.Contains(answer, event.OrderRejectedTopic) {
		t.Errorf("GET /orders/u-1: %d %s", code, answer)
	}
}

// The trail reads partitions that are added while it runs, from their beginning. With old metadata, the
// control, it does not.
func TestTrailReadsAddedPartitions(t *testing.T) {
	t.Parallel()
	for _, age := range []time.Duration{300 * time.Millisecond, time.Hour} {
		c := kafkatest.Start(t, topics()...)
		var trail *trails
		kafkatest.StartRun(t, map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap(), "STATE_DIR": t.TempDir()}, configure,
			func(ctx context.Context, cfg config, p *service.Process) error {
				cfg.stream.Cluster.MetadataAge = age
				trail = newTrails(cfg.stream, p)
				p.Out.Print("started")
				return trail.run(ctx)
			}).WaitFor("started")
		send := func(partition int32, order string) {
			t.Helper()
			value, err := event.EncodeEnvelope(event.Order{
				ID:     order,
				Email:  "ana@example.com",
				Amount: mustAmount(t, "1"),
			}, event.NewCorrelationID(title).SentTo(event.NewOrderTopic))
			if err != nil {
				t.Fatal(err)
			}
			c.SendTo(event.NewOrderTopic, partition, string(value))
		}
		seen := func(order string) bool { steps, _ := trail.of(order, 0); return len(steps) == 1 }
		send(0, "before")
		kafkatest.Eventually(t, "an order on an old partition", func() bool { return seen("before") })
		c.AddPartitions(event.NewOrderTopic, 4)
		send(3, "added")
		if age < time.Minute {
			kafkatest.Eventually(t, "an order on the new partition", func() bool { return seen("added") })
			continue
		}
		send(0, "after")
		kafkatest.Eventually(t, "an order on an old partition", func() bool { return seen("after") })
		if seen("added") {
			t.Error("the new partition was read with old metadata")
		}
	}
}

// A stop does not wait for the trail, which asks brokers that do not answer.
func TestStopWhileTheTrailAsks(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, topics()...)
	asked, ended := make(chan struct{}), make(chan struct{})
	var once sync.Once
	c.ControlKey(int16(kmsg.ListOffsets), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		once.Do(func() { close(asked) })
		c.SleepControl(func() { <-ended })
		return nil, nil, false
	})
	t.Cleanup(func() { close(ended) }) // before the brokers' end, which waits for what sleeps
	g := startGateway(t, c.Bootstrap(), t.TempDir())
	<-asked
	if err := g.Stop(); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTrailsAreBounded(t *testing.T) {
	trails := &trails{byRoot: map[string]*trail{}, byOrder: map[string]string{}}
	for n := range maxTrails + 100 {
		o := event.Order{ID: fmt.Sprint(n), Email: "ana@example.com", Amount: mustAmount(t, "1")}
		value, err := event.EncodeEnvelope(o, event.NewCorrelationID(title).SentTo(event.NewOrderTopic))
		if err != nil {
			t.Fatal(err)
		}
		trails.add(&sarama.ConsumerMessage{Topic: event.NewOrderTopic, Offset: int64(n), Value: value})
	}
	if len(trails.byRoot) != maxTrails || len(trails.byOrder) != maxTrails || len(trails.oldest) != maxTrails {
		t.Errorf("%d trails, %d orders, %d roots; want %d of each", len(trails.byRoot), len(trails.byOrder), len(trails.oldest), maxTrails)
	}
	if steps, _ := trails.of("99", 0); len(steps) != 0 {
		t.Error("the oldest is still there")
	}
	if steps, _ := trails.of("100", 0); len(steps) != 1 {
		t.Error("the oldest that fits is gone")
	}
}
