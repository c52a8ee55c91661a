//go:build labs || brokers || docker

package acceptance

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"workshop.example/kit/kafkatest"
)

// browser is a headless Chromium for one test. Mistakes of the page's scripts fail the test.
func browser(t testing.TB) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1000, 1100))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(func(event any) {
		if e, ok := event.(*runtime.EventExceptionThrown); ok {
			t.Errorf("the page's script: %+v", e.ExceptionDetails)
		}
	}))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 10*kafkatest.Deadline)
	t.Cleanup(cancel)
	return ctx
}

// must is one action in the browser.
func must[T any](t testing.TB, page context.Context, doing string, action chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(page, action)
	if err != nil {
		t.Fatalf("%s: %v", doing, err)
	}
	return value
}

// trailRow is a row of the page's trail.
type trailRow struct {
	Topic string
	Hops  int // the parts of the correlation id
	Fresh int // of these what the row adds
}

// orderByPage fills in the shop's page, sends the order, and waits for the end of its trail, which is approved
// or fraud.
func orderByPage(t *testing.T, page context.Context, url, email, amount, end string) (uuid string, trail []trailRow) {
	t.Helper()
	must(t, page, "open "+url, chromedp.Navigate(url))
	must(t, page, "wait for the form", chromedp.WaitVisible("#send"))
	must(t, page, "e-mail", chromedp.SetValue("#email", email))
	must(t, page, "amount", chromedp.SetValue("#amount", amount))
	uuid = must(t, page, "uuid", chromedp.Value("#uuid"))
	click(t, page, "#send", end)
	trail = must(t, page, "trail", chromedp.Evaluate[[]trailRow](`[...document.querySelectorAll("#trail li")].map(li => ({
		Topic: li.dataset.topic, Hops: li.querySelectorAll(".hops span").length, Fresh: li.querySelectorAll(".hops .fresh").length}))`))
	shot := must(t, page, "screenshot", chromedp.FullScreenshot(100))
	file := filepath.Join(t.ArtifactDir(), "page.png")
	if err := os.WriteFile(file, shot, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("order %s; %d bytes of screenshot in %s", uuid, len(shot), file)
	return uuid, trail
}

// click clicks, and returns what the page says once it is in that state.
func click(t testing.TB, page context.Context, button, state string) (said string) {
	t.Helper()
	must(t, page, "click "+button, chromedp.Click(button))
	must(t, page, "wait for "+state, chromedp.WaitVisible("#status[data-state="+state+"]"))
	return must(t, page, "status", chromedp.Text("#status"))
}
