package board

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// Cluster is the brokers, as they answer, and what they say of topics and groups.
type Cluster struct {
	Brokers []Broker `json:"brokers"`  // by id
	Topics  []Topic  `json:"topics"`   // the monitor's, then others by name, without Kafka's own
	Groups  []Group  `json:"groups"`   // by name
	LeftOut int      `json:"left_out"` // partitions beyond mostPartitions
}

// Broker is a broker that has been seen, or that a partition names.
type Broker struct {
	ID         int32 `json:"id"`
	Up         bool  `json:"up"` // it answers
	Controller bool  `json:"controller"`
}

// Topic is a topic's partitions, by number.
type Topic struct {
	Name       string      `json:"name"`
	Partitions []Partition `json:"partitions"`
}

// Partition says who has a partition.
type Partition struct {
	Number   int32   `json:"partition"`
	Leader   int32   `json:"leader"` // -1 where there is none
	Replicas []int32 `json:"replicas"`
	InSync   []int32 `json:"in_sync"`
}

// mostPartitions is how many partitions are on the board.
const mostPartitions = 60

// watch asks each broker that it knows.
//
// The cluster's own view is too slow for a class: for a broker that was killed ZooKeeper waits until its session has ended, 18 seconds, and
// until then the others name it as one of them. Whether a broker answers is known at once.
type watch struct {
	cluster kafka.Cluster
	first   []string // topics that are drawn before others
	conf    *sarama.Config
	peers   map[int32]*peer // each broker that was ever named
	groups  groups

	mu     sync.Mutex
	state  Cluster
	looked bool
}

// peer is a broker, and the connection to it.
type peer struct {
	addr string
	conn *sarama.Broker // nil where it is to be opened
}

func newWatch(cluster kafka.Cluster, first ...string) *watch {
	conf := cluster.AdminConfig("monitor-board")
	conf.Net.DialTimeout, conf.Net.ReadTimeout, conf.Net.WriteTimeout = answerTimeout, answerTimeout, answerTimeout
	nothing := Cluster{Brokers: []Broker{}, Topics: []Topic{}, Groups: []Group{}}
	return &watch{cluster: cluster, first: first, conf: conf, peers: map[int32]*peer{}, state: nothing}
}

// look asks all brokers, and remembers what they say.
func (w *watch) look(ctx context.Context) {
	answers := w.ask()
	if len(answers) == 0 {
		// None is known yet, or all have moved: their bootstrap addresses tell where they are now.
		for _, addr := range w.cluster.Brokers {
			p := &peer{addr: addr}
			if resp := p.metadata(w.conf); resp != nil {
				w.learn(resp)
			}
			p.close()
		}
		answers = w.ask()
	}
	state := Cluster{Brokers: []Broker{}, Topics: []Topic{}, Groups: []Group{}}
	if meta := newest(answers); meta != nil {
		state.describe(meta, w.first)
		state.Groups = w.groups.look(ctx, w.conf, meta, w.answering(answers), len(answers) == len(w.peers))
	} else {
		state.Topics, state.Groups = w.state.Topics, w.state.Groups // what was known last
	}
	state.Brokers = w.brokers(answers, state.Topics)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state, w.looked = state, true
}

// ask returns the answers of the brokers that give one, and learns where others are.
func (w *watch) ask() map[int32]*sarama.MetadataResponse {
	answers := map[int32]*sarama.MetadataResponse{}
	var mu sync.Mutex
	var asking sync.WaitGroup
	for id, p := range w.peers {
		asking.Go(func() {
			if resp := p.metadata(w.conf); resp != nil {
				mu.Lock()
				defer mu.Unlock()
				answers[id] = resp
			}
		})
	}
	asking.Wait()
	for _, resp := range answers {
		w.learn(resp)
	}
	return answers
}

// learn remembers the brokers of an answer.
func (w *watch) learn(resp *sarama.MetadataResponse) {
	for _, b := range resp.Brokers {
		if p := w.peers[b.ID()]; p == nil {
			w.peers[b.ID()] = &peer{addr: b.Addr()}
		} else if p.addr != b.Addr() {
			p.close()
			p.addr = b.Addr()
		}
	}
}

