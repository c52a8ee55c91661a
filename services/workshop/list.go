package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// listedTopic is a line of the list.
type listedTopic struct {
	Topic             string `json:"topic"`
	Partitions        int32  `json:"partitions"`
	ReplicationFactor int16  `json:"replicationFactor"`
}

// listTimeout is for a cluster that answers slowly; one that does not answer fails the list at once.
const listTimeout = 15 * time.Second

func listTopics(ctx context.Context, cluster kafka.Cluster, internal bool) ([]listedTopic, error) {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	ctx, cancel := context.WithTimeoutCause(ctx, listTimeout, fmt.Errorf("%s: no answer within %s", strings.Join(cluster.Brokers, ","), listTimeout))
	defer cancel()
	// Apply waits for a cluster; whoever asks for a list wants to know that there is none.
	admin, err := openAdmin(ctx, cluster, func(cause error) { giveUp(cause) })
	if err != nil {
		return nil, notListed(ctx, err)
	}
	details, err := kafka.Interruptible(ctx, admin.ListTopics)
	if err != nil {
		return nil, notListed(ctx, err)
	}
	admin.Close()
	topics := []listedTopic{} // not nil: [] in JSON
	for name, d := range details {
		if internal || !strings.HasPrefix(name, "__") {
			topics = append(topics, listedTopic{name, d.NumPartitions, d.ReplicationFactor})
		}
	}
	slices.SortFunc(topics, func(a, b listedTopic) int { return cmp.Compare(a.Topic, b.Topic) })
	return topics, nil
}

func notListed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("list topics: %w; start the cluster (docker compose up -d, or workshop up), "+
		"or name another with --bootstrap-servers", err)
}

// openAdmin connects to the cluster, for as long as that takes.
func openAdmin(ctx context.Context, cluster kafka.Cluster, waiting kafka.Waiting) (sarama.ClusterAdmin, error) {
	client, err := cluster.Dial(ctx, cluster.AdminConfig(toolName), nil, waiting)
	if err != nil {
		return nil, err
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		client.Close()
	}
	return admin, err
}

var listFormats = map[string]func(io.Writer, []listedTopic) error{
	"table": func(w io.Writer, topics []listedTopic) error {
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "TOPIC\tPARTITIONS\tREPLICATION FACTOR")
		for _, t := range topics {
			fmt.Fprintf(tw, "%s\t%d\t%d\n", t.Topic, t.Partitions, t.ReplicationFactor)
		}
		return tw.Flush()
	},
	"json": func(w io.Writer, topics []listedTopic) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(topics)
	},
}
