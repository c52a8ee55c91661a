package kafka_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
)

const (
	brief = 2 * time.Second // a time-out that a test waits for: its first message has to come in time, even so
	ample = kafkatest.Deadline
)

// transactions is a transactor, and the brokers' view of its id.
type transactions struct {
	*kafka.Transactor
	t      *testing.T
	client sarama.Client
	out    *kafkatest.Output
}

func newTransactions(t *testing.T, c *kafkatest.Cluster, timeout time.Duration) *transactions {
	t.Helper()
	client, err := sarama.NewClient(c.ListenAddrs(), c.Kafka().Config("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	tx := &transactions{t: t, client: client, out: &kafkatest.Output{}}
	p := &service.Process{Name: "test", Out: service.NewLines(tx.out), Log: slog.New(slog.DiscardHandler)}
	tx.Transactor, err = c.Kafka().NewTransactor(t.Context(), client, client.Config(),
		kafka.Transactional{ID: "tx", Timeout: timeout}, lines.Hooks(p))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tx.Close)
	return tx
}

func (tx *transactions) send(value string) error {
	return tx.Send(tx.t.Context(), &sarama.ProducerMessage{Topic: "t", Value: sarama.StringEncoder(value)}, history.Subject{})
}

func (tx *transactions) begin(value string) {
	tx.t.Helper()
	if err := errors.Join(tx.Begin(tx.t.Context()), tx.send(value)); err != nil {
		tx.t.Fatal(err)
	}
}

func (tx *transactions) state() sarama.TransactionState {
	tx.t.Helper()
	coordinator, err := tx.client.TransactionCoordinator("tx")
	if err != nil {
		tx.t.Fatal(err)
	}
	resp, err := coordinator.DescribeTransactions(&sarama.DescribeTransactionsRequest{TransactionalIDs: []string{"tx"}})
	if err != nil {
		tx.t.Fatal(err)
	}
	return resp.TransactionStates[0]
}

// awaitTimeout waits until the brokers have aborted the transaction.
func (tx *transactions) awaitTimeout(before sarama.TransactionState) {
	tx.t.Helper()
	kafkatest.Eventually(tx.t, "the transaction has timed out", func() bool { return tx.state().ProducerEpoch == before.ProducerEpoch+1 })
}

// goOn ends the transaction that has timed out, and commits another.
func (tx *transactions) goOn() {
	tx.t.Helper()
	tx.SetTimeout(ample)
	if err := tx.Abort(tx.t.Context()); err != nil {
		tx.t.Fatal(err)
	}
	tx.begin("next")
	if err := tx.Commit(tx.t.Context()); err != nil {
		tx.t.Fatal(err)
	}
}

// describeAs lets the brokers describe the id with the states that Kafka has and the embedded cluster has not,
// one after the other, the last for ever.
func describeAs(c *kafkatest.Cluster, at sarama.TransactionState, states ...string) {
	var asked atomic.Int64
	c.ControlKey(int16(kmsg.DescribeTransactions), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := req.ResponseKind().(*kmsg.DescribeTransactionsResponse)
		state := kmsg.NewDescribeTransactionsResponseTransactionState()
		state.TransactionalID, state.ProducerID, state.ProducerEpoch = "tx", at.ProducerID, at.ProducerEpoch
		state.State = states[min(int(asked.Add(1)), len(states))-1]
		resp.TransactionStates = append(resp.TransactionStates, state)
		return resp, nil, true
	})
}

// late sends with the old epoch. The embedded cluster names another error than Kafka, so that is set right.
func (tx *transactions) late(c *kafkatest.Cluster) error {
	tx.t.Helper()
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "t", Err: kerr.InvalidProducerEpoch, Count: -1})
	defer fault.Remove()
	return tx.send("late")
}

func values(msgs []*sarama.ConsumerMessage) (all []string) {
	for _, m := range msgs {
		all = append(all, string(m.Value))
	}
	return all
}

