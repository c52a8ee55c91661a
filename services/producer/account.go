package producer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// account counts the outcomes of messages. There are three: acknowledged, failed, and unknown, where no answer said
// whether it is in the log, or the process had to stop before one came. One goroutine sends, another reports outcomes.
type account struct {
	sent, acknowledged, failed, unknown atomic.Uint64
	published                           *kafka.Published

	progress atomic.Int64  // Unix ms of the last acknowledgement, or of a send after quiet
	failing  atomic.Bool   // the last outcome was a failure
	summedUp atomic.Bool   // what comes now is too late to be counted
	complete atomic.Bool   // no further message will be sent
	settled  chan struct{} // closed when complete, and every message has its outcome
	settle   sync.Once
}

func newAccount(p *service.Process) *account {
	return &account{published: kafka.NewPublished(p.Ops.Registry), settled: make(chan struct{})}
}

// send counts a message before it is handed to the sender.
func (a *account) send() {
	if a.pending() == 0 {
		a.progress.Store(time.Now().UnixMilli())
	}
	a.sent.Add(1)
}

// unsend takes back a send that was not handed over.
func (a *account) unsend() { a.sent.Add(^uint64(0)) }

// count adds outcomes, and the lines of their messages are out. The first of the messages was made at began.
func (a *account) count(began time.Time, acknowledged, failed, unknown int) {
	a.published.Count(began, acknowledged, failed, unknown)
	a.acknowledged.Add(uint64(acknowledged))
	a.failed.Add(uint64(failed))
	a.unknown.Add(uint64(unknown))
	if acknowledged > 0 {
		a.progress.Store(time.Now().UnixMilli())
	}
	a.failing.Store(failed+unknown > 0)
	a.settleIfDone()
}

func (a *account) settleIfDone() {
	if a.complete.Load() && a.pending() == 0 {
		a.settle.Do(func() { close(a.settled) })
	}
}

// pending is how many messages have no outcome yet.
func (a *account) pending() uint64 {
	return a.sent.Load() - a.acknowledged.Load() - a.failed.Load() - a.unknown.Load()
}

// closed reports whether the summary was made, and later outcomes no longer count.
func (a *account) closed() bool { return a.summedUp.Load() }

// wait returns when every message has its outcome, or wait.Grace after ctx has ended. Call it when
// no further message will be sent.
func (a *account) wait(ctx context.Context) {
	a.complete.Store(true)
	a.settleIfDone()
	select {
	case <-a.settled:
		return
	case <-ctx.Done():
	}
	select {
	case <-a.settled:
	case <-time.After(wait.Grace):
	}
}

// sumUp closes the account. The format takes the messages sent, acknowledged, failed and unknown, the
// time, and the messages acknowledged per second. An error says that not every message was acknowledged.
func (a *account) sumUp(format string, took time.Duration) (line string, err error) {
	a.summedUp.Store(true)
	sent, acked, failed := a.sent.Load(), a.acknowledged.Load(), a.failed.Load()
	unknown := sent - acked - failed
	if failed+unknown > 0 {
		err = fmt.Errorf("%d of %d messages were not acknowledged (%d failed, %d unknown)", failed+unknown, sent, failed, unknown)
	}
	return fmt.Sprintf(format, sent, acked, failed, unknown, took.Round(time.Millisecond), float64(acked)/took.Seconds()), err
}

// stalled is how long messages may be in flight without any outcome before /readyz says so: longer
// than a leader election.
const stalled = 15 * time.Second

func (a *account) ready() error {
	if a.failing.Load() {
		return errors.New("the last message was not acknowledged")
	}
	if since := time.Since(time.UnixMilli(a.progress.Load())); a.pending() > 0 && since > stalled {
		return fmt.Errorf("%d messages in flight, and no acknowledgement for %s", a.pending(), since.Round(time.Second))
	}
	return nil
}
