package rig

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/wire"
)

// Wire starts a proxy, which ends with the bench. A program goes through it with [Through].
func (b *Bench) Wire() (*wire.Proxy, error) {
	if b.Cluster.Proxy != "" {
		return nil, &NotRun{Cause: "this lab stands between the programs and the brokers itself, and cannot go through another proxy: " +
			"unset KAFKA_PROXY"}
	}
	if s := b.Cluster.Security; s != nil && s.TLS != nil {
		return nil, &NotRun{Cause: "this lab reads what goes between the programs and the brokers, and TLS hides that: give it a listener " +
			"without TLS (KAFKA_SECURITY_PROTOCOL=PLAINTEXT or SASL_PLAINTEXT), or the embedded cluster, without --bootstrap-servers"}
	}
	p, err := wire.Listen()
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wires = append(b.wires, p)
	return p, nil
}

// Through is the variable that leads a program through a proxy.
func Through(p *wire.Proxy) string { return "KAFKA_PROXY=" + p.URL() }

// CloseWires ends the proxies. An error says that one of them did not do its work, so that the
// experiment proves nothing.
func (b *Bench) CloseWires() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, p := range b.wires {
		errs = append(errs, p.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return &NotRun{Cause: fmt.Sprintf("the proxy between the programs and the brokers: %v", err)}
	}
	return nil
}

// Tap watches what one program, in all its lives, writes to the brokers, and can hold it at a step.
type Tap struct {
	*wire.Proxy
	name string          // of the program
	ctx  context.Context // nothing is held beyond its end

	mu      sync.Mutex
	steps   []Step
	event   int // see [Step.Event]
	hold    func(Step) bool
	held    chan *Held
	problem error
}

// Held is a request or an answer that has not reached its receiver yet.
type Held struct {
	Step
	fate chan wire.Fate
}

// Release decides, once, whether it goes on.
func (h *Held) Release(fate wire.Fate) { h.fate <- fate }

// Tap starts a proxy that watches the program with a name.
func (b *Bench) Tap(ctx context.Context, name string) (*Tap, error) {
	p, err := b.Wire()
	if err != nil {
		return nil, err
	}
	t := &Tap{Proxy: p, name: name, ctx: ctx, event: 1}
	p.OnRequest(func(r wire.Request) wire.Fate {
		if !watched[r.Key] {
			return wire.Pass
		}
		return t.see(RequestStep(r))
	})
	p.OnAnswer(func(a wire.Answer) wire.Fate {
		if !watched[a.Request.Key] {
			return wire.Pass
		}
		return t.see(AnswerStep(a))
	})
	return t, nil
}

// see notes a step, and holds it where that was asked for.
func (t *Tap) see(s Step, err error) wire.Fate {
	t.mu.Lock()
	s.Event = t.event
	if s.Accepted(kmsg.EndTxn) && s.Commit {
		t.event++
	}
	if t.problem == nil {
		t.problem = err
	}
	t.steps = append(t.steps, s)
	if t.hold == nil || err != nil || !t.hold(s) {
		t.mu.Unlock()
		return wire.Pass
	}
	h := &Held{s, make(chan wire.Fate, 1)}
	t.hold = nil
	t.held <- h
	t.mu.Unlock()
	select {
	case fate := <-h.fate:
		return fate
	case <-t.ctx.Done():
		return wire.Cut
	}
}

// HoldAt holds the next step for which at says so, and only that.
func (t *Tap) HoldAt(at func(Step) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hold, t.held = at, make(chan *Held, 1)
}

// Caught waits until p has come to the step that HoldAt named.
func (t *Tap) Caught(ctx context.Context, p *Process, what string) (*Held, error) {
	t.mu.Lock()
	held := t.held
	t.mu.Unlock()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	select {
	case h := <-held:
		return h, t.Err()
	case <-p.Ended():
		return nil, &NotRun{Cause: fmt.Sprintf("%s ended with exit code %d before %s", t.name, p.ExitCode(), what)}
	case <-deadline.C:
		return nil, &NotRun{Cause: fmt.Sprintf("%s: no sign within %s of this: %s", t.name, Patience, what)}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Since are the steps so far, without the first n.
func (t *Tap) Since(n int) []Step {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.steps[n:])
}

// Count is the number of steps so far.
func (t *Tap) Count() int { return len(t.Since(0)) }

// Err is what kept the tap from reading a step: then nothing that it says counts.
func (t *Tap) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.problem != nil {
		return &NotRun{Cause: fmt.Sprintf("what %s said to the brokers could not be read: %v", t.name, t.problem)}
	}
	return nil
}
