package kafka_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// quorumBroker answers as a broker without ZooKeeper, with what describe returns; nil: not at all, as when no controller is active.
func quorumBroker(t *testing.T, describe *kmsg.DescribeQuorumResponse) string {
	t.Helper()
	return kafkatest.Listen(t, func(conn net.Conn) {
		for {
			var head [12]byte // size, key, version, number
			if _, err := io.ReadFull(conn, head[:]); err != nil {
				return
			}
			if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head[:]))-8); err != nil {
				return
			}
			answer := slices.Clone(head[8:])
			switch kmsg.Key(binary.BigEndian.Uint16(head[4:])) {
			case kmsg.ApiVersions:
				versions := kmsg.NewPtrApiVersionsResponse()
				key := kmsg.NewApiVersionsResponseApiKey()
				key.ApiKey, key.MaxVersion = int16(kmsg.DescribeQuorum), 2
				versions.ApiKeys = append(versions.ApiKeys, key)
				answer = versions.AppendTo(answer)
			case kmsg.DescribeQuorum:
				if describe == nil {
					continue
				}
				resp := *describe
				resp.Version = int16(binary.BigEndian.Uint16(head[6:]))
				answer = resp.AppendTo(append(answer, 0)) // no tags in its header
			default:
				return
			}
			conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(answer))), answer...))
		}
	})
}

// described is a quorum of three, with what change does to it.
func described(change func(*kmsg.DescribeQuorumResponseTopicPartition)) *kmsg.DescribeQuorumResponse {
	p := kmsg.NewDescribeQuorumResponseTopicPartition()
	p.LeaderID, p.LeaderEpoch = 2, 7
	for _, v := range []struct {
		id  int32
		end int64
	}{{3, 90}, {1, 100}, {2, 100}} {
		voter := kmsg.NewDescribeQuorumResponseTopicPartitionReplicaState()
		voter.ReplicaID, voter.LogEndOffset = v.id, v.end
		if v.id == 3 {
			voter.LastCaughtUpTimestamp = 1_700_000_000_000
		}
		p.CurrentVoters = append(p.CurrentVoters, voter)
	}
	if change != nil {
		change(&p)
	}
	topic := kmsg.NewDescribeQuorumResponseTopic()
	topic.Partitions = append(topic.Partitions, p)
	resp := kmsg.NewPtrDescribeQuorumResponse()
	resp.Topics = append(resp.Topics, topic)
	return resp
}

func quorumConfig() *sarama.Config {
	conf := kafka.Cluster{}.AdminConfig("test")
	conf.Net.ReadTimeout = 200 * time.Millisecond
	return conf
}

func TestDescribeQuorum(t *testing.T) {
	t.Parallel()
	got, err := kafka.DescribeQuorum(quorumConfig(), quorumBroker(t, described(nil)))
	if err != nil {
		t.Fatal(err)
	}
	want := []kafka.Voter{{ID: 1}, {ID: 2}, {ID: 3, Behind: 10, CaughtUp: time.UnixMilli(1_700_000_000_000)}}
	if got.Leader != 2 || got.Epoch != 7 || !slices.Equal(got.Voters, want) {
		t.Errorf("got %+v", got)
	}
}

func TestControllerOfEachCluster(t *testing.T) {
	t.Parallel()
	embedded := kafkatest.Start(t).ListenAddrs()[0]
	whole := quorumBroker(t, described(nil))
	silent := quorumBroker(t, nil)
	notLeader := quorumBroker(t, described(func(p *kmsg.DescribeQuorumResponseTopicPartition) {
		p.ErrorCode = kerr.NotLeaderForPartition.Code
	}))
	leaderless := quorumBroker(t, described(func(p *kmsg.DescribeQuorumResponseTopicPartition) { p.LeaderID = -1 }))
	refused := described(nil)
	refused.ErrorCode = kerr.ClusterAuthorizationFailed.Code
	refusing := quorumBroker(t, refused)
	closed := "127.0.0.1:1"
	for _, c := range []struct {
		name  string
		addrs []string
		want  int32
		err   string
	}{
		{"embedded: as Metadata says", []string{embedded}, 9, ""},
		{"the leader of the quorum", []string{whole}, 2, ""},
		{"a broker that is down is passed over", []string{closed, whole}, 2, ""},
		{"no controller answers", []string{silent}, -1, ""},
		{"the one asked leads no more", []string{notLeader}, -1, ""},
		{"nobody leads", []string{leaderless}, -1, ""},
		{"not allowed", []string{refusing}, -1, "CLUSTER_AUTHORIZATION_FAILED"},
		{"all are down", []string{closed}, -1, closed},
	} {
		id, err := kafka.Controller(quorumConfig(), 9, c.addrs...)
		if id != c.want || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %d, %v; want %d, %q", c.name, id, err, c.want, c.err)
		}
	}
	if _, err := kafka.DescribeQuorum(quorumConfig(), silent); !errors.Is(err, kafka.ErrQuorumLost) {
		t.Errorf("got %v", err)
	}
}
