package main

import (
	"context"
	"sync"
	"time"

	"workshop.example/kit/service"
)

// publisher publishes transactions.
type publisher struct {
	sender  sender
	cfg     config
	words   words
	process *service.Process
	account *account
	free    sync.Pool // of *outgoing
	line    []byte    // the last one printed
}

// run publishes until COUNT is reached or ctx ends, waits for the messages in flight, and prints the
// summary. After ctx has ended it waits for wait.Grace at most.
//
// The sender is closed only after that, as its close gives up what is just being retried: a message that had only
// to wait for a new leader would be reported as lost.
func (p *publisher) run(ctx context.Context, gen *generator) error {
	began := time.Now()
	p.publish(ctx, gen)
	p.account.wait(ctx)
	line, err := p.account.sumUp(p.words.summary, time.Since(began))
	p.process.Out.Print(line)
	p.sender.close()
	return err
}

// publish sends one message per PACE. The key is id_usuario: the same key always meets the
// same partition, and only within a partition does Kafka keep order. So each user's transactions
// arrive in order, those of different users may not.
func (p *publisher) publish(ctx context.Context, gen *generator) {
	var tick <-chan time.Time
	if p.cfg.pace > 0 {
		ticker := time.NewTicker(p.cfg.pace)
		defer ticker.Stop()
		tick = ticker.C
	}
	for n := uint64(1); p.cfg.count == 0 || n <= p.cfg.count; n++ {
		if tick != nil && n > 1 {
			select {
			case <-tick:
			case <-ctx.Done():
				return
			}
		}
		t := gen.next()
		o := p.begin(&t)
		if err := p.sender.send(ctx, &t, o); err != nil {
			p.cancel(o, err)
			return
		}
	}
}
