package drill

import (
	"context"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
)

func state(epoch int32, leader int32, inSync ...int32) State {
	return State{Controller: 1, Brokers: []int32{1, 2, 3}, Topics: map[string][]Partition{
		"t": {{Leader: leader, Epoch: epoch, Replicas: []int32{1, 2, 3}, InSync: inSync}},
	}}
}

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		name  string
		state State
		want  string
	}{
		{"whole", state(0, 1, 1, 2, 3), ""},
		{"a replica behind", state(0, 1, 1, 3), "t/0 has 2 of 3 replicas in sync"},
		{"no leader", state(1, -1, 1), "t/0 has no leader"},
	} {
		if got := c.state.missing(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A broker that was paused tells of leaders that are none any more: what it says is not taken.
func TestOlderStateIsNotTaken(t *testing.T) {
	w := &watch{change: make(chan struct{})}
	w.put(state(1, 2, 2, 3))
	w.put(state(0, 1, 1, 2, 3))
	if s, _ := w.now(); s.Topics["t"][0].Leader != 2 {
		t.Errorf("leader %d, want 2: the older state was taken", s.Topics["t"][0].Leader)
	}
	w.put(state(1, 2, 1, 2, 3)) // the same epoch with another replica in sync is news
	if s, _ := w.now(); s.missing() != "" {
		t.Errorf("missing %q, want nothing", s.missing())
	}
}

func TestMoved(t *testing.T) {
	before := state(3, 2, 1, 2, 3)
	without := func(s State) State { s.Brokers = []int32{1, 3}; return s }
	for _, c := range []struct {
		name string
		now  State
		want bool
	}{
		{"nothing happened", before, false},
		{"another leads, and the broker is gone", without(state(4, 1, 1, 3)), true},
		{"nobody leads, and the broker is gone", without(state(4, -1, 1)), true},
		{"another leads, and the broker is there", state(4, 1, 1, 3), false},
		{"the same leads again", without(state(4, 2, 1, 3)), false},
	} {
		if got := moved(before, "t", 2)(c.now); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}

// The watch goes round the brokers until one answers, and says so where none does.
func TestWatchFindsABrokerThatAnswers(t *testing.T) {
	cluster, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	one := sarama.NewBroker(cluster.ListenAddrs()[0])
	dead := sarama.NewBroker("127.0.0.1:1") // sorts first
	w := newWatch(kafka.Cluster{}, []*sarama.Broker{dead, one})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() { w.run(ctx); close(done) }()
	if _, held, err := w.await(ctx, 10*time.Second, func(s State) bool { return len(s.Brokers) == 3 }); !held {
		t.Fatalf("the cluster was not seen: %v", err)
	}
	if w.silent() {
		t.Error("a broker answers, and the watch calls the cluster silent")
	}
	cluster.Close()
	for ctx.Err() == nil && !w.silent() {
		<-time.After(lookEvery)
	}
	if ctx.Err() != nil {
		t.Error("nobody answers, and the watch does not notice")
	}
	cancel()
	<-done
}
