package publish

import (
	"math"
	"time"
)

// UseUpEpochs leaves one more epoch to each partition of p, and returns the producer id.
func UseUpEpochs(p *Publisher) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.topics {
		for _, part := range t.partitions {
			part.epoch = math.MaxInt16 - 1
		}
	}
	return p.producerID
}

// ProducerID is that of the newest partitions.
func ProducerID(p *Publisher) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.producerID
}

// SetTimeout sets how long a batch is tried.
func SetTimeout(p *Publisher, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timeout = d
}

// SetBackoff sets how long the keeper waits before it looks after what is in trouble.
func SetBackoff(p *Publisher, d time.Duration) { p.backoff.Store(int64(d)) }

// InFlight is how many requests are under way to the broker that has most.
func InFlight(p *Publisher) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := 0
	for _, b := range p.brokers {
		most = max(most, b.inFlight)
	}
	return most
}
