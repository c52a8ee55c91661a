// Package cluster is the command «workshop cluster».
package cluster

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
)

// describedCluster is a cluster as a whole.
type describedCluster struct {
	ClusterID       string            `json:"clusterId"`
	Controller      int32             `json:"controller"` // -1: none at the moment, or not told
	Brokers         []describedBroker `json:"brokers"`
	Topics          int               `json:"topics"` // Kafka's own not counted
	InternalTopics  int               `json:"internalTopics"`
	Partitions      int               `json:"partitions"` // of all topics
	UnderReplicated []string          `json:"underReplicatedPartitions"`
	Offline         []string          `json:"offlinePartitions"`
	untold          error             // why the controller is not known
	named           int32             // whom Metadata names: with ZooKeeper the controller, or who was it last; else any broker
}

// describedBroker is a broker that is up.
type describedBroker struct {
	ID       int32  `json:"id"`
	Address  string `json:"address"`
	Rack     string `json:"rack"`
	Version  string `json:"version"` // as its answers tell; empty: there are none
	Replicas int    `json:"replicas"`
	Leads    int    `json:"leads"`
	cause    error  // why there is no version
}

// NewCommand returns the command «workshop cluster».
func NewCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Show the brokers, the controller, and whether every replica is in sync",
		Long: `cluster shows the brokers that are up: who is the controller, and how many replicas each holds and leads. VERSION is
the Kafka version whose requests a broker answers; the protocol tells no more.

Under-replicated partitions have a replica that is not in sync, offline ones have no leader. Exit code 0 in any case.`,
		Example: `  workshop cluster
  workshop cluster -o json | jq '.underReplicatedPartitions | length'`,
		Args: cobra.NoArgs,
	}
	session.BootstrapFlag(cmd)
	o := t.Bind(cmd, func(ctx context.Context, o *session.Options, _ []string) error {
		d, err := session.Ask(ctx, o, func(_ context.Context, s *session.Session) (describedCluster, error) { return describeCluster(s) })
		if err != nil {
			return fmt.Errorf("describe the cluster: %w", err)
		}
		if err := o.Print(d, func(w io.Writer) { d.table(w, o.Tool) }); err != nil {
			return err
		}
		if embedded.IsEmbedded(d.ClusterID) {
			o.NoteCopies()
		}
		if d.untold != nil {
			o.Note("warning: who is the controller is not known: %v", d.untold)
		}
		for _, b := range d.Brokers {
			if b.cause != nil {
				o.Note("warning: broker %d at %s does not answer: %v", b.ID, b.Address, b.cause)
			}
		}
		return nil
	})
	o.OutputFlag(cmd)
	return cmd
}

func describeCluster(s *session.Session) (describedCluster, error) {
	d := describedCluster{Brokers: []describedBroker{}, UnderReplicated: []string{}, Offline: []string{}}
	meta, err := s.Metadata()
	if err != nil {
		return d, err
	}
	if meta.ClusterID != nil {
		d.ClusterID = *meta.ClusterID
	}
	d.named = meta.ControllerID
	d.Controller, d.untold = kafka.Controller(s.Client.Config(), meta.ControllerID, addresses(meta)...)
	replicas, leads := map[int32]int{}, map[int32]int{}
	for _, t := range meta.Topics {
		if session.IsInternal(t) {
			d.InternalTopics++
		} else {
			d.Topics++
		}
		d.Partitions += len(t.Partitions)
		for _, p := range t.Partitions {
			for _, id := range p.Replicas {
				replicas[id]++
			}
			leads[p.Leader]++
			name := fmt.Sprintf("%s/%d", t.Name, p.ID)
			if len(p.Isr) < len(p.Replicas) {
				d.UnderReplicated = append(d.UnderReplicated, name)
			}
			if p.Leader < 0 {
				d.Offline = append(d.Offline, name)
			}
		}
	}
	for _, b := range meta.Brokers {
		d.Brokers = append(d.Brokers, describedBroker{
			ID: b.ID(), Address: b.Addr(), Rack: b.Rack(), Replicas: replicas[b.ID()], Leads: leads[b.ID()],
		})
	}
	askVersions(s, d.Brokers)
	if embedded.IsEmbedded(d.ClusterID) {
		for i := range d.Brokers {
			// It answers what it needs, of no one version, and all of it is one process.
			d.Brokers[i].Version, d.Brokers[i].Rack = "embedded", ""
		}
	}
	return d, nil
}

