package rig

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"workshop.example/kit/service"
)

// BrokerFaults is brokers, and what was done to them. It is safe for concurrent use.
type BrokerFaults struct {
	brokers Brokers

	mu           sync.Mutex
	paused, down map[int32]bool
}

func newStricken(brokers Brokers) *BrokerFaults {
	return &BrokerFaults{brokers: brokers, paused: map[int32]bool{}, down: map[int32]bool{}}
}

func (s *BrokerFaults) note(list map[int32]bool, id int32, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is {
		list[id] = true
	} else {
		delete(list, id)
	}
}

func (s *BrokerFaults) noted(list map[int32]bool) []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(list))
}

// Pause pauses a broker until Resume or Mend.
func (s *BrokerFaults) Pause(id int32) error {
	s.note(s.paused, id, true)
	return s.brokers.Pause(id)
}

// Resume lets a paused broker go on.
func (s *BrokerFaults) Resume(id int32) error {
	if err := s.brokers.Resume(id); err != nil {
		return err
	}
	s.note(s.paused, id, false)
	return nil
}

// Kill kills a broker; it stays dead until Start or Mend.
func (s *BrokerFaults) Kill(id int32) error {
	s.note(s.down, id, true)
	return s.brokers.Kill(id)
}

// Stop ends a broker in its own way; it stays down until Start or Mend.
func (s *BrokerFaults) Stop(id int32) error {
	s.note(s.down, id, true)
	return s.brokers.Stop(id)
}

// Start starts a broker that is down. Native ones answer when it returns.
func (s *BrokerFaults) Start(id int32) error {
	if err := s.brokers.Start(id); err != nil {
		return err
	}
	s.note(s.down, id, false)
	return nil
}

// Running reports whether there is a process, paused or not.
func (s *BrokerFaults) Running(id int32) bool { return s.brokers.Running(id) }

// ClusterID is that of the cluster that the brokers belong to, as they wrote it down; "" where none has.
func (s *BrokerFaults) ClusterID() string {
	for id := int32(1); id <= BrokerCount; id++ {
		if name := s.brokers.ClusterID(id); name != "" {
			return name
		}
	}
	return ""
}

// HasZooKeeper reports whether the brokers have one.
func (s *BrokerFaults) HasZooKeeper() bool { return s.brokers.HasZooKeeper() }

// Migrate takes a step from ZooKeeper to KRaft, or to Kafka 4, and returns its evidence. It ends with every process running, or fails.
func (s *BrokerFaults) Migrate(step ...string) (string, error) { return s.brokers.Migrate(step...) }

// Nodes are ZooKeeper, where there is one, and the brokers.
func (s *BrokerFaults) Nodes() (ids []int32) {
	if s.HasZooKeeper() {
		ids = append(ids, ZooKeeper)
	}
	for id := int32(1); id <= BrokerCount; id++ {
		ids = append(ids, id)
	}
	return ids
}

// Mend undoes whatever is not undone yet, ZooKeeper first: brokers do not start without it. What it
// cannot undo it tries again at the next call.
func (s *BrokerFaults) Mend() error {
	if s == nil {
		return nil
	}
	var errs []error
	for _, id := range s.noted(s.paused) {
		errs = append(errs, s.Resume(id))
	}
	for _, id := range s.noted(s.down) {
		if s.Running(id) { // a stop that is not over, perhaps: what ends only afterwards would not be missed
			errs = append(errs, s.brokers.Stop(id))
		}
		errs = append(errs, s.Start(id))
	}
	return errors.Join(errs...)
}

// Left is what is not undone yet, and nil where nothing is.
func (s *BrokerFaults) Left() error {
	if s == nil {
		return nil
	}
	var names []string
	for _, id := range append(s.noted(s.paused), s.noted(s.down)...) {
		names = append(names, NodeName(id))
	}
	if len(names) == 0 {
		return nil
	}
	return &NotMended{names}
}

// NotMended says what an experiment has broken and could not put right.
type NotMended struct{ Nodes []string }

func (e *NotMended) Error() string {
	return strings.Join(e.Nodes, ", ") + " could not be put right: «scripts/native-kafka down», then up, or «docker compose up -d --wait»"
}

// StartAll starts what is down, and lets go on what is paused: an experiment before that was killed
// itself has left it so, perhaps.
func (s *BrokerFaults) StartAll(say func(service.Text)) error {
	for _, id := range s.Nodes() {
		if s.Running(id) {
			s.brokers.Resume(id) // an error says that there was nothing to resume
			continue
		}
		say(service.Text{PT: fmt.Sprintf("%s está parado: iniciando-o", NodeName(id)), EN: fmt.Sprintf("%s is down: starting it", NodeName(id))})
		if err := s.Start(id); err != nil {
			return err
		}
	}
	return nil
}
