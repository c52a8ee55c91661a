package drill

import (
	"context"
	"slices"
	"sync"
	"time"

	"workshop.example/kit/service"
	"workshop.example/kit/wait"
	"workshop.example/workshop/rig"
)

// Fault is one blow.
type Fault struct {
	What  service.Text
	Proof service.Text // what showed that it landed
	At    time.Time
	Seen  time.Time // when it showed
	// Limit is the longest time without an acknowledgement that is predicted, counted from the last one
	// before; 0: nothing is predicted.
	Limit time.Duration
	// Broker: it struck one. Within: it fell while an earlier one was not put right, as part of that.
	Broker, Within bool

	Silence      time.Duration // the longest time that a partition was without an acknowledgement
	Acknowledged int           // messages, from Seen to the next fault
}

// strike says what is done, does it, and notes it. The fault counts only once it is proved.
func (s *Stage) strike(what service.Text, do func() error) (*Fault, error) {
	s.Say(what)
	f := &Fault{What: what, At: time.Now(), Broker: true}
	s.faults = append(s.faults, f)
	return f, do()
}

// proved notes what showed that the fault landed.
func (s *Stage) proved(f *Fault, proof service.Text) {
	f.Proof, f.Seen = proof, time.Now()
	s.Say(proof)
}

// kill is kill -9 of several at once, and fails where a process is still there.
func (s *Stage) kill(ids ...int32) error {
	return s.each(ids, func(id int32) error {
		if err := s.bench.Brokers.Kill(id); err != nil {
			return err
		}
		if s.bench.Brokers.Running(id) {
			return &rig.NotRun{Cause: rig.NodeName(id) + " was killed, and runs"}
		}
		return nil
	})
}

// start starts several at once.
func (s *Stage) start(ids ...int32) error { return s.each(ids, s.bench.Brokers.Start) }

func (s *Stage) each(ids []int32, do func(int32) error) error {
	errs := make([]error, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() { errs[i] = do(id) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// acknowledged waits until every partition has had an acknowledgement since the fault was seen, or
// its limit is over: then the measure says so in the end.
func (s *Stage) acknowledged(ctx context.Context, f *Fault) error {
	limit := patience
	if f.Limit > 0 {
		limit = f.Limit + time.Second
	}
	for end := time.Now().Add(limit); !s.meter.since(f.Seen, partitions) && time.Now().Before(end); {
		if err := wait.Sleep(ctx, meterEvery); err != nil {
			return err
		}
	}
	return nil
}

// restore starts what was struck and waits until the cluster is whole, and acknowledges again.
func (s *Stage) restore(ctx context.Context, ids ...int32) error {
	s.Say(says("back", names(ids)))
	if err := s.start(ids...); err != nil {
		return err
	}
	if err := s.awaitWhole(ctx); err != nil {
		return err
	}
	return s.resumed(ctx)
}

// resumed waits until every partition acknowledges, and notes where one does not.
func (s *Stage) resumed(ctx context.Context) error {
	now := &Fault{Seen: time.Now()}
	err := s.acknowledged(ctx, now)
	s.stuck = s.stuck || !s.meter.since(now.Seen, partitions)
	return err
}

func names(ids []int32) string {
	text := ""
	for i, id := range ids {
		if i > 0 {
			text += ", "
		}
		text += rig.NodeName(id)
	}
	return text
}

// ledBy are the partitions of a topic that a broker leads.
func (s State) ledBy(topic string, id int32) []int {
	var led []int
	for i, p := range s.Topics[topic] {
		if p.Leader == id {
			led = append(led, i)
		}
	}
	return led
}

// all reports whether something is true of every partition of a topic, and the topic is known.
func (s State) all(topic string, is func(Partition) bool) bool {
	return len(s.Topics[topic]) > 0 && !slices.ContainsFunc(s.Topics[topic], func(p Partition) bool { return !is(p) })
}

// led reports whether every partition of a topic has a leader.
func (s State) led(topic string) bool {
	return s.all(topic, func(p Partition) bool { return p.Leader >= 0 })
}

// othersLead waits until other brokers lead what one has led.
func (s *Stage) othersLead(ctx context.Context, before State, id int32) (State, error) {
	gone := moved(before, s.transactions, id)
	return s.watch.must(ctx, "other brokers lead what "+rig.NodeName(id)+" led",
		func(now State) bool { return gone(now) && now.led(s.transactions) })
}

// moved reports whether other brokers, or none, were chosen for all partitions that one has led.
func moved(before State, topic string, dead int32) func(State) bool {
	return func(now State) bool {
		if len(now.Topics[topic]) < len(before.Topics[topic]) { // a broker that has just started does not know it yet
			return false
		}
		for _, i := range before.ledBy(topic, dead) {
			if p := now.Topics[topic][i]; p.Leader == dead || p.Epoch <= before.Topics[topic][i].Epoch {
				return false
			}
		}
		return !slices.Contains(now.Brokers, dead)
	}
}
