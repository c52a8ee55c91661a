// franz-go for scripts/compat-clients, with probe.go.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	broker := kgo.SeedBrokers(os.Args[2])
	switch os.Args[1] {
	case "send":
		answer(func(j job) (result, error) { return send(broker, j) })
	case "read":
		answer(func(j job) (result, error) { return read(broker, j) })
	case "member":
		member(broker)
	}
}

func send(broker kgo.Opt, j job) (r result, err error) {
	codec := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}[j.Codec]
	opts := []kgo.Opt{broker, kgo.ProducerBatchCompression(codec), kgo.RecordDeliveryTimeout(time.Minute)}
	if j.Transaction != "" {
		opts = append(opts, kgo.TransactionalID(j.Topic))
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return r, err
	}
	defer client.Close()
	if j.Transaction != "" {
		if err := client.BeginTransaction(); err != nil {
			return r, err
		}
	}
	var records []*kgo.Record
	for _, one := range j.Records {
		sent := &kgo.Record{Topic: j.Topic, Key: octets(one.Key), Value: octets(one.Value)}
		for _, h := range one.Headers {
			sent.Headers = append(sent.Headers, kgo.RecordHeader{Key: *h[0], Value: octets(h[1])})
		}
		records = append(records, sent)
	}
	if err := client.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
		return r, err
	}
	for _, sent := range records {
		r.Partitions = append(r.Partitions, sent.Partition)
	}
	if j.Transaction != "" {
		err = client.EndTransaction(context.Background(), kgo.TransactionEndTry(j.Transaction == "commit"))
	}
	return r, err
}

func read(broker kgo.Opt, j job) (r result, err error) {
	opts := []kgo.Opt{broker, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{j.Topic: {0: kgo.NewOffset().AtStart()}})}
	if j.Committed {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return r, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return r, nil
		}
		if err := fetches.Err(); err != nil {
			return r, err
		}
		for _, m := range fetches.Records() {
			one := record{Key: text(m.Key), Value: text(m.Value), Headers: [][2]*string{}}
			for _, h := range m.Headers {
				one.Headers = append(one.Headers, [2]*string{&h.Key, text(h.Value)})
			}
			r.Records = append(r.Records, one)
			if string(m.Value) == "end" {
				return r, nil
			}
		}
	}
}

func member(broker kgo.Opt) {
	opts := []kgo.Opt{broker, kgo.ConsumeTopics(os.Args[3]), kgo.ConsumerGroup(os.Args[4]), kgo.ClientID("franz-go"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.AutoCommitInterval(500 * time.Millisecond)}
	if s := os.Args[5]; s != "-" {
		opts = append(opts, kgo.Balancers(map[string]kgo.GroupBalancer{"range": kgo.RangeBalancer(), "roundrobin": kgo.RoundRobinBalancer(),
			"sticky": kgo.StickyBalancer(), "cooperative-sticky": kgo.CooperativeStickyBalancer()}[s]))
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		panic(err)
	}
	for {
		client.PollFetches(context.Background()).EachError(func(_ string, _ int32, err error) { fmt.Fprintln(os.Stderr, err) })
	}
}
