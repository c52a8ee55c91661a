//go:build brokers

package acceptance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"
)

// kinds are the faults of the cluster. Each ends when every replica is in sync again: only what is one fault, such as
// the death of two brokers, may take two copies at a time.
func (f *farm) kinds() []faultKind {
	var kinds []faultKind
	for _, whom := range []struct {
		name string
		who  func(rng *rand.Rand) []byte
	}{
		{"a broker", func(rng *rand.Rand) []byte { return some(rng, 1) }},
		{"two brokers", func(rng *rand.Rand) []byte { return some(rng, 2) }},
		{"all brokers and ZooKeeper", func(rng *rand.Rand) []byte { return append(some(rng, 3), zooKeeperHost) }},
		{"ZooKeeper", func(*rand.Rand) []byte { return []byte{zooKeeperHost} }},
	} {
		for _, how := range []struct {
			name   string
			strike func(rng *rand.Rand, hosts []byte) (string, error)
		}{
			{"kill -9", f.kill}, {"SIGTERM", f.terminate}, {"SIGSTOP", f.pause},
		} {
			kinds = append(kinds, faultKind{how.name + " of " + whom.name, func(rng *rand.Rand) (string, string, error) {
				hosts := whom.who(rng)
				return f.struck(hosts, func() (string, error) { return how.strike(rng, hosts) })
			}})
		}
	}
	return append(kinds,
		faultKind{"a broker's link cut", func(rng *rand.Rand) (string, string, error) {
			host := f.leads(rng)
			return f.struck([]byte{host}, func() (string, error) { return f.cut(host, pauseFor(rng)) })
		}},
		faultKind{"a broker's link slowed", func(rng *rand.Rand) (string, string, error) {
			host := f.leads(rng)
			return f.struck([]byte{host}, func() (string, error) { return f.slow(host, pauseFor(rng)) })
		}},
	)
}

func (f *farm) struck(hosts []byte, strike func() (string, error)) (whom, proof string, err error) {
	var names []string
	for _, host := range hosts {
		names = append(names, strings.TrimPrefix(nodeName(host), "broker-"))
	}
	proof, err = strike()
	return strings.Join(names, ", "), proof, errors.Join(err, f.awaitWhole())
}

// some are n brokers.
func some(rng *rand.Rand, n int) []byte {
	var hosts []byte
	for _, i := range rng.Perm(len(farmBrokers))[:n] {
		hosts = append(hosts, farmBrokers[i])
	}
	return hosts
}

// away is how long one that was killed stays away: less than its session of 6 s, or more. awaitWhole starts it again.
func away(rng *rand.Rand) { time.Sleep(within(rng, 10*time.Second)) }

func (f *farm) kill(rng *rand.Rand, hosts []byte) (string, error) {
	pids := f.pids(hosts)
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	err := gone(pids, 5*time.Second)
	away(rng)
	return fmt.Sprintf("gone: %v", pids), err
}

// terminate stops the brokers at once, and ZooKeeper when they are gone.
func (f *farm) terminate(rng *rand.Rand, hosts []byte) (string, error) {
	pids := f.pids(hosts)
	brokers := slices.DeleteFunc(slices.Clone(hosts), func(host byte) bool { return host == zooKeeperHost })
	err := each(brokers, func(host byte) error { return f.native("stop", host) })
	if slices.Contains(hosts, zooKeeperHost) {
		err = errors.Join(err, f.native("stop", zooKeeperHost))
	}
	err = errors.Join(err, gone(pids, time.Second))
	away(rng)
	return fmt.Sprintf("ended: %v", pids), err
}

func (f *farm) pause(rng *rand.Rand, hosts []byte) (string, error) {
	pids := f.pids(hosts)
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGSTOP)
	}
	d := pauseFor(rng)
	err := pauseOf(d, pids...)
	return fmt.Sprintf("state T for %.1f s: %v", d.Seconds(), pids), err
}

func (f *farm) pids(hosts []byte) []int {
	var pids []int
	for _, host := range hosts {
		pids = append(pids, f.pid(host))
	}
	return pids
}

// gone waits until processes are no more.
func gone(pids []int, within time.Duration) error {
	for end := time.Now().Add(within); ; time.Sleep(5 * time.Millisecond) {
		left := slices.DeleteFunc(slices.Clone(pids), func(pid int) bool { s := processState(pid); return s == 0 || s == 'Z' })
		switch {
		case slices.Contains(pids, 0):
			return fmt.Errorf("one was not running: %v", pids)
		case len(left) == 0:
			return nil
		case time.Now().After(end):
			return fmt.Errorf("still there: %v", left)
		}
	}
}

// cut cuts the broker off from everybody for that long.
func (f *farm) cut(host byte, d time.Duration) (string, error) {
	cable := f.cloud.cables[host]
	began := time.Now()
	dropped := cable.dropped.Load()
	cable.cut.Store(true)
	defer cable.cut.Store(false)
	passed := cable.passed.Load()
	if took, err := f.dial(host, time.Second); err == nil {
		return "", fmt.Errorf("a connection to it took %s, with its link cut", took)
	}
	time.Sleep(d - time.Since(began)) // not to wait for a state: it is the fault
	// What was on its way when the link was cut is in no hurry: a packet in each direction.
	if n := cable.passed.Load() - passed; n > 4 {
		return "", fmt.Errorf("%d packets came through the link that was cut", n)
	}
	n := cable.dropped.Load() - dropped
	if n == 0 {
		return "", nil
	}
	return fmt.Sprintf("%.1f s, no connection, %d packets held up", d.Seconds(), n), nil
}

// slow gives the broker's link a delay and a low rate for that long.
func (f *farm) slow(host byte, d time.Duration) (string, error) {
	cable := f.cloud.cables[host]
	began := time.Now()
	delayed := cable.delayed.Load()
	cable.slow.Store(true)
	defer cable.slow.Store(false)
	// The first packet of a connection may be dropped, where the queue is full: the proof is that none is fast.
	took, err := f.dial(host, 10*time.Second)
	if took < 2*slowDelay {
		return "", fmt.Errorf("a connection to it took %s, with its link slowed (%v)", took, err)
	}
	time.Sleep(d - time.Since(began))
	return fmt.Sprintf("%.1f s, a connection took %d ms, %d packets delayed", d.Seconds(), took.Milliseconds(),
		cable.delayed.Load()-delayed), nil
}
