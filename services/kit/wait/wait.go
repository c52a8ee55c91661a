// Package wait has the waits that a program can end: a pause, a close, and how long a stop may take.
package wait

import (
	"context"
	"io"
	"time"
)

// Grace is how long a service that was told to stop waits for what is under way; what has no
// outcome by then is reported as unknown. Docker kills a container 10 s after SIGTERM by default,
// so the report has to be out before.
const Grace = 8 * time.Second

// CloseTimeout is how long the close of one connection may take on the way out.
const CloseTimeout = 500 * time.Millisecond

// CloseWithin closes c, but returns after d at the latest: sarama's Close methods wait for their
// network calls, which on a dead broker is far longer than a stopping process has. It reports
// whether the close ended in time.
func CloseWithin(d time.Duration, c io.Closer) bool {
	done := make(chan struct{})
	go func() { defer close(done); c.Close() }()
	select {
	case <-done:
		return true
	case <-time.After(d):
		return false
	}
}

// Sleep waits for d, or returns early with the context's error.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
