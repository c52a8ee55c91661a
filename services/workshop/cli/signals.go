package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"workshop.example/kit/service"
)

// sameStop is how long further signals count as the first: timeout(1) signals its child and then
// the whole group that the child is in, and nobody presses Ctrl-C twice this fast.
const sameStop = 300 * time.Millisecond

// lastResort is longer than a command ever takes to stop; only a reader of our output that has stalled
// can hold us beyond it. Ending then closes the pipes of the services, which stop by themselves. A lab
// that has killed a broker starts it again first, and says so here.
var lastResort atomic.Int64 // a time.Duration

func init() { lastResort.Store(int64(8 * time.Second)) }

// untilStopped returns a context that ends with the first SIGINT, SIGTERM or SIGHUP, and one that
// ends with the next SIGINT or SIGTERM.
func untilStopped() (stop, kill context.Context) {
	stop, cancelStop := context.WithCancel(context.Background())
	kill, cancelKill := context.WithCancel(context.Background())
	// «workshop up | head» must not kill us on the spot, messages unsaved: taking the signal turns it
	// into an error of the write, on which up stops as it does on Ctrl-C.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		first := time.Now()
		cancelStop()
		time.AfterFunc(time.Duration(lastResort.Load()), func() {
			go fmt.Fprintln(os.Stderr, "workshop: still not stopped: giving up") // which may stall as well
			time.Sleep(100 * time.Millisecond)
			os.Exit(service.ExitFailed)
		})
		for sig := range signals {
			if sig != syscall.SIGHUP && time.Since(first) > sameStop {
				cancelKill()
			}
		}
	}()
	return stop, kill
}
