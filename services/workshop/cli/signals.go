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

// sameStop is how long further signals count as the first. timeout(1) signals its child and then the child's process
// group, and nobody presses Ctrl-C twice this fast.
const sameStop = 300 * time.Millisecond

// lastResort is how long after the first signal the process exits, whatever still runs. Commands stop faster, unless the
// reader of our output has stalled. Exiting closes the pipes to the services, which then stop by themselves. Labs and
// drills with brokers to start again set a longer time.
var lastResort atomic.Int64 // a time.Duration

func init() { lastResort.Store(int64(8 * time.Second)) }

// untilStopped returns two contexts: stop ends with the first SIGINT, SIGTERM or SIGHUP, kill with the next SIGINT or
// SIGTERM.
func untilStopped() (stop, kill context.Context) {
	stop, cancelStop := context.WithCancel(context.Background())
	kill, cancelKill := context.WithCancel(context.Background())
	// «workshop up | head» must not kill the process at once, with messages unsaved. Handling SIGPIPE makes the write
	// fail instead, and up then stops as it does on Ctrl-C.
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
