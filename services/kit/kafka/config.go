// Package kafka holds what every program of the workshop does with sarama: one set of settings, a
// dial that waits for brokers and topics, transactions, dead letters and topic creation. The consumer
// group has a package of its own, group.
package kafka

import (
	"cmp"
	"net"
	"net/url"
	"time"

	"github.com/IBM/sarama"
	"github.com/rcrowley/go-metrics"
	"golang.org/x/net/proxy"

	"workshop.example/kit/kafka/secure"
)

func init() {
	// A few kilobytes on the wire can be gigabytes unpacked; sarama's default is unbounded.
	sarama.MaxDecompressedBatchSize = 16 << 20
	// Sarama keeps meters of its own for every broker and topic: see Meters.
	metrics.UseNilMetrics = true
}

// Cluster says how to reach the brokers.
type Cluster struct {
	Brokers []string // bootstrap addresses, host:port
	Proxy   string   // socks5://host:port, or empty

	// ClientID is by what name brokers know all clients of this process, in their quotas too; empty: each has its own, such as the program's.
	ClientID string

	// Security is how connections are protected; nil: plain text, without a login. Sarama's own Net.TLS and Net.SASL stay off:
	// it gets connections that are ready.
	Security *secure.Settings

	// Rack is where this program is: fetches then go to a replica with this broker.rack, where brokers allow that (KIP-392). Empty: to
	// the leader.
	Rack string

	// MetadataAge is how old a client's view of its topics may get; 0 means DefaultMetadataAge.
	MetadataAge time.Duration
}

// DefaultMetadataAge is what metadata.max.age.ms is to the Java client. A partition that is added to a
// topic is noticed after at most twice this time: one refresh of the client's metadata, and one look of
// the group, or of a reader without a group, at that metadata. Twice 10 s and a rebalance stay below
// 30 s. Sarama's default of 10 minutes, and Java's of 5, leave the partition unread for that long. A
// refresh is one small request.
const DefaultMetadataAge = 10 * time.Second

// DefaultBrokers are the external listeners of the three-broker stack.
const DefaultBrokers = "localhost:9091,localhost:9092,localhost:9093"

// Config is the configuration that every client starts from. What differs from sarama's defaults
// has its reason beside it; a program may change what it has a reason for, before it dials.
func (c Cluster) Config(clientID string) *sarama.Config {
	conf := sarama.NewConfig()
	conf.ClientID = cmp.Or(c.ClientID, clientID)
	conf.RackID = c.Rack
	conf.Version = sarama.V3_9_0_0

	// With the defaults of 30 s a paused broker holds up a start for minutes. Read has to stay above
	// Rebalance.Timeout: a JoinGroup is answered only when the whole group has joined.
	conf.Net.DialTimeout = 5 * time.Second
	conf.Net.ReadTimeout = 15 * time.Second
	conf.Net.WriteTimeout = 15 * time.Second

	// Asking for a topic must not create it, with one replica and one partition, by accident.
	conf.Metadata.AllowAutoTopicCreation = false
	conf.Metadata.Full = false // only the topics we use
	conf.Metadata.RefreshFrequency = cmp.Or(c.MetadataAge, DefaultMetadataAge)
	// This, not Producer.Retry, is what carries a client through a leader election: a retried send
	// asks for the leader first, and fails if metadata does.
	conf.Metadata.Retry.Max = 120
	conf.Metadata.Retry.Backoff = 500 * time.Millisecond

	conf.Producer.Return.Successes = true
	conf.Producer.Return.Errors = true
	conf.Producer.RequiredAcks = sarama.WaitForAll
	// The broker drops what a retry sends twice. That needs one request in flight, or a failed
	// request could be overtaken by the next.
	conf.Producer.Idempotent = true
	conf.Net.MaxOpenRequests = 1
	// 60 s: longer than a ZooKeeper session plus an election.
	conf.Producer.Retry.Max = 240
	conf.Producer.Retry.Backoff = 250 * time.Millisecond
	// Same key, same partition as in the Java and Python clients; sarama's own default hash differs.
	conf.Producer.Partitioner = sarama.NewMurmur2Partitioner

	conf.Consumer.Return.Errors = true
	conf.Consumer.Offsets.Initial = sarama.OffsetOldest
	conf.Consumer.IsolationLevel = sarama.ReadCommitted
	conf.Consumer.Offsets.AutoCommit.Enable = false // we commit: see Commit of group.Claim
	// A fetch is per broker, and unpacked it can be many times its size: 4 MiB of zstd took 127 MB.
	conf.Consumer.Fetch.Default = 1 << 20
	conf.Consumer.Fetch.Max = 0            // a limit would make sarama skip a message that is larger
	conf.Consumer.Fetch.MaxBytes = 2 << 20 // of one answer: with hundreds of partitions a megabyte each would be the memory
	// A partition whose leader has moved stands still for this long before sarama asks for the new one.
	conf.Consumer.Retry.Backoff = 250 * time.Millisecond
	// How long a broker holds back an answer when it has no message. Sarama has one connection a
	// broker, so a commit to the same broker waits behind that answer: with the default of 500 ms a
	// slow stream's commits would take that long.
	conf.Consumer.MaxWaitTime = 100 * time.Millisecond
	conf.Consumer.Group.Session.Timeout = 6 * time.Second
	conf.Consumer.Group.Heartbeat.Interval = time.Second
	conf.Consumer.Group.Rebalance.Timeout = 10 * time.Second
	conf.Consumer.Group.Rebalance.Retry.Backoff = 250 * time.Millisecond
	// The default jumps over deleted messages without a word: Group says what was lost.
	conf.Consumer.Group.ResetInvalidOffsets = false

	conf.Net.Proxy.Enable = true // which is sarama's name for a dialer of one's own
	conf.Net.Proxy.Dialer = c.netDialer(&net.Dialer{Timeout: conf.Net.DialTimeout}, conf.ClientID)
	return conf
}

