package shoptest

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/IBM/sarama"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// receiver keeps the spans that it is sent, as a collector would get them.
type receiver struct {
	*httptest.Server

	mu    sync.Mutex
	spans map[string]span // by their ids
}

type span struct{ service, name, id, parent, trace string }

func receive(t *testing.T) *receiver {
	r := &receiver{spans: map[string]span{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		// A request to export is the same on the wire as the data.
		var data otlp.TracesData
		if err == nil {
			err = proto.Unmarshal(body, &data)
		}
		if err != nil || req.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", req.URL, err)
		}
		r.add(&data)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) add(data *otlp.TracesData) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range data.GetResourceSpans() {
		service := ""
		for _, a := range resource.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				id := hex.EncodeToString(s.GetSpanId())
				r.spans[id] = span{service, s.GetName(), id, hex.EncodeToString(s.GetParentSpanId()), hex.EncodeToString(s.GetTraceId())}
			}
		}
	}
}

// ways returns each span of a trace with those that it is in, the outermost first, in alphabetical order.
func (r *receiver) ways(trace string) (ways []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if s.trace != trace {
			continue
		}
		way := []string{s.service + ": " + s.name}
		for parent, ok := r.spans[s.parent]; ok; parent, ok = r.spans[parent.parent] {
			way = append(way, parent.service+": "+parent.name)
		}
		slices.Reverse(way)
		ways = append(ways, strings.Join(way, " > "))
	}
	slices.Sort(ways)
	return ways
}

// nested returns the ways to the spans of a tree, each given with the depth in tabs.
func nested(tree string) (ways []string) {
	var way []string
	for line := range strings.Lines(strings.TrimSpace(tree)) {
		name := strings.TrimLeft(line, "\t")
		way = append(way[:len(line)-len(name)], strings.TrimSpace(name))
		ways = append(ways, strings.Join(way, " > "))
	}
	slices.Sort(ways)
	return ways
}

// An order is one trace, through every service that has to do with it. It goes on from the trace of who has posted it.
func TestAnOrderIsOneTrace(t *testing.T) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50") // ms
	r := receive(t)
	shop, _ := open(t, Options{Mails: true, Traces: r.URL})
	const trace = "0af7651916cd43dd8448eb211c80319c"
	post(t, shop, "traced", "00-"+trace+"-b7ad6b7169203331-01")
	want := nested(`
http-ecommerce: POST /orders
	http-ecommerce: outbox
		http-ecommerce: publish ECOMMERCE_NEW_ORDER
			fraud-detector: process ECOMMERCE_NEW_ORDER
				fraud-detector: decide
				fraud-detector: publish ECOMMERCE_ORDER_APPROVED
			email-new-order: process ECOMMERCE_NEW_ORDER
				email-new-order: publish ECOMMERCE_SEND_EMAIL
					email-service: process ECOMMERCE_SEND_EMAIL
						email-service: e-mail
`)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("spans\n%s\nwant\n%s", strings.Join(r.ways(trace), "\n"), strings.Join(want, "\n"))
		}
	})
	kafkatest.Eventually(t, "the trace is complete", func() bool { return slices.Equal(r.ways(trace), want) })
}

// The control: a span whose parent is another, or is missing, is not where it belongs.
func TestABrokenTraceIsSeen(t *testing.T) {
	want := nested("a: request\n\tb: process\n\t\tb: decide")
	for _, c := range []struct {
		parent string // of what b has processed
		whole  bool
	}{{"1", true}, {"", false}, {"3", false}, {"9", false}} {
		r := &receiver{spans: map[string]span{
			"1": {"a", "request", "1", "", "t"}, "2": {"b", "process", "2", c.parent, "t"}, "3": {"b", "decide", "3", "2", "t"},
			"4": {"b", "process", "4", "", "another"},
		}}
		if c.parent == "3" {
			r.spans["3"] = span{"b", "decide", "3", "1", "t"}
		}
		if got := r.ways("t"); slices.Equal(got, want) != c.whole {
			t.Errorf("parent %q: %q", c.parent, got)
		}
	}
}

// Unless the variable is set no record has the header, even where a client has sent it.
func TestWithoutTraces(t *testing.T) {
	shop, c := open(t, Options{Mails: true})
	post(t, shop, "untraced", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	records := func() (all []*sarama.ConsumerMessage) {
		for _, topic := range event.EcommerceTopics {
			all = append(all, c.ReadAll(topic)...)
		}
		return all
	}
	kafkatest.Eventually(t, "an order, its decision and its e-mail are there", func() bool { return len(records()) >= 3 })
	for _, msg := range records() {
		for _, h := range msg.Headers {
			if string(h.Key) == "traceparent" {
				t.Errorf("%s: a record with the header %s", msg.Topic, h.Key)
			}
		}
	}
}

// post posts an order as part of a trace.
func post(t *testing.T, shop *Shop, uuid, traceparent string) {
	t.Helper()
	body := strings.NewReader(`{"uuid": "` + uuid + `", "email": "ana@example.com", "amount": 153.00}`)
	req, err := http.NewRequest(http.MethodPost, shop.Gateway.URL()+"/orders", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("traceparent", traceparent)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s", resp.Status)
	}
}