// metadata is what a broker says of all topics; nil where it does not answer.
func (p *peer) metadata(conf *sarama.Config) *sarama.MetadataResponse {
	if p.conn == nil {
		p.conn = sarama.NewBroker(p.addr)
		p.conn.Open(conf) // its error is GetMetadata's too
	}
	resp, err := p.conn.GetMetadata(sarama.NewMetadataRequest(conf.Version, nil))
	if err != nil {
		p.close()
		return nil
	}
	return resp
}

func (p *peer) close() {
	if p.conn != nil {
		p.conn.Close()
		p.conn = nil
	}
}

// newest is the answer that knows most: one that was paused, or is just back, tells of leaders that are none any more. A leader's epoch
// grows with every election. Of equals the controller's counts, who makes the changes and tells the others.
func newest(answers map[int32]*sarama.MetadataResponse) (best *sarama.MetadataResponse) {
	age := func(resp *sarama.MetadataResponse) (sum int) {
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				sum += int(p.LeaderEpoch)
			}
		}
		return sum
	}
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		resp := answers[id]
		if best == nil || cmp.Or(cmp.Compare(len(resp.Topics), len(best.Topics)), cmp.Compare(age(resp), age(best))) > 0 ||
			age(resp) == age(best) && resp.ControllerID == id {
			best = resp
		}
	}
	return best
}

// describe draws the topics that are not Kafka's own, some of them first.
func (c *Cluster) describe(meta *sarama.MetadataResponse, first []string) {
	place := func(t *sarama.TopicMetadata) int {
		if i := slices.Index(first, t.Name); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortFunc(meta.Topics, func(a, b *sarama.TopicMetadata) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a.Name, b.Name))
	})
	drawn := 0
	for _, t := range meta.Topics {
		if strings.HasPrefix(t.Name, "__") {
			continue
		}
		slices.SortFunc(t.Partitions, func(a, b *sarama.PartitionMetadata) int { return int(a.ID - b.ID) })
		fit := min(len(t.Partitions), mostPartitions-drawn)
		drawn += fit
		c.LeftOut += len(t.Partitions) - fit
		if fit == 0 {
			continue
		}
		topic := Topic{Name: t.Name}
		for _, p := range t.Partitions[:fit] {
			topic.Partitions = append(topic.Partitions, Partition{p.ID, p.Leader, p.Replicas, p.Isr})
		}
		c.Topics = append(c.Topics, topic)
	}
}

// brokers are all that were ever named, and those that only partitions name: they were down before anybody looked.
func (w *watch) brokers(answers map[int32]*sarama.MetadataResponse, topics []Topic) []Broker {
	known := map[int32]bool{}
	for id := range w.peers {
		known[id] = true
	}
	for _, t := range topics {
		for _, p := range t.Partitions {
			for _, id := range p.Replicas {
				known[id] = true
			}
		}
	}
	controller := w.controller(answers)
	brokers := []Broker{}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		_, up := answers[id]
		brokers = append(brokers, Broker{ID: id, Up: up, Controller: id == controller && up})
	}
	return brokers
}

// controller is the broker that is the controller, -1 where there is none or none tells.
func (w *watch) controller(answers map[int32]*sarama.MetadataResponse) int32 {
	meta := newest(answers)
	if meta == nil {
		return -1
	}
	var addrs []string
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		addrs = append(addrs, w.peers[id].addr)
	}
	id, err := kafka.Controller(w.conf, meta.ControllerID, addrs...)
	if err != nil {
		return -1
	}
	return id
}

// answering are the connections to the brokers that have answered.
func (w *watch) answering(answers map[int32]*sarama.MetadataResponse) map[int32]*sarama.Broker {
	conns := map[int32]*sarama.Broker{}
	for id := range answers {
		if conn := w.peers[id].conn; conn != nil {
			conns[id] = conn
		}
	}
	return conns
}

// now returns what is known, and whether anybody has looked yet.
func (w *watch) now() (state Cluster, looked bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, w.looked
}

func (w *watch) close() {
	for _, p := range w.peers {
		p.close()
	}
}
