//go:build labs

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
)

// The alerts of a user and of a platform are what the golden files say, read with kafka-python. The control is a golden file without a
// field.
func TestPythonReadsAlerts(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:1", "transactions.alerts:1")
	for _, golden := range []string{"alert_user.json", "alert_platform.json"} {
		value, err := os.ReadFile(filepath.Join(root(t), "services", "kit", "event", "testdata", golden))
		if err != nil {
			t.Fatal(err)
		}
		subject := map[string]string{"alert_user.json": "48213", "alert_platform.json": "Tablet"}[golden]
		producer := c.Producer()
		_, _, err = producer.SendMessage(&sarama.ProducerMessage{
			Topic: "transactions.alerts", Key: sarama.StringEncoder(subject), Value: sarama.ByteEncoder(value),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sendTransactions(t, c, 100)
	service(t, "monitor", "BOOTSTRAP_SERVERS="+c.Bootstrap(), "RULES=count:2/1m", "HTTP_PORT=0").waitFor("! alerta")
	alerts := c.ReadAll("transactions.alerts")
	read := func(golden ...string) *program {
		args := []string{filepath.Join("testdata", "alerts.py"), c.Bootstrap(), "transactions.alerts", fmt.Sprint(len(alerts))}
		for _, name := range golden {
			args = append(args, filepath.Join(root(t), "services", "kit", "event", "testdata", name))
		}
		return start(t, nil, os.Getenv("WORKSHOP_PYTHON"), args...)
	}
	p := read("alert_user.json", "alert_platform.json")
	if code := p.exit(kafkatest.Deadline); code != 0 {
		t.Fatalf("exit code %d: %s", code, tail(p.Logs()))
	}
	var want []string
	for _, msg := range alerts {
		want = append(want, strings.TrimSpace(string(msg.Value)))
	}
	if !slices.Equal(p.Lines(), want) || len(want) < 3 {
		t.Errorf("Python reads %q, want %q", p.Lines(), want)
	}
	if p := read("alert_platform.json"); p.exit(kafkatest.Deadline) != 1 || !contains(p.Logs(), "an alert of another form") {
		t.Errorf("a form that is not known is read: %s", tail(p.Logs()))
	}
}
