package lab

import (
	"fmt"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wire"
	"workshop.example/workshop/rig"
)

// produceCounter counts the Produce requests through a proxy, and can cut one off.
type produceCounter struct {
	*wire.Proxy
	mu      sync.Mutex
	fresh   int          // requests with a message that no request before had
	seen    map[int]bool // ids in requests; true: it went on to a broker
	cutAt   int          // id of the message whose first request is cut; 0: none
	problem error
}

func newProduceCounter(b *rig.Bench, cutAt int) (*produceCounter, error) {
	p, err := b.Wire()
	if err != nil {
		return nil, err
	}
	c := &produceCounter{Proxy: p, seen: map[int]bool{}, cutAt: cutAt}
	p.OnRequest(c.decide)
	return c, nil
}

// cluster is the bench's, through the counter.
func (c *produceCounter) cluster(b *rig.Bench) kafka.Cluster {
	cluster := b.Cluster
	cluster.Proxy = c.URL()
	return cluster
}

func (c *produceCounter) decide(r wire.Request) wire.Fate {
	if r.Key != kmsg.Produce {
		return wire.Pass
	}
	s, err := rig.RequestStep(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.problem = err
		return wire.Pass
	}
	isNew, cut := false, false
	for _, e := range s.Events {
		_, known := c.seen[e.ID]
		isNew = isNew || !known
		cut = cut || !known && e.ID == c.cutAt
	}
	for _, e := range s.Events {
		c.seen[e.ID] = c.seen[e.ID] || !cut
	}
	if isNew {
		c.fresh++
	}
	if cut {
		return wire.Cut
	}
	return wire.Pass
}

// requests is how many Produce requests there were, retries left out.
func (c *produceCounter) requests() (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.problem != nil {
		return 0, &rig.NotRun{Cause: fmt.Sprintf("what was sent to the brokers could not be read: %v", c.problem)}
	}
	return c.fresh, nil
}

// arrived are the ids that came to a broker.
func (c *produceCounter) arrived() ([]int, error) {
	if _, err := c.requests(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, struck := c.seen[c.cutAt]; !struck {
		return nil, &rig.NotRun{Cause: fmt.Sprintf("the connection was not cut at id %d", c.cutAt)}
	}
	var ids []int
	for id, came := range c.seen {
		if came {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}
