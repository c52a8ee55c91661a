//go:build brokers

package acceptance

import (
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/wire"
)

// blow is a kill at a certain point: a proxy between the board and the brokers holds what the board is
// about to say or to be told, until the board is dead, and then cuts it off. What must become of the event
// is no matter of luck.
//
//	at-most-once    the offset is committed, and the board does not know yet: its event is never shown
//	at-least-once   the event is shown, and its commit does not arrive: it is shown again
//	exactly-once    all is in the transaction, and its commit does not arrive: it is aborted, and made again
type blow struct {
	*wire.Proxy
	delivery string
	held     chan int64    // the offset of the event
	dead     chan struct{} // closed when the board is

	mu      sync.Mutex
	pass    int   // so many events are let through before
	next    int64 // the offset in the open transaction
	highest int64 // what was to be committed so far: who asks for the same again may have been heard before
	struck  bool
	problem error
}

func newBlow(delivery string, pass int) (*blow, error) {
	proxy, err := wire.Listen()
	if err != nil {
		return nil, err
	}
	b := &blow{Proxy: proxy, delivery: delivery, pass: pass, held: make(chan int64, 1), dead: make(chan struct{})}
	proxy.OnRequest(b.request)
	proxy.OnAnswer(b.answer)
	return b, nil
}

func (b *blow) request(r wire.Request) wire.Fate {
	if r.Key != kmsg.OffsetCommit && r.Key != kmsg.TxnOffsetCommit && r.Key != kmsg.EndTxn {
		return wire.Pass
	}
	decoded, err := r.Decode()
	if err != nil {
		return b.fail(err)
	}
	switch req := decoded.(type) {
	case *kmsg.OffsetCommitRequest:
		if b.delivery == "at-least-once" {
			return b.meet(req.Topics[0].Partitions[0].Offset)
		}
	case *kmsg.TxnOffsetCommitRequest:
		b.mu.Lock()
		b.next = req.Topics[0].Partitions[0].Offset
		b.mu.Unlock()
	case *kmsg.EndTxnRequest:
		if req.Commit {
			b.mu.Lock()
			next := b.next
			b.mu.Unlock()
			return b.meet(next)
		}
	}
	return wire.Pass
}

func (b *blow) answer(a wire.Answer) wire.Fate {
	if b.delivery != "at-most-once" || a.Request.Key != kmsg.OffsetCommit {
		return wire.Pass
	}
	request, err := a.Request.Decode()
	if err != nil {
		return b.fail(err)
	}
	answer, err := a.Decode()
	if err != nil {
		return b.fail(err)
	}
	if answer.(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode != 0 {
		return wire.Pass
	}
	return b.meet(request.(*kmsg.OffsetCommitRequest).Topics[0].Partitions[0].Offset)
}

// meet is called with the offset to be read next, once its commit is at the point; it holds the one that
// the blow is for.
func (b *blow) meet(next int64) wire.Fate {
	b.mu.Lock()
	if next <= b.highest || b.struck {
		b.mu.Unlock()
		return wire.Pass
	}
	b.highest = next
	if b.pass--; b.pass >= 0 {
		b.mu.Unlock()
		return wire.Pass
	}
	b.struck = true
	b.mu.Unlock()
	b.held <- next - 1
	<-b.dead
	return wire.Cut
}

func (b *blow) fail(err error) wire.Fate {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.problem == nil {
		b.problem = err
	}
	return wire.Pass
}

// land waits until the board is held, and kills it. It returns the offset of the event that the board was at,
// and whether there was one.
func (b *blow) land(board *program) (at int64, ok bool) {
	select {
	case at = <-b.held:
		ok = true
	case <-board.ended:
	case <-time.After(2 * time.Minute): // brokers die meanwhile
	}
	board.crash()
	close(b.dead)
	err := b.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.problem == nil {
		b.problem = err
	}
	return at, ok && b.problem == nil
}
