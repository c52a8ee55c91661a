//go:build docker

package acceptance

import (
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// shop are the services of the profile ecommerce.
var shop = []string{
	"http-ecommerce", "fraud-detector", "user-service", "email-new-order", "email-service", "reading-report",
	"batch-send-message", "log-service", "dead-letter", "mailbox",
}

// shopStarts is the shop in containers, and the story by its page.
func shopStarts(t *testing.T) {
	up(t, nil, slices.Concat([]string{"--profile", "ecommerce", "up", "-d", "--build", "--wait"}, shop)...)
	shopConfined(t)
	shopStory(t, shopUnderTest{
		url:     "http://127.0.0.1:" + published(t, "http-ecommerce", "8080"),
		mailed:  func(email string) bool { awaitLog(t, "mailbox", strconv.Quote(email)); return true },
		reports: func() map[string]string { return reportsInContainer(t) },
	})
}

// ordersOfTheCommand has an e-mail for each order, the two of the story included.
func ordersOfTheCommand(t *testing.T) {
	compose(t, "run", "--rm", "-T", "new-order", "--orders", "200", "--users", "20", "--seed", "1")
	awaitLines(t, "mailbox", "Message-ID:", 202)
}

func shopConfined(t *testing.T) {
	for _, c := range inspectAll(t, shop...) {
		if c.Config.User != "nonroot" || !c.HostConfig.ReadonlyRootfs || !slices.Contains(c.HostConfig.CapDrop, "ALL") ||
			c.HostConfig.Memory == 0 || c.State.Health == nil {
			t.Errorf("%s is not confined: %+v", c.Name, c)
		}
		if published := len(c.HostConfig.PortBindings) > 0; published != (c.Name == "/http-ecommerce") {
			t.Errorf("%s publishes %v", c.Name, c.HostConfig.PortBindings)
		}
	}
	t.Log("memory:\n" + docker(t, slices.Concat([]string{"stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}"}, shop)...))
}

// reportsInContainer copies the reports out; the image has no shell to look with.
func reportsInContainer(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	docker(t, "cp", container(t, "reading-report")+":/state/.", dir)
	return filesIn(t, filepath.Join(dir, "target"))
}
