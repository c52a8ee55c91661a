// Peers are clients of other libraries, as plain as their documentation has them: see scripts/bench-peers.
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	servers = strings.Split(os.Getenv("BOOTSTRAP_SERVERS"), ",")
	topic   = os.Getenv("TOPIC")
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch args := os.Args[1:]; args[0] {
	case "consume-franz":
		consumeFranz(ctx, args[1])
	case "consume-sarama":
		consumeSarama(ctx, args[1])
	case "produce-franz":
		count, err := strconv.Atoi(args[2])
		check(err)
		produceFranz(ctx, args[1], count, args[3])
	}
}

func consumeFranz(ctx context.Context, group string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(servers...), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.AutoCommitMarks())
	check(err)
	defer client.Close()
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		fetches.EachRecord(func(r *kgo.Record) {
			out.Write(r.Value)
			out.WriteByte('\n')
		})
		out.Flush()
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if n := len(p.Records); n > 0 {
				client.MarkCommitRecords(p.Records[n-1])
			}
		})
	}
}

// printer is a handler of sarama's with one output for all partitions.
type printer struct {
	mu  sync.Mutex
	out *bufio.Writer
}

func (*printer) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (*printer) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (p *printer) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for msg := range claim.Messages() {
		p.mu.Lock()
		p.out.Write(msg.Value)
		p.out.WriteByte('\n')
		if len(claim.Messages()) == 0 {
			p.out.Flush()
		}
		p.mu.Unlock()
		session.MarkMessage(msg, "")
	}
	return nil
}

func consumeSarama(ctx context.Context, group string) {
	conf := sarama.NewConfig()
	conf.Version = sarama.V3_9_0_0
	conf.ChannelBufferSize = 1024
	conf.Consumer.Offsets.Initial = sarama.OffsetOldest
	conf.Consumer.IsolationLevel = sarama.ReadCommitted
	g, err := sarama.NewConsumerGroup(servers, group, conf)
	check(err)
	defer g.Close()
	p := &printer{out: bufio.NewWriterSize(os.Stdout, 64<<10)}
	for ctx.Err() == nil {
		check(g.Consume(ctx, []string{topic}, p))
	}
	p.out.Flush()
}

func produceFranz(ctx context.Context, path string, count int, codec string) {
	file, err := os.ReadFile(path)
	check(err)
	values := bytes.Split(bytes.TrimSpace(file), []byte("\n"))
	compression := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "lz4": kgo.Lz4Compression()}[codec]
	client, err := kgo.NewClient(kgo.SeedBrokers(servers...), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(compression),
		kgo.MaxBufferedRecords(50_000))
	check(err)
	defer client.Close()
	var failed atomic.Int64
	for n := range count {
		r := &kgo.Record{Key: strconv.AppendInt(nil, int64(n%2000), 10), Value: values[n%len(values)]}
		client.Produce(ctx, r, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Add(1)
			}
		})
	}
	check(client.Flush(ctx))
	if failed.Load() > 0 {
		os.Exit(1)
	}
}
