//go:build labs || brokers

package acceptance

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"workshop.example/kit/kafkatest"
)

// drawnBoard is what can be seen on the class board.
type drawnBoard struct {
	Away, Status   string
	Score          []int  // of TeamA and TeamB
	Accounts       string // tallies, lost and repeated ids, as they are written
	Lost, Repeated []int  // by the marks in the strip of ids
	IDs            int    // squares in the strip
	Alerts         []string
	Legends        map[string][2]string         // by kind: transactions and value
	Bars           map[string]map[int]float64   // by kind and second of the minute: transactions, by the bar's height
	Brokers        map[string]string            // up or down
	Partitions     map[string]map[string]string // by topic/number and broker: leader, insync, behind or none
	Groups         map[string]drawnGroup
	Experiment     string // its words, as far as it is shown
	Verdict        string
}

type drawnGroup struct {
	Members []string          // with their partitions
	Lags    map[string]string // by topic/number
}

const readBoard = `(() => {
	const all = (selector, of = document) => [...of.querySelectorAll(selector)]
	const text = (selector, of = document) => of.querySelector(selector)?.textContent ?? ''
	const entries = (list, key, value) => Object.fromEntries(list.map((e) => [key(e), value(e)]))
	const ids = (state) => all('#match .ids .' + state).map((e) => Number(e.dataset.id))
	const legend = (kind) => ['#rate', '#value'].map((s) => text(s + ' .legend [data-kind="' + kind + '"] b'))
	const bars = (path) => Object.fromEntries([...path.getAttribute('d').matchAll(/M([\d.]+) [\d.]+h8v-([\d.]+)h-8z/g)].map((m) =>
		[(m[1] - 1) / 10, m[2] / 200 * path.closest('.chart').dataset.top]))
	const experiment = document.querySelector('#experiment')
	return {
		Experiment: experiment.hidden ? '' : experiment.innerText, Verdict: experiment.dataset.verdict ?? '',
		Away: document.querySelector('#away').hidden ? '' : text('#away'), Status: text('#status'),
		Score: all('#match .score strong').map((e) => Number(e.textContent)), Accounts: all('#match dl').map((e) => e.innerText).join(' '),
		Lost: ids('lost'), Repeated: ids('repeated'), IDs: all('#match .ids li').length,
		Alerts: all('#alerts li').map((e) => e.dataset.key),
		Legends: entries(all('#rate .legend [data-kind]'), (e) => e.dataset.kind, (e) => legend(e.dataset.kind)),
		Bars: entries(all('#rate path'), (e) => e.dataset.kind, bars),
		Brokers: entries(all('#cluster thead [data-broker]'), (e) => e.dataset.broker, (e) => e.className),
		Partitions: entries(all('#cluster tbody tr'), (e) => e.dataset.partition,
			(e) => entries(all('td', e), (td) => td.dataset.broker, (td) => td.className)),
		Groups: entries(all('#groups article'), (e) => e.dataset.group, (e) => ({
			Members: all('[data-member]', e).map((m) => m.textContent),
			Lags: entries(all('[data-place]', e), (l) => l.dataset.place, (l) => text('b', l)) })),
	}
})()`

func lookAtBoard(t testing.TB, page context.Context) drawnBoard {
	t.Helper()
	return must(t, page, "look at the board", chromedp.Evaluate[drawnBoard](readBoard))
}

// seeOnBoard waits until the board shows something.
func seeOnBoard(t testing.TB, page context.Context, what string, shown func(drawnBoard) bool) (b drawnBoard) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("the board shows %+v", b)
		}
	}()
	kafkatest.Eventually(t, "the board shows "+what, func() bool {
		b = lookAtBoard(t, page)
		return shown(b)
	})
	return b
}

var pageAddress = regexp.MustCompile(`^http://\S+`)

// startBoard starts a monitor and opens its board.
func startBoard(t testing.TB, vars ...string) (monitor *program, page context.Context) {
	t.Helper()
	monitor = service(t, "monitor", append([]string{"HTTP_PORT=0"}, vars...)...)
	address := boardAddress(t, monitor)
	page = browser(t)
	must(t, page, "screen", chromedp.EmulateViewport(1280, 720))
	must(t, page, "open "+address, chromedp.Navigate(address))
	return monitor, page
}

func boardAddress(t testing.TB, monitor *program) (address string) {
	t.Helper()
	kafkatest.Eventually(t, "the monitor tells its address", func() bool {
		for _, line := range monitor.Lines() {
			if address = pageAddress.FindString(line); address != "" {
				return true
			}
		}
		return false
	})
	return address
}

// prefer makes the page light or dark.
func prefer(t testing.TB, page context.Context, scheme string) {
	t.Helper()
	must(t, page, scheme, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// photographBoard takes the board as a projector and as a phone show it, light and dark. Nothing may stick out of its width.
func photographBoard(t testing.TB, page context.Context, name string, each func(name string)) {
	t.Helper()
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"projector", 1280, 720}, {"phone", 390, 844}} {
		must(t, page, size.name, chromedp.EmulateViewport(size.width, size.height))
		for _, scheme := range []string{"light", "dark"} {
			prefer(t, page, scheme)
			name := strings.Join([]string{name, size.name, scheme}, "-")
			if got := must(t, page, "scroll width", chromedp.Evaluate[int64]("document.documentElement.scrollWidth")); got > size.width {
				t.Errorf("%s: the page is %d wide on a screen of %d", name, got, size.width)
			}
			shot := must(t, page, "screenshot", chromedp.FullScreenshot(100))
			if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name+".png"), shot, 0o644); err != nil {
				t.Fatal(err)
			}
			if each != nil {
				each(name)
			}
		}
	}
	must(t, page, "screen", chromedp.EmulateViewport(1280, 720))
	t.Logf("screenshots in %s", t.ArtifactDir())
}
