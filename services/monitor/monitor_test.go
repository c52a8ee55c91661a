package monitor

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"

	"workshop.example/monitor/window"
)

func startMonitor(t testing.TB, vars map[string]string) *kafkatest.Run {
	t.Helper()
	return kafkatest.StartRun(t, vars, configure, run)
}

var addressLine = regexp.MustCompile(`http://\S+`)

// pageOf is the address of a monitor's page.
func pageOf(t testing.TB, r *kafkatest.Run) string {
	t.Helper()
	r.WaitFor("http://")
	return strings.TrimSuffix(addressLine.FindString(r.Out.String()), "/")
}

func get(t testing.TB, address string) string {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, resp.Status, err)
	}
	return string(body)
}

func stateOf(t testing.TB, r *kafkatest.Run) (s state) {
	t.Helper()
	if err := json.Unmarshal([]byte(get(t, pageOf(t, r)+"/api/state")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// wantState compares what a page says with what a single reader of the whole topic finds.
func wantState(t testing.TB, c *kafkatest.Cluster, s state) {
	t.Helper()
	parts := map[int32]*window.Partition{}
	for p := range int32(3) {
		parts[p] = window.NewPartition(p, "BRL", nil)
	}
	for _, msg := range c.ReadAll("transactions") {
		count(parts[msg.Partition], msg, nil)
	}
	var at int64
	for _, p := range parts {
		if now, ok := p.Now(); ok {
			at = max(at, now)
		}
	}
	var all []window.Snapshot
	for p := range int32(3) {
		all = append(all, parts[p].Snapshot(at))
	}
	got, _ := json.Marshal(s.Windows)
	want, _ := json.Marshal(window.Merge(all))
	if string(got) != string(want) || s.Time != at {
		t.Errorf("the page says at %d\n%s\nwant at %d\n%s", s.Time, got, at, want)
	}
	if len(s.Partitions) != 3 || len(s.Missing) != 0 || s.Error != "" {
		t.Errorf("%d partitions, missing %v, error %q", len(s.Partitions), s.Missing, s.Error)
	}
}

func TestAlertsAreThoseOfTheLog(t *testing.T) {
	t.Parallel()
	c := start(t)
	m := newMarket(t, c)
	m.send(1500)
	r := startMonitor(t, env(t, c))
	for range 20 {
		m.send(50)
	}
	watched(t, c)
	v := judge(t, c, testRules)
	if t.Log(v); !v.clean() || v.wanted < 100 {
		t.Error("the alerts are not those of the log, or too few to tell")
	}
	s := stateOf(t, r)
	wantState(t, c, s)
	if len(s.Alerts) != latestAlerts || s.Group != "monitor" || len(s.Rules) != 6 {
		t.Errorf("%d alerts, group %s, rules %v", len(s.Alerts), s.Group, s.Rules)
	}
	r.WaitFor("! alerta: o usuário 200")
	r.WaitFor("(regra count:3/1m, partição ")
	if page := get(t, pageOf(t, r)+"/windows"); !strings.Contains(page, "Monitor de transações") || !strings.Contains(page, `"Transações"`) {
		t.Errorf("page:\n%s", page)
	}
}

// A restart goes on with the windows that there were. The control forgets them: it has to be wrong.
func TestRestartGoesOn(t *testing.T) {
	t.Parallel()
	for name, configure := range map[string]func(*service.Env) config{"rebuilt": configure, "forgotten": variants[forgotten]} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t)
			m := newMarket(t, c)
			var r *kafkatest.Run
			for range 4 {
				r = kafkatest.StartRun(t, env(t, c), configure, run)
				m.send(300)
				watched(t, c)
				if err := r.Stop(); err != nil {
					t.Fatal(err)
				}
			}
			v := judge(t, c, testRules)
			t.Log(v)
			if v.clean() == (name == "forgotten") {
				t.Errorf("with windows %s the alerts are right: %v", name, v.clean())
			}
			if name == "rebuilt" {
				r = startMonitor(t, env(t, c)) // nothing comes any more: what the page shows is all rebuilt
				kafkatest.Eventually(t, "three partitions are held", func() bool { return len(stateOf(t, r).Partitions) == 3 })
				wantState(t, c, stateOf(t, r))
			}
		})
	}
}

// The group's offset is lost, or moved back: what is on the topic is not sent again.
func TestNoAlertTwiceWhereTheOffsetIsLost(t *testing.T) {
	t.Parallel()
	c := start(t)
	newMarket(t, c).send(600)
	for range 2 {
		r := startMonitor(t, env(t, c))
		watched(t, c)
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		deleteGroup(t, c)
	}
	if v := judge(t, c, testRules); !v.clean() || v.wanted == 0 {
		t.Error(v)
	}
}

func deleteGroup(t testing.TB, c *kafkatest.Cluster) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := kafka.DeleteGroup(admin, "monitor"); err != nil {
		t.Fatal(err)
	}
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	e := service.EnvOf(map[string]string{
		"TOPIC": "t", "ALERTS_TOPIC": "t", "ISOLATION": "read_uncommitted", "RULES": "count:5/2m,sum:1/1m", "CURRENCY": "real",
		"HTTP_PORT": "70000",
	})
	configure(e)
	text := e.Err().Error()
	for _, want := range []string{
		"ALERTS_TOPIC", "ISOLATION", `"count:5/2m": its window has to be 1m or 5m`, `"sum:1/1m": no such rule`, "silence:D", "CURRENCY", "HTTP_PORT",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not name %s", text, want)
		}
	}
}
