package publish_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"golang.org/x/net/proxy"

	"workshop.example/kit/kafka/publish"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
)

const noneTwice = "an idempotent publisher loses nothing, sends nothing twice, keeps the order of each key, and tells every outcome"

// brokenLines dials connections that break: in the middle of a request, before an answer or in it.
type brokenLines struct {
	proxy.Dialer
	breaks *atomic.Int64 // left
	broken *atomic.Int64
}

func (d brokenLines) Dial(network, addr string) (net.Conn, error) {
	conn, err := d.Dialer.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	return &brokenLine{Conn: conn, lines: d}, nil
}

type brokenLine struct {
	net.Conn
	lines brokenLines
}

var errBroken = errors.New("the line is broken")

// breaksNow uses up one of the breaks.
func (c *brokenLine) breaksNow() bool {
	for {
		left := c.lines.breaks.Load()
		if left == 0 {
			return false
		}
		if c.lines.breaks.CompareAndSwap(left, left-1) {
			c.lines.broken.Add(1)
			c.Close()
			return true
		}
	}
}

func (c *brokenLine) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b) // the answer was on its way
	if err == nil && c.breaksNow() {
		return n / 2, errBroken
	}
	return n, err
}

func (c *brokenLine) Write(b []byte) (int, error) {
	if c.lines.broken.Load()%2 == 0 && c.lines.breaks.Load() > 0 {
		n, _ := c.Conn.Write(b[:len(b)/2])
		if c.breaksNow() {
			return n, errBroken
		}
		m, err := c.Conn.Write(b[n:])
		return n + m, err
	}
	return c.Conn.Write(b)
}

// soakErrors are answers to a batch that leave it in the log, or not, and say so, or not.
var soakErrors = []*kerr.Error{
	kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut, // stored
	kerr.NotEnoughReplicas, kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.UnknownTopicOrPartition,
	kerr.KafkaStorageError, kerr.UnknownServerError, kerr.NetworkException, kerr.CorruptMessage,
}

// soak is messages that are published while answers are falsified, leaders move and lines break.
type soak struct {
	seed          uint64
	count, faults int
	burst         int // messages that each of four goroutines publishes at a time
	batch         int // bytes, 0 for as many as usual
	answers       []*kerr.Error
	plain         bool // without idempotence
}

// run returns what the log has of the messages, and which faults there were.
func (s soak) run(t *testing.T) (*bench, finding, map[string]int) {
	t.Helper()
	t.Logf("seed %d", s.seed)
	c := kafkatest.Start(t, "t:6")
	var breaks, broken, inFlight atomic.Int64
	var stopped atomic.Bool
	b := startWith(t, c, publish.Options{BatchBytes: s.batch}, func(conf *sarama.Config) {
		conf.Net.Proxy.Dialer = brokenLines{conf.Net.Proxy.Dialer, &breaks, &broken}
		conf.Producer.Idempotent = !s.plain
	})
	publish.SetBackoff(b.Publisher, 2*time.Millisecond)
	done := make(chan map[string]int)
	go func() {
		struck := s.strike(c, &breaks)
		breaks.Store(0)
		struck["connection broken"] = int(broken.Load())
		done <- struck
	}()
	var publishing sync.WaitGroup
	for g := range 4 {
		publishing.Go(func() {
			for n := range s.count / 4 {
				b.publish(fmt.Sprintf("key %d of %d", n%23, g), fmt.Sprintf("%06d of %d %0100d", n, g, 0))
				if n%s.burst == s.burst-1 {
					// So that the faults meet many batches.
					time.Sleep(time.Duration(s.faults) * 3 * time.Millisecond / time.Duration(s.count/4/s.burst))
				}
			}
		})
	}
	go func() {
		for most := 0; !stopped.Load(); time.Sleep(200 * time.Microsecond) {
			most = max(most, publish.InFlight(b.Publisher))
			inFlight.Store(int64(most))
		}
	}()
	publishing.Wait()
	struck := <-done
	stopped.Store(true)
	t.Logf("up to %d requests under way", inFlight.Load())
	if s.batch > 0 && inFlight.Load() < 2 {
		t.Error("never two requests under way: the test did not test")
	}
	return b, b.judge(s.count), struck
}

