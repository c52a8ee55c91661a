package process

import (
	"context"
	"slices"
	"sync"
)

// Life is one run of a program: a [*Process], or a type that wraps one.
type Life interface{ Ended() <-chan struct{} }

// KeptAlive is a program that is started again each time it ends. Its methods are safe for concurrent use.
type KeptAlive[L Life] struct {
	cancel context.CancelFunc
	over   chan struct{} // closed when the program is not started again any more

	mu    sync.Mutex
	lives []L
	err   error
}

// KeepAlive starts a program, and again each time it ends, until ctx ends, Release is called, or a start fails. Before each
// further start it calls again with the life that has ended and the number of restarts so far; again may wait, and gives
// the program up by an error.
func KeepAlive[L Life](ctx context.Context, start func() (L, error), again func(last L, restarts int) error) (*KeptAlive[L], error) {
	first, err := start()
	if err != nil {
		return nil, err
	}
	k := &KeptAlive[L]{over: make(chan struct{}), lives: []L{first}}
	ctx, k.cancel = context.WithCancel(ctx)
	go func() {
		defer close(k.over)
		defer k.cancel()
		for k.restart(ctx, start, again) {
		}
	}()
	return k, nil
}

// restart waits for the end of a life and begins the next one.
func (k *KeptAlive[L]) restart(ctx context.Context, start func() (L, error), again func(L, int) error) bool {
	last := k.Last()
	select {
	case <-last.Ended():
	case <-ctx.Done():
		return false
	}
	if ctx.Err() != nil {
		return false
	}
	if k.err = again(last, k.Restarts()); k.err != nil || ctx.Err() != nil {
		return false
	}
	var next L
	if next, k.err = start(); k.err != nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lives = append(k.lives, next)
	return true
}

// Release stops the restarts and leaves the last life alone. When it returns, no start is under way. The error says why the
// program was given up before; nil if it was not.
func (k *KeptAlive[L]) Release() error {
	k.cancel()
	<-k.over
	return k.err
}

// Last returns the latest life, which may have ended.
func (k *KeptAlive[L]) Last() L {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lives[len(k.lives)-1]
}

// Lives returns all lives so far, the first one first.
func (k *KeptAlive[L]) Lives() []L {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.lives)
}

// Restarts returns how often the program was started again.
func (k *KeptAlive[L]) Restarts() int { return len(k.Lives()) - 1 }
