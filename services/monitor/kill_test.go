package monitor

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
	"workshop.example/kit/service"
)

// The monitors of these tests: the right one, and the controls.
const (
	right     = "right"
	forgotten = "forgotten" // begins with empty windows
	apart     = "apart"     // commits offsets outside of the transaction
)

var variants = map[string]func(*service.Env) config{
	right:     configure,
	forgotten: func(env *service.Env) config { cfg := configure(env); cfg.forgets = true; return cfg },
	apart:     func(env *service.Env) config { cfg := configure(env); cfg.apart = true; return cfg },
}

// asMonitor makes this test's own executable a monitor, so that a test can kill a real one.
const asMonitor = "TEST_AS_MONITOR"

func TestMain(m *testing.M) {
	if variant := os.Getenv(asMonitor); variant != "" {
		service.Main(service.About{Name: "monitor"}, variants[variant], run)
	}
	os.Exit(m.Run())
}

// process is a monitor as a process of its own.
func process(t testing.TB, variant string, vars map[string]string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	// A program with the race detector sleeps for a second before it ends, unless told otherwise.
	cmd.Env = append(os.Environ(), asMonitor+"="+variant, "GORACE=atexit_sleep_ms=0")
	for name, value := range vars {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// Twenty times kill -9, in turn at any time, and when a broker has just got one of the requests that a transaction is made of, so that
// it is done and the monitor does not hear of it. Alerts are judged against all that the records have broken.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	const guarantee = "each alert of the monitor is sent once"
	for variant, kills := range map[string]int{right: 20, forgotten: 6, apart: 6} {
		t.Run(variant, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			c := start(t)
			m := newMarket(t, c)
			faults := map[string]int{}
			for n := range kills {
				at := moments[n%len(moments)]
				live(t, c, m, variant, at)
				faults["monitor killed -9 "+at.name]++
			}
			m.send(200)
			last := kafkatest.StartRun(t, env(t, c), variants[variant], run)
			watched(t, c)
			if err := last.Stop(); err != nil {
				t.Fatal(err)
			}
			v := judge(t, c, testRules)
			aborted := len(c.ReadUncommitted("transactions.alerts")) - len(c.ReadAll("transactions.alerts"))
			t.Logf("%d records, %v, %d alerts aborted: %s", m.sent, faults, aborted, v)
			measured := reliability.Measurement{
				Guarantee: guarantee, Ground: reliability.Embedded, Test: t.Name(), Seconds: time.Since(began).Seconds(), Events: v.wanted,
				Faults: faults, Lost: v.lost, Duplicated: v.duplicated + v.unfounded,
			}
			switch {
			case variant == right && !v.clean():
				t.Error("an alert was lost, sent twice, or unfounded")
			case variant != right && v.clean():
				t.Error("the control is not red: the test shows nothing")
			}
			if variant != right {
				measured = reliability.Measurement{Guarantee: guarantee, Ground: reliability.Embedded, Test: t.Name(), Controls: 1}
				if !v.clean() {
					measured.Caught = 1
				}
			}
			if err := reliability.Record(measured); err != nil {
				t.Error(err)
			}
		})
	}
}

// moment is when a monitor is killed: as a request arrives.
type moment struct {
	name  string
	topic string
	keys  []kmsg.Key // none: at any time
}

var moments = []moment{
	{name: "at any time"},
	{name: "as alerts arrive", keys: []kmsg.Key{kmsg.Produce}, topic: "transactions.alerts"},
	{name: "as an offset arrives", keys: []kmsg.Key{kmsg.TxnOffsetCommit, kmsg.OffsetCommit}},
	{name: "as a transaction ends", keys: []kmsg.Key{kmsg.EndTxn}},
}

// live is one life of a monitor while transactions come. It returns when that was killed.
func live(t *testing.T, c *kafkatest.Cluster, m *market, variant string, at moment) {
	t.Helper()
	cmd := process(t, variant, env(t, c))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { cmd.Process.Kill() }
	after := time.Duration(m.rng.Int64N(int64(600 * time.Millisecond)))
	feeding := make(chan struct{})
	var fed sync.WaitGroup
	fed.Go(func() { feed(t, m, feeding) })
	for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
		if !strings.HasPrefix(scanner.Text(), "partições observadas: ") {
			continue
		}
		if at.keys == nil {
			time.AfterFunc(after, kill) // not to wait for a state: to meet any
			continue
		}
		defer c.Fault(kfake.Fault{Keys: at.keys, Topic: at.topic, Observe: true, Count: 1, When: func(kmsg.Request) bool {
			kill()
			return true
		}}).Remove()
	}
	if cmd.Wait() == nil {
		t.Error("the monitor ended before it was killed")
	}
	close(feeding)
	fed.Wait()
}

// feed sends a few transactions now and then, until it is told to end.
func feed(t testing.TB, m *market, ended <-chan struct{}) {
	pace := time.NewTicker(40 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-ended:
			return
		case <-pace.C:
			if err := m.trySend(10); err != nil {
				t.Error(fmt.Errorf("feed: %w", err))
				return
			}
		}
	}
}
