// Package embedded is a Kafka cluster inside this process, for machines without Docker or Java and
// for tests. It is franz-go's kfake: the whole protocol over TCP, transactions and groups included,
// but no replication, so that what survives a broker's death can only be learnt on real brokers.
package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// Options of a cluster; the zero value is three brokers on free ports, in memory.
type Options struct {
	Ports   []int  // a broker on each of these ports of 127.0.0.1; none: three free ports
	DataDir string // where messages outlive the process; empty: in memory
	// Sync writes every batch, offset and transaction to the disk before it is acknowledged (fsync), so that a loss of power
	// loses nothing that was acknowledged. Without it only the process may die, as with Kafka's own defaults
	// (log.flush.interval.messages), where the other replicas stand in. It has no effect without a DataDir.
	Sync    bool
	Refused func(OldRequest) // is told of clients that are too old, without holding it up; may be nil
	More    []kfake.Opt      // for tests: logins, TLS
}

// PortTakenError is a broker's port that something else listens on.
type PortTakenError struct{ Port int }

func (e *PortTakenError) Error() string { return fmt.Sprintf("port %d is already taken", e.Port) }

// Cluster is a running cluster. The embedded kfake cluster has what tests want: faults, controls,
// moves of partitions and coordinators.
type Cluster struct{ *kfake.Cluster }

const idPrefix = "embedded-"

// IsEmbedded reports whether a cluster of this id is an embedded one.
func IsEmbedded(clusterID string) bool { return strings.HasPrefix(clusterID, idPrefix) }

// Start starts a cluster. The error is a *PortTakenError where a port is in use.
func Start(o Options) (*Cluster, error) {
	opts := []kfake.Opt{
		// A new id for every new log, as a real cluster has: what a program keeps about a topic's offsets
		// is worth nothing for the same topic in another cluster. With a DataDir the id is kept there.
		kfake.ClusterID(idPrefix + rand.Text()),
		kfake.WithLogger(kfake.BasicLogger(os.Stderr, kfake.LogLevelError)), // a full disk must not pass in silence
		kfake.MaxVersions(versions()),
	}
	opts = append(opts, o.More...)
	if len(o.Ports) > 0 {
		// kfake would wrap the error beyond recognition, and after it had opened other ports.
		for _, port := range o.Ports {
			if PortTaken(port) {
				return nil, &PortTakenError{port}
			}
		}
		opts = append(opts, kfake.Ports(o.Ports...))
	} else {
		opts = append(opts, kfake.NumBrokers(3))
	}
	if o.DataDir != "" {
		opts = append(opts, kfake.DataDir(o.DataDir))
		if o.Sync {
			opts = append(opts, kfake.SyncWrites())
		}
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		return nil, fmt.Errorf("embedded cluster: %w", err)
	}
	cluster.ControlKey(kmsg.ListGroups.Int16(), anyCase)
	if o.Refused != nil {
		tellOld(cluster, o.Refused)
	}
	return &Cluster{cluster}, nil
}

// versions are those of the newest Kafka that has answers we can give, less the two that kfake fills in such
// a way that Kafka's own tools end in an exception of Java: kafka-topics, kafka-get-offsets and others.
func versions() *kversion.Versions {
	v := kversion.Stable()
	// From version 5 on the answer has the topic's settings, which kfake sends with a source that is none (-1).
	v.SetMaxKeyVersion(kmsg.CreateTopics.Int16(), 4)
	// Eligible leader replicas are null in it, which Java's client does not expect. Without it, it asks for Metadata.
	v.SetMaxKeyVersion(kmsg.DescribeTopicPartitions.Int16(), -1)
	return v
}

// anyCase lets a question for groups of some types be asked as Java's client does: «Classic». Kafka does not
// look at the case, kfake does. It has the question answered as any other.
func anyCase(req kmsg.Request) (kmsg.Response, error, bool) {
	list := req.(*kmsg.ListGroupsRequest)
	for i, typ := range list.TypesFilter {
		list.TypesFilter[i] = strings.ToLower(typ)
	}
	return nil, nil, false
}

// PortTaken reports whether something listens on a port of this machine. It connects before it
// listens, because listening alone proves too little: macOS lets us listen on 127.0.0.1 while Docker
// listens on every address, and Docker can forward without listening.
func PortTaken(port int) bool {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if conn, err := net.DialTimeout("tcp", addr, 200*time.Millisecond); err == nil {
		// On a free port of the ephemeral range a connection may meet itself.
		itself := conn.LocalAddr().String() == conn.RemoteAddr().String()
		conn.Close()
		return !itself
	}
	ln, err := net.Listen("tcp", addr)
	if err == nil {
		ln.Close()
		return false
	}
	const windowsInUse = syscall.Errno(10048) // WSAEADDRINUSE, which syscall.EADDRINUSE is not
	errno, _ := errors.AsType[syscall.Errno](err)
	return errno == syscall.EADDRINUSE || runtime.GOOS == "windows" && errno == windowsInUse
}

// Bootstrap is the cluster's brokers as BOOTSTRAP_SERVERS wants them.
func (c *Cluster) Bootstrap() string { return strings.Join(c.ListenAddrs(), ",") }