// netDialer connects through the proxy, where there is one, and protects the connection.
func (c Cluster) netDialer(direct proxy.Dialer, clientID string) dialer {
	if u, err := url.Parse(c.Proxy); c.Proxy != "" && err == nil {
		// The only error is an unknown scheme, which kafkaenv.Cluster refuses.
		if through, err := proxy.FromURL(u, direct); err == nil {
			direct = through
		}
	}
	return dialer{secure.Dialer{Direct: direct, Settings: c.Security, ClientID: clientID, Timeout: firstAnswer}, firstAnswer}
}

// AdminConfig is for sarama.NewClusterAdmin, which needs the whole cluster's metadata to find the
// controller, and for which waiting a minute for an answer is the caller's decision, not sarama's.
func (c Cluster) AdminConfig(clientID string) *sarama.Config {
	conf := c.Config(clientID)
	conf.Metadata.Full = true
	conf.Metadata.Retry.Max = 3
	conf.Metadata.Retry.Backoff = 250 * time.Millisecond
	return conf
}

// Publishing is how sure a producer wants to be, and how small its messages.
type Publishing struct {
	Acks        sarama.RequiredAcks
	Idempotent  bool
	Compression sarama.CompressionCodec
}

// Apply puts the choice into conf.
func (p Publishing) Apply(conf *sarama.Config) {
	conf.Producer.RequiredAcks = p.Acks
	conf.Producer.Idempotent = p.Idempotent
	conf.Producer.Compression = p.Compression
}

// Membership is how a consumer takes part in a group.
type Membership struct {
	Group      string
	InstanceID string // static membership (KIP-345); empty for a dynamic member
	Strategy   string // one of Strategies; empty is the first
	Reset      int64  // sarama.OffsetOldest or OffsetNewest, for a group without an offset
	Isolation  sarama.IsolationLevel
}

// Strategies are the ways to divide partitions among the members of a group, by the names that clients in all languages announce
// them with. The broker takes a member in only when all members have announced one that it also knows.
var Strategies = []string{sarama.RangeBalanceStrategyName, sarama.RoundRobinBalanceStrategyName, sarama.StickyBalanceStrategyName}

// strategy returns the one that is named.
func strategy(name string) sarama.BalanceStrategy {
	switch name {
	case sarama.RoundRobinBalanceStrategyName:
		return sarama.NewBalanceStrategyRoundRobin()
	case sarama.StickyBalanceStrategyName:
		return sarama.NewBalanceStrategySticky()
	default:
		return sarama.NewBalanceStrategyRange()
	}
}

// Apply puts the choice into conf.
func (m Membership) Apply(conf *sarama.Config) {
	conf.Consumer.Group.InstanceId = m.InstanceID
	conf.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{strategy(m.Strategy)}
	conf.Consumer.Offsets.Initial = m.Reset
	conf.Consumer.IsolationLevel = m.Isolation
}