func addresses(meta *sarama.MetadataResponse) (addrs []string) {
	for _, b := range meta.Brokers {
		addrs = append(addrs, b.Addr())
	}
	return addrs
}

const unknownVersion = "unknown" // not one of Apache Kafka's

// askVersions asks each broker which requests it answers, and derives its version from that.
func askVersions(s *session.Session, brokers []describedBroker) {
	var wg sync.WaitGroup
	for i := range brokers {
		wg.Go(func() {
			b := sarama.NewBroker(brokers[i].Address)
			defer b.Close()
			if brokers[i].cause = b.Open(s.Client.Config()); brokers[i].cause != nil {
				return
			}
			resp, err := b.ApiVersions(&sarama.ApiVersionsRequest{Version: 3, ClientSoftwareName: session.ClientID, ClientSoftwareVersion: "1"})
			if err != nil {
				brokers[i].cause = err
				return
			}
			brokers[i].Version = versionOf(resp)
		})
	}
	wg.Wait()
}

func versionOf(resp *sarama.ApiVersionsResponse) string {
	answers := kmsg.NewPtrApiVersionsResponse()
	for _, k := range resp.ApiKeys {
		key := kmsg.NewApiVersionsResponseApiKey()
		key.ApiKey, key.MinVersion, key.MaxVersion = k.ApiKey, k.MinVersion, k.MaxVersion
		answers.ApiKeys = append(answers.ApiKeys, key)
	}
	version := kversion.FromApiVersionsResponse(answers).VersionGuess()
	if strings.HasPrefix(version, "v") || strings.HasPrefix(version, "at least v") {
		return version
	}
	return unknownVersion
}

func (d describedCluster) table(w io.Writer, t *session.Tool) {
	fmt.Fprintln(w, t.Words("cluster %s: %s, %s and %d of Kafka's own, %s", cmp.Or(d.ClusterID, "-"), session.Count(len(d.Brokers), "broker"),
		session.Count(d.Topics, "topic"), d.InternalTopics, session.Count(d.Partitions, "partition")))
	fmt.Fprintln(w)
	fmt.Fprintln(w, "BROKER\tADDRESS\tRACK\tVERSION\tREPLICAS\tLEADS\tROLE")
	for _, b := range d.Brokers {
		role, version := "-", t.Words("%s", cmp.Or(b.Version, "-"))
		if b.Version == unknownVersion {
			version = t.In(service.Text{PT: "desconhecida", EN: unknownVersion})
		}
		if b.ID == d.Controller {
			role = "controller"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%d\t%s\n", b.ID, b.Address, cmp.Or(b.Rack, "-"), version, b.Replicas, b.Leads, role)
	}
	fmt.Fprintln(w)
	switch {
	case d.untold != nil || slices.ContainsFunc(d.Brokers, func(b describedBroker) bool { return b.ID == d.Controller }):
	case d.Controller < 0 || d.Controller == d.named:
		fmt.Fprintln(w, t.Words("no controller at the moment: topics cannot be created, nor leaders elected"))
	default:
		fmt.Fprintln(w, t.Words("the controller is %d, a process of its own", d.Controller))
	}
	fmt.Fprintln(w, t.Words("under-replicated partitions: %s", someOf(d.UnderReplicated)))
	fmt.Fprintln(w, t.Words("offline partitions: %s", someOf(d.Offline)))
}

// someOf returns the number of names and the first few.
func someOf(names []string) string {
	const few = 8
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > few:
		return fmt.Sprintf("%d (%s and others)", len(names), strings.Join(names[:few], ", "))
	default:
		return fmt.Sprintf("%d (%s)", len(names), strings.Join(names, ", "))
	}
}
