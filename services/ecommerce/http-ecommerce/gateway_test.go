package httpecommerce

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// gateway is a gateway at work in the test's process.
type gateway struct {
	*kafkatest.Run
	t   *testing.T
	dir string
	url string
}

func startGateway(t *testing.T, bootstrap, dir string, more ...string) *gateway {
	t.Helper()
	vars := map[string]string{"BOOTSTRAP_SERVERS": bootstrap, "STATE_DIR": dir, "HTTP_PORT": "0"}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	g := &gateway{Run: kafkatest.StartRun(t, vars, configure, run), t: t, dir: dir}
	kafkatest.Eventually(t, "the gateway's address", func() bool {
		for _, line := range g.Out.Lines() {
			if strings.HasPrefix(line, "http://") {
				g.url = strings.TrimSuffix(line, "/")
			}
		}
		return g.url != ""
	})
	return g
}

// topics are the system's, as a kafkatest cluster wants them.
func topics() []string {
	var names []string
	for _, topic := range event.EcommerceTopics {
		names = append(names, topic+":3")
	}
	return names
}

// client has a connection for each request. A kept one the gateway may close, for being idle, at the moment
// when a POST is sent on it, which then has no answer.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func (g *gateway) do(method, path, body string) (code int, answer string) {
	g.t.Helper()
	req, err := http.NewRequest(method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// orders are the orders on the topic, with the number of their records.
func orders(t *testing.T, c *kafkatest.Cluster) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, msg := range c.ReadAll(event.NewOrderTopic) {
		count[mustOrder(t, msg).ID]++
	}
	return count
}

func mustOrder(t *testing.T, msg *sarama.ConsumerMessage) event.Order {
	t.Helper()
	envelope, err := event.DecodeEnvelope(msg.Value)
	if err != nil {
		t.Fatal(err)
	}
	order, err := envelope.Order()
	if err != nil {
		t.Fatal(err)
	}
	return order
}

func TestDocumentsWords(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, topics()...)
	g := startGateway(t, c.Bootstrap(), t.TempDir())
	for _, step := range []struct {
		path, want string
		code       int
	}{
		{"/new?email=ana@example.com&amount=153", "New order sent\n", 200},
		{"/new?email=ana@example.com&amount=153&uuid=u-1", "New order sent\n", 200},
		{"/new?email=ana@example.com&amount=153&uuid=u-1", "Old order received.\n", 200},
		{"/new?email=ana@example.com&amount=154&uuid=u-1", "Old order received.\n", 200},
		{"/admin/generate-reports", "Report requests generated\n", 200},
	} {
		if code, got := g.do("GET", step.path, ""); code != step.code || got != step.want {
			t.Errorf("GET %s: %d %q, want %d %q", step.path, code, got, step.code, step.want)
		}
	}
	for _, path := range []string{"/new?email=ana@example.com&amount=153", "/admin/generate-reports"} {
		if code, _ := g.do("HEAD", path, ""); code != 405 {
			t.Errorf("HEAD %s: %d, want 405", path, code)
		}
	}
	kafkatest.Eventually(t, "two orders and one command", func() bool {
		return len(orders(t, c)) == 2 && len(c.ReadAll(event.SendToAllTopic)) == 1
	})
	command := c.ReadAll(event.SendToAllTopic)[0]
	envelope, err := event.DecodeEnvelope(command.Value)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := envelope.Text(); text != event.ReportTopic || string(command.Key) != event.ReportTopic || err != nil {
		t.Errorf("command %q, key %q, %v; want both %s", text, command.Key, err, event.ReportTopic)
	}
	for _, msg := range c.ReadAll(event.NewOrderTopic) {
		order := mustOrder(t, msg)
		if string(msg.Key) != "ana@example.com" || order.Email != "ana@example.com" || order.Amount.String() != "153" {
			t.Errorf("key %q, order %+v", msg.Key, order)
		}
	}
}

