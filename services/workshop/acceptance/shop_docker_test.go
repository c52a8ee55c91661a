//go:build docker

package acceptance

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// shop are the services of the profile ecommerce.
var shop = []string{
	"http-ecommerce", "fraud-detector", "user-service", "email-new-order", "email-service", "reading-report",
	"batch-send-message", "log-service", "dead-letter", "mailbox",
}

// The shop in containers: the story by its page, each service killed and back, messages and files that
// outlive a restart.
func TestShopInDocker(t *testing.T) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(compose(t, slices.Concat([]string{"logs", "--tail", "15"}, shop)...))
		}
		compose(t, "--profile", "*", "down", "-v", "--remove-orphans")
	})
	began := time.Now()
	compose(t, slices.Concat([]string{"--profile", "ecommerce", "up", "-d", "--build", "--wait"}, cluster, shop)...)
	t.Logf("all healthy after %s", time.Since(began).Round(time.Second))
	s := shopUnderTest{
		url:     "http://127.0.0.1:" + published(t, "http-ecommerce", "8080"),
		mailed:  func(email string) bool { return strings.Contains(docker(t, "logs", "mailbox"), strconv.Quote(email)) },
		reports: func() map[string]string { return reportsInContainer(t) },
	}
	t.Run("story", func(t *testing.T) { shopStory(t, s) })
	t.Run("confined", shopConfined)
	t.Run("killed and back", func(t *testing.T) {
		for _, name := range shop {
			signalMain(t, name, "KILL")
		}
		for _, name := range shop {
			kafkatest.Eventually(t, name+" was restarted", func() bool { return inspect(t, name).RestartCount > 0 })
			awaitHealth(t, name, "healthy")
		}
	})
	t.Run("orders of the command", func(t *testing.T) {
		compose(t, "run", "--rm", "-T", "new-order", "--orders", "200", "--users", "20", "--seed", "1")
		kafkatest.Eventually(t, "an e-mail for each", func() bool {
			return strings.Count(docker(t, "logs", "mailbox"), "Message-ID:") >= 202
		})
	})
	t.Run("files outlive down", func(t *testing.T) {
		compose(t, "--profile", "ecommerce", "down")
		compose(t, slices.Concat([]string{"--profile", "ecommerce", "up", "-d", "--wait"}, cluster, shop)...)
		if got := len(reportsInContainer(t)); got != 2 {
			t.Errorf("%d reports after the restart, want 2", got)
		}
	})
}

func shopConfined(t *testing.T) {
	for _, name := range shop {
		c := inspect(t, name)
		if c.Config.User != "nonroot" || !c.HostConfig.ReadonlyRootfs || !slices.Contains(c.HostConfig.CapDrop, "ALL") || c.HostConfig.Memory == 0 || c.State.Health == nil {
			t.Errorf("%s is not confined: %+v", name, c)
		}
		if published := len(c.HostConfig.PortBindings) > 0; published != (name == "http-ecommerce") {
			t.Errorf("%s publishes %v", name, c.HostConfig.PortBindings)
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
