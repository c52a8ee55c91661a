package wire_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/wire"
)

// seen keeps what passes, decoded.
type seen struct {
	mu       sync.Mutex
	requests map[kmsg.Key]int
	answers  map[kmsg.Key]int
	wrong    []error
}

// watch decodes everything that passes p, and writes it again: the bytes have to be the same.
func watch(p *wire.Proxy) *seen {
	s := &seen{requests: map[kmsg.Key]int{}, answers: map[kmsg.Key]int{}}
	check := func(count map[kmsg.Key]int, r wire.Request, frame []byte, again func([]byte) []byte, err error) wire.Fate {
		s.mu.Lock()
		defer s.mu.Unlock()
		count[r.Key]++
		if err != nil {
			s.wrong = append(s.wrong, err)
		} else if body := again(nil); !bytes.HasSuffix(frame, body) || len(frame)-len(body) > 32 {
			s.wrong = append(s.wrong, fmt.Errorf("%s v%d: % x came out as % x", r.Key.Name(), r.Version, frame, body))
		}
		if r.Client != "watched" {
			s.wrong = append(s.wrong, fmt.Errorf("%s of client %q", r.Key.Name(), r.Client))
		}
		return wire.Pass
	}
	p.OnRequest(func(r wire.Request) wire.Fate {
		req, err := r.Decode()
		if err != nil {
			return check(s.requests, r, nil, nil, err)
		}
		return check(s.requests, r, r.Frame, req.AppendTo, nil)
	})
	p.OnAnswer(func(a wire.Answer) wire.Fate {
		resp, err := a.Decode()
		if err != nil {
			return check(s.answers, a.Request, nil, nil, err)
		}
		return check(s.answers, a.Request, a.Frame, resp.AppendTo, nil)
	})
	return s
}

// Everything a workshop service does passes unchanged, and is read in every version that sarama speaks.
func TestPass(t *testing.T) {
	c := kafkatest.Start(t, "in:3", "out:1")
	p, cluster := between(t, c)
	s := watch(p)
	conf := config(cluster, "watched")
	conf.Producer.Transaction.ID = "tx"
	out := producer(t, cluster, conf)
	var want []string
	for i := range 20 {
		value := fmt.Sprint(i)
		if err := transact(out, "g", int64(i+1), value, i%2 == 0); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			want = append(want, value)
		}
	}
	if got := consume(t, cluster, "out", len(want)); !slices.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if got := c.Committed("g", "in", 0); got != 19 {
		t.Errorf("committed %d, want 19", got)
	}
	if got := p.Connections(); got < 3 {
		t.Errorf("%d connections, want one a broker at least", got)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range s.wrong {
		t.Error(err)
	}
	for _, key := range []kmsg.Key{
		kmsg.ApiVersions, kmsg.Metadata, kmsg.InitProducerID, kmsg.AddPartitionsToTxn, kmsg.Produce, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit,
		kmsg.EndTxn, kmsg.FindCoordinator, kmsg.JoinGroup, kmsg.SyncGroup, kmsg.OffsetFetch, kmsg.Fetch, kmsg.OffsetCommit, kmsg.LeaveGroup,
	} {
		if s.requests[key] == 0 || s.answers[key] == 0 {
			t.Errorf("%s: %d requests and %d answers, want some", key.Name(), s.requests[key], s.answers[key])
		}
	}
}

// consume reads n messages as a member of a group, and commits them.
func consume(t *testing.T, cluster kafka.Cluster, topic string, n int) []string {
	t.Helper()
	group, err := sarama.NewConsumerGroup(cluster.Brokers, "readers", config(cluster, "watched"))
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	r := &reader{want: n}
	if err := group.Consume(t.Context(), []string{topic}, r); err != nil {
		t.Fatal(err)
	}
	return r.got
}

type reader struct {
	want int
	got  []string
}

func (*reader) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (*reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (r *reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for msg := range claim.Messages() {
		r.got = append(r.got, string(msg.Value))
		session.MarkMessage(msg, "")
		if len(r.got) == r.want {
			session.Commit()
			break
		}
	}
	return nil
}
