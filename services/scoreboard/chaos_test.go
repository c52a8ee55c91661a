package scoreboard

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/wire"
)

// refusal is a request that a broker refuses, and with what: errors that a real one may answer, after
// each of which the board has to go on. Errors that end a program by design (it is fenced, it may
// not) are not among them.
type refusal struct {
	key      kmsg.Key
	when     func(kmsg.Request) bool // nil: always
	topic    string
	topLevel bool // the answer has one error code, beside none for each topic
	errs     []*kerr.Error
}

var (
	moved = []*kerr.Error{kerr.NotCoordinator, kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress}

	refusals = []refusal{
		{key: kmsg.TxnOffsetCommit, errs: append([]*kerr.Error{
			kerr.UnknownMemberID, kerr.IllegalGeneration, kerr.RebalanceInProgress, kerr.FencedInstanceID, // aborted
			kerr.RequestTimedOut,    // done all the same
			kerr.UnknownServerError, // fatal to the producer, not to the board
		}, moved...)},
		{key: kmsg.EndTxn, errs: append([]*kerr.Error{
			kerr.ConcurrentTransactions, kerr.InvalidTxnState, kerr.UnknownServerError, kerr.InvalidProducerIDMapping,
		}, moved...)},
		{key: kmsg.AddPartitionsToTxn, errs: append([]*kerr.Error{
			kerr.ConcurrentTransactions, kerr.UnknownTopicOrPartition, kerr.OperationNotAttempted,
		}, moved...)},
		{key: kmsg.AddOffsetsToTxn, errs: append([]*kerr.Error{
			kerr.ConcurrentTransactions, kerr.InvalidTxnState, kerr.UnknownServerError,
		}, moved...)},
		// The producer of dead letters, which is not transactional, is not to be struck: a board that cannot
		// have it when it starts ends.
		{
			key:  kmsg.InitProducerID,
			when: func(r kmsg.Request) bool { return r.(*kmsg.InitProducerIDRequest).TransactionalID != nil },
			errs: append([]*kerr.Error{kerr.ConcurrentTransactions, kerr.UnknownServerError}, moved...),
		},
		{key: kmsg.Produce, topic: "scoreBoard", errs: []*kerr.Error{
			kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.NotEnoughReplicas, kerr.KafkaStorageError,
			kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut, // done all the same
			kerr.OutOfOrderSequenceNumber, kerr.UnknownServerError,
		}},
		{key: kmsg.Fetch, topic: "scoreGame", errs: []*kerr.Error{
			kerr.NotLeaderForPartition, kerr.FencedLeaderEpoch, kerr.UnknownLeaderEpoch, kerr.OffsetNotAvailable, kerr.KafkaStorageError,
			kerr.UnknownServerError,
		}},
		{
			key:   kmsg.ListOffsets,
			topic: "scoreBoard",
			errs:  []*kerr.Error{kerr.NotLeaderForPartition, kerr.OffsetNotAvailable, kerr.LeaderNotAvailable},
		},
		{key: kmsg.FindCoordinator, errs: []*kerr.Error{kerr.CoordinatorNotAvailable}},
		{key: kmsg.Heartbeat, topLevel: true, errs: append([]*kerr.Error{kerr.RebalanceInProgress}, moved...)},
		{key: kmsg.JoinGroup, topLevel: true, errs: append([]*kerr.Error{kerr.RebalanceInProgress}, moved...)},
		{key: kmsg.SyncGroup, topLevel: true, errs: append([]*kerr.Error{kerr.RebalanceInProgress}, moved...)},
		// A dynamic member that is told so would join as another, and the group would wait for its ghost.
		{key: kmsg.Heartbeat, topLevel: true, when: isStatic, errs: []*kerr.Error{kerr.UnknownMemberID, kerr.IllegalGeneration}},
		{key: kmsg.JoinGroup, topLevel: true, when: isStatic, errs: []*kerr.Error{kerr.UnknownMemberID}},
		{key: kmsg.SyncGroup, topLevel: true, when: isStatic, errs: []*kerr.Error{kerr.UnknownMemberID, kerr.IllegalGeneration}},
		{key: kmsg.OffsetFetch, topLevel: true, errs: append([]*kerr.Error{kerr.UnstableOffsetCommit}, moved...)},
	}
)

// isStatic reports whether a request of a group is a static member's.
func isStatic(req kmsg.Request) bool {
	switch req := req.(type) {
	case *kmsg.HeartbeatRequest:
		return req.InstanceID != nil
	case *kmsg.JoinGroupRequest:
		return req.InstanceID != nil
	case *kmsg.SyncGroupRequest:
		return req.InstanceID != nil
	}
	return false
}

// chaos strikes a cluster and its boards, and counts what has struck.
type chaos struct {
	t        testing.TB
	rng      *rand.Rand
	cluster  *kafkatest.Cluster
	network  *wire.Proxy
	refusals []refusal
	boards   []*boardProcess // none: they are left alone

	pending map[kmsg.Key]trap // set, and not all of them sprung
	sprung  map[string]int    // by kind, of the traps that are no longer pending
	done    map[string]int    // what happens at once, by kind
}

