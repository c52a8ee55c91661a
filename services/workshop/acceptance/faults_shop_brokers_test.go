//go:build brokers

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/wait"
)

// shopUnderFaults is the shop with clients that insist: each order is posted three times at once.
type shopUnderFaults struct {
	t        *testing.T
	shop     *shoptest.Shop
	quit     chan struct{}
	over     chan struct{}
	accounts []shoptest.Account
	err      error
}

const (
	orderBatch   = 5                      // orders that are posted together
	orderEvery   = 500 * time.Millisecond // from one batch to the next
	orderTimes   = 3                      // each one
	orderPrefix  = "shop."
	shopPatience = 90 * time.Second // without any progress
)

// openShopUnderFaults starts the shop on the farm's brokers, and its clients. What the programs print is left in dir.
func openShopUnderFaults(t *testing.T, dir string, farm *farm, seed uint64, length time.Duration) *shopUnderFaults {
	t.Helper()
	s := &shopUnderFaults{t: t, quit: make(chan struct{}), over: make(chan struct{})}
	s.shop = openShop(t, shoptest.Options{Brokers: farm.cluster.Brokers, Prefix: orderPrefix, Intake: "outbox", All: true})
	orders := shoptest.Plan(orderBatch*int(2+2*length/orderEvery), seed)
	go s.order(orders)
	t.Cleanup(s.leave)
	t.Cleanup(func() { s.keepOutput(dir) })
	return s
}

// keepOutput leaves what each program has printed last beside the other programs' files.
func (s *shopUnderFaults) keepOutput(dir string) {
	for _, p := range s.shop.Programs() {
		if err := os.WriteFile(filepath.Join(dir, "shop-"+p.Name+".log"), []byte(p.Output()+"\n"), 0o600); err != nil {
			s.t.Error(err)
		}
	}
}

// order posts until it is to end. Whoever has asked by then goes on asking until he has his answer.
func (s *shopUnderFaults) order(orders []event.Order) {
	defer close(s.over)
	clients := &shoptest.Clients{URL: s.shop.Gateway.URL, Parallel: orderBatch * orderTimes}
	tick := time.NewTicker(orderEvery)
	defer tick.Stop()
	for ; len(orders) >= orderBatch; orders = orders[orderBatch:] {
		select {
		case <-s.quit:
			return
		case <-tick.C:
		}
		accounts, err := clients.Post(s.t.Context(), orders[:orderBatch], orderTimes)
		s.accounts = append(s.accounts, accounts...)
		if err != nil {
			s.err = err
			return
		}
	}
}

// leave waits for the clients' last answers.
func (s *shopUnderFaults) leave() {
	select {
	case <-s.quit:
	default:
		close(s.quit)
	}
	<-s.over
}

// settle waits until every order is decided and e-mailed, and every customer has a report.
func (s *shopUnderFaults) settle() (shoptest.Judgement, []string) {
	s.t.Helper()
	s.leave()
	if s.err != nil {
		s.t.Errorf("a client of the shop: %v", s.err)
	}
	j, err := s.shop.Settle(s.t.Context(), s.accounts, shopPatience)
	if err != nil {
		s.t.Fatal(err)
	}
	return j, s.reports()
}

// reports asks for the reports, and again for those of users that were not stored yet, until there is one for each
// customer, or none comes for a while.
func (s *shopUnderFaults) reports() []string {
	s.t.Helper()
	var there []string
	progress, asked := time.Now(), time.Time{}
	for time.Since(progress) < shopPatience {
		if time.Since(asked) > 15*time.Second {
			asked = time.Now()
			if resp, err := http.Get(s.shop.Gateway.URL() + "/admin/generate-reports"); err == nil {
				resp.Body.Close()
			}
		}
		now, err := filepath.Glob(filepath.Join(s.shop.Reports, "*-report.txt"))
		if err != nil {
			s.t.Fatal(err)
		}
		if len(now) != len(there) {
			progress, there = time.Now(), now
		}
		if len(there) >= len(s.accounts) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return there
}

// kinds are the faults of the shop's programs.
func (s *shopUnderFaults) kinds() []faultKind {
	var kinds []faultKind
	for _, p := range s.shop.Programs() {
		kinds = append(kinds, programFaults(&shopProgram{s.shop, p})...)
	}
	return kinds
}

type shopProgram struct {
	shop    *shoptest.Shop
	program *shoptest.Program
}

func (p *shopProgram) victim() string { return p.program.Name }
func (p *shopProgram) running() bool  { return p.program.Running() }
func (p *shopProgram) kill() error    { return p.shop.Kill(p.program) }

// terminate wants no exit code: with its brokers away a program may have to leave something undone.
func (p *shopProgram) terminate() error {
	if err := p.shop.Terminate(p.program); errors.Is(err, shoptest.ErrNotInTime) {
		return err
	}
	return nil
}

func (p *shopProgram) pause(d time.Duration) error {
	pid := p.program.Pid()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("%s: %w", p.program.Name, os.ErrProcessDone)
	}
	return pauseOf(d, pid)
}

// awaitShop waits until the shop has decided something.
func (s *shopUnderFaults) awaitShop() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), wait.Grace+2*kafkatest.Deadline)
	defer cancel()
	if err := s.shop.AwaitDecisions(ctx, 1, 2*kafkatest.Deadline); err != nil {
		s.t.Fatal(err)
	}
}
