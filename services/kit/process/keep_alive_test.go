package process

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
)

// life is one that ends when it is closed.
type life chan struct{}

func (l life) Ended() <-chan struct{} { return l }

func nextLife() (life, error)      { return make(life), nil }
func anyway(life, int) error       { return nil }
func lives(k *KeptAlive[life]) int { return len(k.Lives()) }

func TestKeptAliveIsStartedAgainUntilGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		enough := errors.New("enough")
		k, err := KeepAlive(t.Context(), nextLife, func(_ life, restarts int) error {
			if restarts == 2 {
				return enough
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for want := 1; want <= 3; want++ {
			if synctest.Wait(); lives(k) != want || k.Restarts() != want-1 {
				t.Fatalf("%d lives and %d restarts, want %d lives", lives(k), k.Restarts(), want)
			}
			close(k.Last())
		}
		synctest.Wait()
		if err := k.Release(); err != enough || lives(k) != 3 {
			t.Errorf("%d lives and %v, want that it was given up after 3", lives(k), err)
		}
	})
}

func TestReleasedProgramIsNotStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		released, _ := KeepAlive(t.Context(), nextLife, anyway)
		left, _ := KeepAlive(ctx, nextLife, anyway)
		ending, _ := KeepAlive(ctx, nextLife, func(life, int) error { cancel(); return nil })
		if err := released.Release(); err != nil {
			t.Error(err)
		}
		close(ending.Last()) // its context ends before the next start
		synctest.Wait()
		close(released.Last())
		close(left.Last())
		synctest.Wait()
		if got := fmt.Sprint(lives(released), lives(left), lives(ending)); got != "1 1 1" {
			t.Errorf("lives: %s, want one each", got)
		}
	})
}

func TestKeptAliveReportsAStartThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, starts := errors.New("broken"), 0
		start := func() (life, error) {
			if starts++; starts == 2 {
				return nil, broken
			}
			return make(life), nil
		}
		k, err := KeepAlive(t.Context(), start, anyway)
		if err != nil {
			t.Fatal(err)
		}
		close(k.Last())
		synctest.Wait()
		if err := k.Release(); err != broken {
			t.Errorf("got %v, want %v", err, broken)
		}
		starts = 1
		if _, err := KeepAlive(t.Context(), start, anyway); err != broken {
			t.Errorf("the first start: got %v, want %v", err, broken)
		}
	})
}
