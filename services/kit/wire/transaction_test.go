package wire_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/wire"
)

// transact makes a transaction of one message to out, and of the group's offset in partition 0 of in.
func transact(p sarama.SyncProducer, group string, offset int64, value string, commit bool) error {
	if err := p.BeginTxn(); err != nil {
		return err
	}
	if _, _, err := p.SendMessage(message("out", value)); err != nil {
		return err
	}
	if !commit {
		return p.AbortTxn()
	}
	offsets := map[string][]*sarama.PartitionOffsetMetadata{"in": {{Partition: 0, Offset: offset, LeaderEpoch: -1}}}
	if err := p.AddOffsetsToTxn(offsets, group); err != nil {
		return err
	}
	return p.CommitTxn()
}

// Where a transaction's last steps are lost, once, sarama tries again and the transaction is whole.
func TestCutOfTransaction(t *testing.T) {
	for _, key := range []kmsg.Key{kmsg.TxnOffsetCommit, kmsg.EndTxn} {
		for _, what := range []string{"request", "answer"} {
			t.Run(key.Name()+" "+what, func(t *testing.T) {
				c := kafkatest.Start(t, "in:1", "out:1")
				p, cluster := between(t, c)
				var cuts, tries atomic.Int32
				fate := func(kind string, r wire.Request) wire.Fate {
					if r.Key == key && kind == what && cuts.CompareAndSwap(0, 1) {
						return wire.Cut
					}
					return wire.Pass
				}
				p.OnRequest(func(r wire.Request) wire.Fate {
					if r.Key == key && transactionOf(t, r) == "tx" {
						tries.Add(1)
					}
					return fate("request", r)
				})
				p.OnAnswer(func(a wire.Answer) wire.Fate { return fate("answer", a.Request) })
				conf := config(cluster, "test")
				conf.Producer.Transaction.ID = "tx"
				if err := transact(producer(t, cluster, conf), "g", 5, "once", true); err != nil {
					t.Fatal(err)
				}
				if cuts.Load() != 1 || tries.Load() != 2 {
					t.Errorf("%d cuts and %d tries, want 1 and 2", cuts.Load(), tries.Load())
				}
				if got := c.Committed("g", "in", 0); got != 5 {
					t.Errorf("committed %d, want 5", got)
				}
				if got := len(c.ReadAll("out")); got != 1 {
					t.Errorf("%d messages, want 1", got)
				}
			})
		}
	}
}

// transactionOf is the transactional id that a request names.
func transactionOf(t *testing.T, r wire.Request) string {
	req, err := r.Decode()
	if err != nil {
		t.Error(err)
	}
	switch req := req.(type) {
	case *kmsg.TxnOffsetCommitRequest:
		if req.Group != "g" {
			t.Errorf("offsets of group %q, want g", req.Group)
		}
		return req.TransactionalID
	case *kmsg.EndTxnRequest:
		return req.TransactionalID
	}
	return ""
}

// Without its offsets a transaction does not end: the control of TestCutOfTransaction.
func TestCutForEver(t *testing.T) {
	c := kafkatest.Start(t, "in:1", "out:1")
	p, cluster := between(t, c)
	p.OnRequest(func(r wire.Request) wire.Fate {
		if r.Key == kmsg.TxnOffsetCommit {
			return wire.Cut
		}
		return wire.Pass
	})
	conf := config(cluster, "test")
	conf.Producer.Transaction.ID = "tx"
	conf.Producer.Transaction.Retry.Max = 2
	if err := transact(producer(t, cluster, conf), "g", 5, "never", true); err == nil {
		t.Error("the transaction was committed")
	}
	if got := c.Committed("g", "in", 0); got != -1 {
		t.Errorf("committed %d, want nothing", got)
	}
}

// The broker's refusal can be read from its answer.
func TestErrorCode(t *testing.T) {
	c := kafkatest.Start(t, "in:1", "out:1")
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.UnknownMemberID, Count: -1})
	p, cluster := between(t, c)
	answers := make(chan error, 100)
	p.OnAnswer(func(a wire.Answer) wire.Fate {
		if a.Request.Key != kmsg.TxnOffsetCommit {
			return wire.Pass
		}
		resp, err := a.Decode()
		if err == nil {
			err = kerr.ErrorForCode(resp.(*kmsg.TxnOffsetCommitResponse).Topics[0].Partitions[0].ErrorCode)
		}
		answers <- err
		return wire.Pass
	})
	conf := config(cluster, "test")
	conf.Producer.Transaction.ID = "tx"
	conf.Producer.Transaction.Retry.Max = 1
	if err := transact(producer(t, cluster, conf), "g", 5, "refused", true); !errors.Is(err, sarama.ErrUnknownMemberId) {
		t.Errorf("commit ended with %v, want %v", err, sarama.ErrUnknownMemberId)
	}
	if err := <-answers; !errors.Is(err, kerr.UnknownMemberID) {
		t.Errorf("the answer says %v, want %v", err, kerr.UnknownMemberID)
	}
}
