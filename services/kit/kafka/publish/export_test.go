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