// trap is a fault that waits for a request.
type trap struct {
	kind   string
	want   int
	handle *kfake.FaultHandle
}

func newChaos(t testing.TB, rng *rand.Rand, c *kafkatest.Cluster, network *wire.Proxy, refusals []refusal) *chaos {
	return &chaos{t: t, rng: rng, cluster: c, network: network, refusals: refusals,
		pending: map[kmsg.Key]trap{}, sprung: map[string]int{}, done: map[string]int{}}
}

// strike does the next mischief. Of twenty eleven are refusals, four lost answers, two moves of
// leaders, two of coordinators, and one is a restart.
func (x *chaos) strike() {
	switch n := x.rng.IntN(20); {
	case n < 11:
		x.refuse()
	case n < 15:
		x.loseAnswer()
	case n == 15:
		x.cluster.ShufflePartitionLeaders()
		x.done["all leaders shuffled"]++
	case n == 16:
		topic, partition := []string{"scoreGame", "scoreBoard"}[x.rng.IntN(2)], int32(x.rng.IntN(soakPartitions))
		node := (x.cluster.LeaderFor(topic, partition) + 1) % 3
		if err := x.cluster.MoveTopicPartition(topic, partition, node); err != nil {
			x.t.Fatal(err)
		}
		x.done["a leader moved"]++
	case n < 19:
		x.cluster.RehashCoordinators()
		x.done["coordinators moved"]++
	case len(x.boards) > 0:
		b := x.boards[x.rng.IntN(len(x.boards))]
		// A dynamic member that ends while the group is joining leaves a ghost, and kfake's wait for it
		// begins anew with every member that joins.
		if info := x.cluster.GroupInfo("group1"); b.isStatic() || info != nil && info.State == "Stable" {
			x.done[b.restart(x.rng)]++
		}
	}
}

// refuse sets a trap that answers one to three requests with an error.
func (x *chaos) refuse() {
	r := x.refusals[x.rng.IntN(len(x.refusals))]
	err := r.errs[x.rng.IntN(len(r.errs))]
	x.set(r.key, fmt.Sprint(r.key.Name(), " ", err.Message), kfake.Fault{
		Keys: []kmsg.Key{r.key}, Topic: r.topic, TopLevel: r.topLevel, When: r.when, Err: err, Count: 1 + x.rng.IntN(3),
	})
}

const answerLost = " answer lost"

// loseAnswer sets a trap that cuts the boards' connections while the broker has a request in hand: it
// is done, and the board does not hear of it.
func (x *chaos) loseAnswer() {
	r := x.refusals[x.rng.IntN(len(x.refusals))]
	x.set(r.key, r.key.Name()+answerLost, kfake.Fault{
		Keys: []kmsg.Key{r.key}, Topic: r.topic, TopLevel: r.topLevel, Observe: true, Count: 1,
		When: func(req kmsg.Request) bool {
			if r.when != nil && !r.when(req) {
				return false
			}
			x.network.Sever()
			return true
		},
	})
}

// set sets a trap, unless one for such requests waits already.
func (x *chaos) set(key kmsg.Key, kind string, fault kfake.Fault) {
	x.collect()
	if _, ok := x.pending[key]; !ok {
		x.pending[key] = trap{kind, fault.Count, x.cluster.Fault(fault)}
	}
}

// collect counts the traps that have sprung as often as they were to.
func (x *chaos) collect() {
	for key, trap := range x.pending {
		if trap.handle.Hits() == trap.want {
			x.sprung[trap.kind] += trap.want
			delete(x.pending, key)
		}
	}
}

// relent removes the traps that still wait.
func (x *chaos) relent() {
	for key, trap := range x.pending {
		trap.handle.Remove()
		if hits := trap.handle.Hits(); hits > 0 {
			x.sprung[trap.kind] += hits
		}
		delete(x.pending, key)
	}
}

// counts is what has truly struck so far, by kind.
func (x *chaos) counts() map[string]int {
	all := maps.Clone(x.sprung)
	maps.Copy(all, x.done)
	for _, trap := range x.pending {
		if hits := trap.handle.Hits(); hits > 0 {
			all[trap.kind] += hits
		}
	}
	return all
}

// kinds is counts with one kind for all refusals, and one for all lost answers.
func (x *chaos) kinds() map[string]int {
	kinds := maps.Clone(x.done)
	for kind, n := range x.counts() {
		if _, ok := x.done[kind]; ok {
			continue
		}
		if strings.HasSuffix(kind, answerLost) {
			kinds["answer of a broker lost"] += n
		} else {
			kinds["request refused by a broker"] += n
		}
	}
	return kinds
}

// struck is how many faults have struck.
func (x *chaos) struck() int {
	sum := 0
	for _, n := range x.counts() {
		sum += n
	}
	return sum
}

// String is a line a kind.
func (x *chaos) String() string {
	var text strings.Builder
	counts := x.counts()
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&text, "%6d %s\n", counts[kind], kind)
	}
	return text.String()
}