// strike is the faults, one after the other.
func (s soak) strike(c *kafkatest.Cluster, breaks *atomic.Int64) map[string]int {
	rng, struck := rand.New(rand.NewPCG(s.seed, 0)), map[string]int{}
	for range s.faults {
		switch what := rng.IntN(20); {
		case what == 0:
			c.ShufflePartitionLeaders()
			struck["all leaders shuffled"]++
		case what < 4:
			breaks.Add(1)
		default:
			code := s.answers[rng.IntN(len(s.answers))]
			fault := faultOf(code, 1+rng.IntN(2))
			fault.Partitions = []int32{rng.Int32N(6)}
			c.Fault(fault)
			struck[code.Message]++
		}
		time.Sleep(time.Duration(rng.IntN(6000)) * time.Microsecond) // the pace of the faults, not a state
	}
	return struck
}

func TestSoak(t *testing.T) {
	t.Parallel()
	for _, kind := range []struct {
		name         string
		burst, batch int
	}{
		{"one request at a time", 5, 0},
		{"several requests under way", 100, 1 << 10},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			for run := range kafkatest.Times(5) {
				s := soak{seed: uint64(run + 1), count: 60_000, faults: 2500, burst: kind.burst, batch: kind.batch, answers: soakErrors}
				began := time.Now()
				b, got, struck := s.run(t)
				took := time.Since(began)
				t.Logf("%d messages in %s, faults: %v", s.count, took.Round(time.Millisecond), struck)
				if got != (finding{}) {
					t.Errorf("%+v, want none", got)
				}
				if n := b.count(publish.Acknowledged); n != s.count {
					t.Errorf("%d of %d acknowledged", n, s.count)
				}
				record(t, reliability.Measurement{
					Guarantee: noneTwice, Ground: reliability.Embedded, Test: t.Name(), Seed: s.seed, Seconds: took.Seconds(),
					Events: s.count, Faults: struck, Lost: got.lost, Duplicated: got.duplicated, OutOfOrder: got.outOfOrder,
				})
			}
		})
	}
}

// The same faults, and besides them brokers that lose their place in the sequence. Then some outcomes are unknown, and still
// nothing is lost or there twice.
func TestSoakWithLostSequences(t *testing.T) {
	t.Parallel()
	answers := []*kerr.Error{kerr.OutOfOrderSequenceNumber, kerr.UnknownProducerID, kerr.InvalidProducerEpoch}
	for range 4 {
		answers = append(answers, soakErrors...)
	}
	s := soak{seed: 7, count: 20_000, faults: 800, burst: 20, batch: 1 << 10, answers: answers}
	b, got, struck := s.run(t)
	t.Logf("%d acknowledged, %d unknown, faults: %v", b.count(publish.Acknowledged), b.count(publish.Unknown), struck)
	if got != (finding{}) {
		t.Errorf("%+v, want none", got)
	}
	if n := b.count(publish.Failed); n > 0 {
		t.Errorf("%d failed", n)
	}
	if n := b.count(publish.Acknowledged); n < s.count/4 {
		t.Errorf("%d of %d acknowledged", n, s.count)
	}
}

// The control: without idempotence the same faults duplicate.
func TestSoakWithoutIdempotenceDuplicates(t *testing.T) {
	t.Parallel()
	s := soak{seed: 1, count: 20_000, faults: 800, burst: 5, answers: soakErrors, plain: true}
	_, got, struck := s.run(t)
	t.Logf("%+v, faults: %v", got, struck)
	control := reliability.Measurement{Guarantee: noneTwice, Ground: reliability.Embedded, Test: t.Name(), Controls: 1}
	if got.duplicated > 0 {
		control.Caught = 1
	} else {
		t.Error("nothing is duplicated: the faults have lost their teeth")
	}
	if got.lost > 0 {
		t.Errorf("%d lost", got.lost)
	}
	record(t, control)
}

func record(t *testing.T, m reliability.Measurement) {
	t.Helper()
	if err := reliability.Record(m); err != nil {
		t.Error(err)
	}
}