// A transaction that was open for too long is aborted, told as that, and the next one begins.
func TestTransactionThatTimedOut(t *testing.T) {
	t.Parallel()
	for _, states := range [][]string{{"CompleteAbort"}, {"Ongoing", "PrepareEpochFence", "PrepareAbort", "CompleteAbort"}} {
		t.Run(states[0], func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Start(t, "t:1")
			tx := newTransactions(t, c, brief)
			before := tx.state()
			tx.begin("lost")
			tx.awaitTimeout(before)
			describeAs(c, tx.state(), states...)
			err := tx.late(c)
			if timedOut, ok := errors.AsType[*kafka.TimedOutError](err); !ok || timedOut.Open < brief {
				t.Errorf("refused with %v, want a TimedOutError", err)
			}
			tx.goOn()
			if got := tx.out.String(); strings.Count(got,
				"Nenhum outro programa usa o TRANSACTIONAL_ID \"tx\"") != 1 || strings.Contains(got, "barrado") {
				t.Errorf("on the screen:\n%s", got)
			}
			if got := values(c.ReadAll("t")); !slices.Equal(got, []string{"next"}) {
				t.Errorf("in the topic %v", got)
			}
		})
	}
}

// The abort after a refusal raises the epoch, and nobody else has: a later transaction that times out is told
// from another program's start all the same.
func TestTransactionThatTimedOutAfterAnAbort(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	tx := newTransactions(t, c, brief)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "t", Err: kerr.InvalidRecord, Count: 1})
	if err := tx.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := tx.send("refused"); !errors.Is(err, sarama.ErrInvalidRecord) {
		t.Fatalf("%v, want a refusal", err)
	}
	if err := tx.Abort(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := tx.state()
	tx.begin("lost")
	tx.awaitTimeout(before)
	describeAs(c, tx.state(), "CompleteAbort")
	err := tx.late(c)
	if _, ok := errors.AsType[*kafka.TimedOutError](err); !ok {
		t.Errorf("refused with %v, want a TimedOutError", err)
	}
}

// The commit of a transaction that timed out leaves its outcome open: the coordinator's state could be that of
// another program's transaction.
func TestCommitThatTimedOut(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	tx := newTransactions(t, c, brief)
	before := tx.state()
	tx.begin("lost")
	tx.awaitTimeout(before)
	describeAs(c, tx.state(), "CompleteAbort")
	err := tx.Commit(t.Context())
	if _, ok := errors.AsType[*kafka.TimedOutError](err); !ok || !errors.Is(err, kafka.ErrCommitUnknown) {
		t.Errorf("refused with %v, want a TimedOutError and ErrCommitUnknown", err)
	}
	tx.goOn()
}

// The control: another program has taken the id. The older ends, whether its transaction is young, or has timed
// out before the other came, or the brokers say that it has and the epoch says that there is another.
func TestAnotherProgramTookTheID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		timeout time.Duration
		claimed bool
		unsure  bool
	}{
		{"young", ample, true, false},
		{"timed out", brief, false, true},
		{"timed out, and the other has aborted", brief, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cluster := kafkatest.Start(t, "t:1")
			older := newTransactions(t, cluster, c.timeout)
			before := older.state()
			older.begin("lost")
			if c.timeout == brief {
				older.awaitTimeout(before)
			}
			newer := newTransactions(t, cluster, ample)
			newer.begin("kept")
			if err := newer.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c.claimed {
				describeAs(cluster, newer.state(), "CompleteAbort")
			}
			err := older.late(cluster)
			_, fatal := errors.AsType[*kafka.FatalError](err)
			fenced, ok := errors.AsType[*kafka.FencedError](err)
			if !fatal || !ok || fenced.Unsure != c.unsure {
				t.Fatalf("refused with %v, want a FencedError, unsure %t", err, c.unsure)
			}
			if err := older.Abort(t.Context()); err != nil {
				t.Errorf("abort: %v", err)
			}
			if again := older.Begin(t.Context()); !errors.Is(again, fenced) {
				t.Errorf("the next transaction begins with %v, want the FencedError again: a caller that tries again would try for ever", again)
			}
			for _, raw := range []string{"kafka server:", "Unknown error"} {
				if strings.Contains(err.Error(), raw) {
					t.Errorf("the error holds the library's own text: %v", err)
				}
			}
			if strings.Count(older.out.String(), `outro programa começou com o mesmo TRANSACTIONAL_ID "tx"`) != 1 {
				t.Errorf("on the screen:\n%s", older.out)
			}
			newer.begin("kept too")
			if err := newer.Commit(t.Context()); err != nil {
				t.Errorf("the newer was fenced: %v", err)
			}
			if got := values(cluster.ReadAll("t")); !slices.Equal(got, []string{"kept", "kept too"}) {
				t.Errorf("in the topic %v", got)
			}
		})
	}
}
