//go:build labs || brokers || docker

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// shopUnderTest is the e-commerce system, wherever it runs.
type shopUnderTest struct {
	url     string
	mailed  func(email string) bool  // an e-mail has arrived there
	reports func() map[string]string // the reports on disk: text by name
}

// shopStory is the whole story once: an order by the page, its trail, its e-mail, and a report.
func shopStory(t *testing.T, s shopUnderTest) {
	page := browser(t)
	for email, c := range map[string]struct{ amount, end, decision string }{
		"ana@example.com": {"153.00", "approved", event.OrderApprovedTopic},
		"bia@example.com": {"4.500,00", "fraud", event.OrderRejectedTopic}, // as it is typed in Brazil
	} {
		uuid, trail := orderByPage(t, page, s.url, email, c.amount, c.end)
		want := map[string]trailRow{
			event.NewOrderTopic:  {event.NewOrderTopic, 2, 2},
			c.decision:           {c.decision, 4, 2},
			event.SendEmailTopic: {event.SendEmailTopic, 4, 2},
		}
		for _, got := range trail {
			if want[got.Topic] != got {
				t.Errorf("order %s: row %+v, want %+v", uuid, got, want[got.Topic])
			}
			delete(want, got.Topic)
		}
		for topic := range want {
			t.Errorf("order %s: the trail has no row of %s: %v", uuid, topic, trail)
		}
		kafkatest.Eventually(t, "an e-mail to "+email, func() bool { return s.mailed(email) })
	}
	// The users are stored by a service that nobody waits for: ask until both have their reports.
	kafkatest.Eventually(t, "two reports", func() bool {
		if said := click(t, page, "#reports", "idle"); !strings.Contains(said, "Relatórios solicitados") {
			t.Fatalf("the page says %q", said)
		}
		return len(s.reports()) == 2
	})
	for name, text := range s.reports() {
		uuid, ok := strings.CutSuffix(name, "-report.txt")
		if !ok || !strings.HasSuffix(strings.TrimSpace(text), "Created for "+uuid) {
			t.Errorf("report %s:\n%s", name, text)
		}
	}
}

// filesIn are the texts of the reports in a folder; an unfinished one has another name.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*-report.txt"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = string(text)
	}
	return files
}