func TestPostOrders(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, topics()...)
	g := startGateway(t, c.Bootstrap(), t.TempDir())
	post := func(body string) int { code, _ := g.do("POST", "/orders", body); return code }
	for _, step := range []struct {
		name, body string
		want       int
	}{
		{"new", `{"uuid":"u-1","email":"ana@example.com","amount":10.50}`, 201},
		{"the same", `{"uuid":"u-1","email":"ana@example.com","amount":10.50}`, 200},
		{"the same, other scale", `{"uuid":"u-1","email":"ana@example.com","amount":10.5}`, 200},
		{"other amount", `{"uuid":"u-1","email":"ana@example.com","amount":10.51}`, 409},
		{"other address", `{"uuid":"u-1","email":"bia@example.com","amount":10.50}`, 409},
		{"no uuid", `{"email":"ana@example.com","amount":1}`, 400},
		{"amount as text", `{"uuid":"u-2","email":"ana@example.com","amount":"1"}`, 400},
		{"amount missing", `{"uuid":"u-2","email":"ana@example.com"}`, 400},
		{"nothing to pay", `{"uuid":"u-2","email":"ana@example.com","amount":0}`, 400},
		{"negative", `{"uuid":"u-2","email":"ana@example.com","amount":-1}`, 400},
		{"an exponent that would fill the memory", `{"uuid":"u-2","email":"ana@example.com","amount":1e999999999}`, 400},
		{"no address", `{"uuid":"u-2","email":"ana","amount":1}`, 400},
		{"two addresses", `{"uuid":"u-2","email":"a@example.com, b@example.com","amount":1}`, 400},
		{"a header in the address", `{"uuid":"u-2","email":"a@example.com\r\nBcc: b@example.com","amount":1}`, 400},
		{"a path as uuid", `{"uuid":"../u-2","email":"ana@example.com","amount":1}`, 400},
		{"unknown field", `{"uuid":"u-2","email":"ana@example.com","amount":1,"price":2}`, 400},
		{"two values", `{"uuid":"u-2","email":"ana@example.com","amount":1} {}`, 400},
		{"no JSON", `uuid=u-2`, 400},
		{"too large", `{"uuid":"` + strings.Repeat("u", maxBody) + `"}`, 413},
	} {
		if got := post(step.body); got != step.want {
			t.Errorf("%s: %d, want %d", step.name, got, step.want)
		}
	}
	kafkatest.Eventually(t, "one order, once", func() bool { n := orders(t, c); return len(n) == 1 && n["u-1"] == 1 })
	for path, want := range map[string]int{"/orders/u-1": 200, "/orders/u-9": 404, "/nothing": 404, "/static/": 404, "/static/page.js": 200} {
		if code, _ := g.do("GET", path, ""); code != want {
			t.Errorf("GET %s: %d, want %d", path, code, want)
		}
	}
}

// Nothing that a client sends comes back in an answer: no script can be put into an error.
func TestNoReflectedInput(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, topics()...)
	g := startGateway(t, c.Bootstrap(), t.TempDir())
	const mark = "zzmarkzz"
	for _, r := range [][3]string{
		{"GET", "/new?email=" + mark + "&amount=1", ""},
		{"GET", "/new?email=a@example.com&amount=" + mark, ""},
		{"GET", "/new?email=a@example.com&amount=1&uuid=%3C" + mark, ""},
		{"GET", "/orders/" + mark, ""},
		{"GET", "/" + mark, ""},
		{"GET", "/?q=" + mark, ""},
		{"POST", "/orders", `{"` + mark + `":1}`},
		{"POST", "/orders", `{"uuid":"u","email":"` + mark + `","amount":1}`},
		{"POST", "/orders", mark},
	} {
		if code, answer := g.do(r[0], r[1], r[2]); strings.Contains(answer, mark) {
			t.Errorf("%s %s: %d %q", r[0], r[1], code, answer)
		}
	}
}

func mustAmount(t *testing.T, text string) event.Amount {
	t.Helper()
	a, err := event.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
