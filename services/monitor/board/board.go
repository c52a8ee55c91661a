package board

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"

	"workshop.example/monitor/window"
)

const (
	every    = time.Second            // between snapshots
	patience = 500 * time.Millisecond // for sources that take long: what they bring is on the next snapshot
)

// Config says what the board shows.
type Config struct {
	Kafka    kafka.Cluster
	Currency string // of values
	Lang     service.Lang
	Traffic  func(context.Context) Traffic

	Transactions, Alerts, Score, Scoreboard string // topics
}

// Traffic is what the monitor counts of transactions.
type Traffic struct {
	Time    int64                    `json:"time"`    // of the last second, in seconds since 1970; 0 before the first transaction
	Recent  map[string]window.Series `json:"recent"`  // by kind, the last minute second by second
	Minute  map[string]window.Sum    `json:"minute"`  // by kind, the last minute
	Missing []int32                  `json:"missing"` // partitions for which no monitor answers
}

// Snapshot is what the page draws.
type Snapshot struct {
	At       int64               `json:"at"`         // milliseconds since 1970
	Away     int64               `json:"away_since"` // since when no broker answers, likewise; 0 where one does
	Cluster  Cluster             `json:"cluster"`
	Match    *Match              `json:"match"` // nil before the first
	Traffic  Traffic             `json:"traffic"`
	Alerts   []event.AlertRecord `json:"alerts"`     // the last one first
	Lab      *Experiment         `json:"experiment"` // nil where there is none
	Currency string              `json:"currency"`
}

// Board gathers, and serves the page.
type Board struct {
	cfg     Config
	sources []*source
	watch   *watch
	topics  *topics
	stream  stream

	mu      sync.Mutex
	traffic Traffic
	away    time.Time // zero where a broker answers
}

// source is something that is looked at again and again, one look at a time.
type source struct {
	look  func(context.Context)
	close func() // its connections
	busy  atomic.Bool
}

// New returns a board, which gathers nothing before Run.
func New(cfg Config) *Board {
	b := &Board{cfg: cfg, watch: newWatch(cfg.Kafka, cfg.Transactions, cfg.Alerts, cfg.Score, cfg.Scoreboard),
		topics: newTopics(cfg.Kafka, cfg.Score, cfg.Scoreboard, cfg.Alerts)}
	b.sources = []*source{
		{look: b.watch.look, close: b.watch.close},
		{look: b.topics.look, close: b.topics.close},
		{look: b.lookAtTraffic, close: func() {}},
	}
	return b
}

func (b *Board) lookAtTraffic(ctx context.Context) {
	t := b.cfg.Traffic(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.traffic = t
}

// Run gathers a snapshot a second while a browser is connected, until ctx ends. It never fails: what cannot be reached is on the board.
func (b *Board) Run(ctx context.Context) error {
	defer func() {
		for _, s := range b.sources {
			if s.busy.CompareAndSwap(false, true) { // one that waits for an answer keeps its connections until the process ends
				s.close()
			}
		}
	}()
	for b.stream.watched(ctx) {
		next := time.After(every)
		b.gather(ctx)
		frame, err := b.encode()
		if err != nil {
			return fmt.Errorf("encode the board: %w", err)
		}
		b.stream.publish(frame)
		select {
		case <-next:
		case <-ctx.Done():
		}
	}
	return nil
}

// gather looks at all sources at once, and waits for a while.
func (b *Board) gather(ctx context.Context) {
	var looking sync.WaitGroup
	for _, s := range b.sources {
		if s.busy.CompareAndSwap(false, true) {
			looking.Go(func() {
				defer s.busy.Store(false)
				s.look(ctx)
			})
		}
	}
	done := make(chan struct{})
	go func() { looking.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
	case <-ctx.Done():
	}
}

// snapshot puts together what the sources know.
func (b *Board) snapshot(now time.Time) Snapshot {
	cluster, looked := b.watch.now()
	s := Snapshot{
		At: now.UnixMilli(), Cluster: cluster, Match: b.topics.matches.Latest(), Alerts: b.topics.latestAlerts(), Currency: b.cfg.Currency,
		Lab: b.topics.experiment(now),
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s.Traffic = b.traffic
	switch up := func(b Broker) bool { return b.Up }; {
	case !looked || slices.ContainsFunc(cluster.Brokers, up):
		b.away = time.Time{}
	case b.away.IsZero():
		b.away = now
	}
	if !b.away.IsZero() {
		s.Away = b.away.UnixMilli()
	}
	return s
}

func (b *Board) encode() ([]byte, error) {
	body, err := json.Marshal(b.snapshot(time.Now()))
	return fmt.Appendf(nil, "data: %s\n\n", body), err
}
