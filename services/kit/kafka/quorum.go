package kafka

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka/exchange"
)

// Quorum is the controllers of a cluster without ZooKeeper (KRaft).
type Quorum struct {
	Leader int32 // the active controller
	Epoch  int32 // grows with every election
	Voters []Voter
}

// Voter is one of the controllers that elect the leader: more than half of them have to be there.
type Voter struct {
	ID int32
	// Behind is how many records of the cluster's metadata it has not fetched yet. The leader goes on to name a voter that is gone.
	Behind int64
	// CaughtUp is when it had all of them, by the leader's clock; zero where the leader does not know.
	CaughtUp time.Time
}

var (
	// ErrNoQuorum says that the cluster has ZooKeeper, or is embedded.
	ErrNoQuorum = errors.New("the cluster has no quorum of controllers")
	// ErrQuorumLost says that a broker answers, and that no controller does whom it asks in turn.
	ErrQuorumLost = errors.New("no controller is active: more than half of them are needed to elect one")
)

// DescribeQuorum asks a broker for the controllers (KIP-595), within the time-outs of conf. Sarama has no such request.
func DescribeQuorum(conf *sarama.Config, addr string) (Quorum, error) {
	broker, err := exchange.Dial(conf, addr)
	if err != nil {
		return Quorum{}, err
	}
	defer broker.Close()
	req, resp := kmsg.NewPtrDescribeQuorumRequest(), kmsg.NewPtrDescribeQuorumResponse()
	topic := kmsg.NewDescribeQuorumRequestTopic()
	topic.Topic = "__cluster_metadata"
	topic.Partitions = append(topic.Partitions, kmsg.NewDescribeQuorumRequestTopicPartition())
	req.Topics = append(req.Topics, topic)
	err = broker.Ask(req, resp)
	// The broker passes the question on to the active controller, and waits for one.
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return Quorum{}, ErrQuorumLost
	}
	switch {
	case errors.Is(err, sarama.ErrUnsupportedVersion):
		return Quorum{}, ErrNoQuorum
	case err != nil:
		return Quorum{}, err
	}
	return quorumOf(resp)
}

func quorumOf(resp *kmsg.DescribeQuorumResponse) (Quorum, error) {
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return Quorum{}, fmt.Errorf("describe the quorum: %w", err)
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return Quorum{}, errors.New("describe the quorum: an answer without it")
	}
	p := resp.Topics[0].Partitions[0]
	switch err := kerr.ErrorForCode(p.ErrorCode); {
	case errors.Is(err, kerr.NotLeaderForPartition), err == nil && p.LeaderID < 0:
		return Quorum{}, ErrQuorumLost
	case err != nil:
		return Quorum{}, fmt.Errorf("describe the quorum: %w", err)
	}
	q := Quorum{Leader: p.LeaderID, Epoch: p.LeaderEpoch}
	var end int64
	for _, v := range p.CurrentVoters {
		if v.ReplicaID == p.LeaderID {
			end = v.LogEndOffset
		}
	}
	for _, v := range p.CurrentVoters {
		voter := Voter{ID: v.ReplicaID, Behind: end - max(v.LogEndOffset, 0)}
		if v.LastCaughtUpTimestamp >= 0 {
			voter.CaughtUp = time.UnixMilli(v.LastCaughtUpTimestamp)
		}
		q.Voters = append(q.Voters, voter)
	}
	slices.SortFunc(q.Voters, func(a, b Voter) int { return int(a.ID - b.ID) })
	return q, nil
}

// Controller returns the broker that is the controller, -1 where none is. Without ZooKeeper it is the leader of the quorum, by the word
// of the first broker that answers, since Metadata names any broker there (KIP-590); otherwise the one that Metadata has named. An error
// says that no broker tells.
func Controller(conf *sarama.Config, named int32, addrs ...string) (int32, error) {
	var errs []error
	for _, addr := range addrs {
		q, err := DescribeQuorum(conf, addr)
		switch {
		case err == nil:
			return q.Leader, nil
		case errors.Is(err, ErrNoQuorum):
			return named, nil
		case errors.Is(err, ErrQuorumLost):
			return -1, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", addr, err))
	}
	return -1, errors.Join(errs...)
}
