package drill

import (
	"context"
	"fmt"
	"sync"

	"workshop.example/kit/service"
	"workshop.example/workshop/rig"
)

// kept is a program that is started again when it ends by itself, as Docker's restart policy does. The result
// counts that: an outage of the brokers is no reason to end.
type kept struct {
	start func() (*rig.Process, error)

	mu       sync.Mutex
	lives    []*rig.Process
	restarts int
	stopping bool
	err      error
	over     chan struct{} // closed when it is not started again any more
}

// mostRestarts is where a program that ends again and again is given up.
const mostRestarts = 20

func (s *Stage) keep(ctx context.Context, name, program string, vars ...string) (*kept, error) {
	k := &kept{over: make(chan struct{}), start: func() (*rig.Process, error) { return s.bench.Quietly(name, program, vars...) }}
	p, err := k.start()
	if err != nil {
		return nil, err
	}
	k.lives = []*rig.Process{p}
	go func() {
		defer close(k.over)
		for k.again(ctx, s) {
		}
	}()
	return k, nil
}

// again waits for the end of a life and begins the next one.
func (k *kept) again(ctx context.Context, s *Stage) bool {
	p := k.last()
	select {
	case <-p.Ended():
	case <-ctx.Done():
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopping || ctx.Err() != nil {
		return false
	}
	code, words := p.ExitCode(), s.bench.LastWords(p.Name)
	if k.restarts == mostRestarts {
		k.err = &rig.NotRun{Cause: fmt.Sprintf("%s has ended %d times, at last with exit code %d: %s", p.Name, mostRestarts+1, code, words)}
		return false
	}
	s.Say(service.Textf(
		"%s terminou com código %d e é iniciado de novo, como faz o Docker: %s",
		"%s ended with code %d and is started again, as Docker does: %s",
		p.Name, code, words,
	))
	next, err := k.start()
	if err != nil {
		k.err = err
		return false
	}
	k.restarts++
	k.lives = append(k.lives, next)
	return true
}

func (k *kept) last() *rig.Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lives[len(k.lives)-1]
}

// all are its lives so far, in their order.
func (k *kept) all() []*rig.Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]*rig.Process(nil), k.lives...)
}

// stop ends it for good. An error says why it had ended before.
func (k *kept) stop() (restarts int, err error) {
	k.mu.Lock()
	k.stopping = true
	k.mu.Unlock()
	k.last().Stop()
	<-k.over
	return k.restarts, k.err
}
