package drill

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
	"workshop.example/workshop/rig"
)

// State is the cluster as a broker describes it.
type State struct {
	At         time.Time // when it was asked for
	Controller int32     // whom it names: without ZooKeeper any broker, see watch.controller
	Brokers    []int32   // those in touch with ZooKeeper, or with the controllers, sorted
	Topics     map[string][]Partition
}

// Partition is one of a topic.
type Partition struct {
	Leader   int32 // -1 where there is none
	Epoch    int32 // grows with every choice of a leader
	Replicas []int32
	InSync   []int32 // sorted
}

// missing says what keeps the cluster from being whole; "" where it is.
func (s State) missing() string {
	for topic, partitions := range s.Topics {
		for i, p := range partitions {
			switch {
			case p.Leader < 0:
				return fmt.Sprintf("%s/%d has no leader", topic, i)
			case len(p.InSync) < len(p.Replicas):
				return fmt.Sprintf("%s/%d has %d of %d replicas in sync", topic, i, len(p.InSync), len(p.Replicas))
			}
		}
	}
	return ""
}

const (
	lookEvery = 200 * time.Millisecond
	lookWait  = time.Second // for one broker's answer; then the next is asked
)

// watch keeps looking at the cluster, through whichever broker answers.
type watch struct {
	conf  *sarama.Config
	known []string       // addresses
	addrs []string       // the same, the one that is asked first
	asked *sarama.Broker // nil where it is to be connected to

	mu     sync.Mutex
	mute   bool // no broker has answered the last time
	state  State
	change chan struct{} // closed at every new state, and replaced
}

func newWatch(cluster kafka.Cluster, brokers []*sarama.Broker) *watch {
	conf := cluster.AdminConfig("workshop")
	conf.Net.DialTimeout, conf.Net.ReadTimeout, conf.Net.WriteTimeout = lookWait, lookWait, lookWait
	w := &watch{conf: conf, change: make(chan struct{})}
	for _, b := range brokers {
		w.addrs = append(w.addrs, b.Addr())
	}
	slices.Sort(w.addrs)
	w.known = slices.Clone(w.addrs)
	return w
}

// run looks until ctx ends.
func (w *watch) run(ctx context.Context) {
	for ctx.Err() == nil {
		state, ok := w.look(ctx)
		w.mu.Lock()
		// One that has just started answers, and knows nothing yet.
		ok = ok && (len(state.Topics) > 0 || len(w.state.Topics) == 0)
		w.mute = !ok
		w.mu.Unlock()
		if ok {
			w.put(state)
		}
		wait.Sleep(ctx, lookEvery)
	}
	if w.asked != nil {
		w.asked.Close()
	}
}

// look asks the broker that has answered before, or else the others in turn.
func (w *watch) look(ctx context.Context) (State, bool) {
	for range w.addrs {
		at := time.Now()
		if w.asked == nil {
			w.asked = sarama.NewBroker(w.addrs[0])
			w.asked.Open(w.conf) // its error is GetMetadata's too
		}
		resp, err := w.asked.GetMetadata(sarama.NewMetadataRequest(w.conf.Version, nil))
		if err == nil {
			s := stateOf(resp)
			s.At = at
			return s, true
		}
		w.asked.Close()
		w.asked = nil
		w.addrs = append(w.addrs[1:], w.addrs[0])
		if ctx.Err() != nil {
			break
		}
	}
	return State{}, false
}

func stateOf(resp *sarama.MetadataResponse) State {
	s := State{Controller: resp.ControllerID, Topics: map[string][]Partition{}}
	for _, b := range resp.Brokers {
		s.Brokers = append(s.Brokers, b.ID())
	}
	slices.Sort(s.Brokers)
	for _, t := range resp.Topics {
		partitions := make([]Partition, len(t.Partitions))
		for _, p := range t.Partitions {
			inSync := slices.Clone(p.Isr)
			slices.Sort(inSync)
			if int(p.ID) < len(partitions) {
				partitions[p.ID] = Partition{p.Leader, p.LeaderEpoch, p.Replicas, inSync}
			}
		}
		s.Topics[t.Name] = partitions
	}
	return s
}

// put takes a state, unless it is older than what is known: a broker that was paused, or is just back,
// tells of leaders that are none any more.
func (w *watch) put(s State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for topic, partitions := range w.state.Topics {
		now := s.Topics[topic]
		for i, p := range partitions {
			if i < len(now) && now[i].Epoch < p.Epoch {
				return
			}
		}
	}
	w.state = s
	close(w.change)
	w.change = make(chan struct{})
}

func (w *watch) silent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mute
}

func (w *watch) now() (State, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, w.change
}

// coordinator asks the brokers in turn who coordinates a group.
func (w *watch) coordinator(group string) (int32, error) {
	err := sarama.ErrOutOfBrokers
	for _, addr := range w.known {
		asked := sarama.NewBroker(addr)
		asked.Open(w.conf) // its error is FindCoordinator's too
		resp, cause := asked.FindCoordinator(&sarama.FindCoordinatorRequest{
			Version:         1,
			CoordinatorKey:  group,
			CoordinatorType: sarama.CoordinatorGroup,
		})
		asked.Close()
		switch {
		case cause != nil:
			err = cause
		case resp.Err != sarama.ErrNoError:
			err = resp.Err
		default:
			return resp.Coordinator.ID(), nil
		}
	}
	return 0, err
}

// controller asks the brokers in turn who the controller is; -1 where there is none.
func (w *watch) controller() (int32, error) {
	now, _ := w.now()
	return kafka.Controller(w.conf, now.Controller, w.known...)
}

// await waits for a state, for at most limit, and returns the last one that was seen. What was seen before
// all brokers fell silent is no state. An error is ctx's.
func (w *watch) await(ctx context.Context, limit time.Duration, holds func(State) bool) (s State, held bool, err error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		s, change := w.now()
		if s.Topics != nil && !w.silent() && holds(s) {
			return s, true, nil
		}
		select {
		case <-change:
		case <-timer.C:
			return s, false, nil
		case <-ctx.Done():
			return s, false, ctx.Err()
		}
	}
}

// must is await for a state without which there is no verdict.
func (w *watch) must(ctx context.Context, what string, holds func(State) bool) (State, error) {
	s, held, err := w.await(ctx, patience, holds)
	if err == nil && !held {
		err = &rig.NotRun{Cause: fmt.Sprintf("no sign within %s of this: %s", patience, what)}
	}
	return s, err
}

// patience is how long a drill waits for one thing before it gives up.
const patience = 90 * time.Second
