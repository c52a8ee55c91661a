package producer

import (
	"context"
	"math"
	"sync"
	"time"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
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
	begun   []*outgoing
	line    []byte // the last one printed

	intents, outcomes *history.Batch // of the goroutine that sends, and of that which reports
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

// together is how many transactions are made, and noted in the history with one write, before the first of them is sent:
// at PACE=0, where they are made without a pause.
const together = 64

// publish sends one message per PACE. The key is id_usuario: the same key always meets the
// same partition, and only within a partition does Kafka keep order. So each user's transactions
// arrive in order, those of different users may not.
func (p *publisher) publish(ctx context.Context, gen *generator) {
	var tick <-chan time.Time
	most := uint64(together)
	if p.cfg.pace > 0 {
		ticker := time.NewTicker(p.cfg.pace)
		defer ticker.Stop()
		tick, most = ticker.C, 1
	}
	left := p.cfg.count
	if left == 0 {
		left = math.MaxUint64
	}
	transactions := make([]event.Transaction, 0, most)
	for first := true; left > 0; first = false {
		if tick != nil && !first {
			select {
			case <-tick:
			case <-ctx.Done():
				return
			}
		}
		transactions = transactions[:0]
		for range min(most, left) {
			transactions = append(transactions, gen.next())
		}
		left -= uint64(len(transactions))
		if !p.send(ctx, transactions) {
			return
		}
	}
}

// send sends transactions. It returns false where the sender took no more.
func (p *publisher) send(ctx context.Context, transactions []event.Transaction) bool {
	messages := p.begin(transactions)
	for i, o := range messages {
		p.account.send() // before, as the acknowledgement may be counted at once
		if err := p.sender.send(ctx, &transactions[i], o); err != nil {
			p.account.unsend()
			p.cancel(messages[i:], err)
			return false
		}
	}
	return true
}
