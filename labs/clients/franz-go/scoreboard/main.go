// The scoreboard with franz-go: DELIVERY says where an offset is committed.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var ctx = context.Background()

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// reader is how both the match and BOARD_TOPIC are read.
func reader() []kgo.Opt {
	brokers := cmp.Or(os.Getenv("BOOTSTRAP_SERVERS"), "localhost:9091,localhost:9092,localhost:9093")
	return []kgo.Opt{kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted())}
}

// follow takes one event after another, to the end of a match.
func follow(poll func(context.Context, int) kgo.Fetches, take func(*kgo.Record, goal)) {
	fmt.Print("Aguardando eventos...\nTeamA      TeamB\n")
	for g := (goal{}); g.Event != "finished"; {
		fetches := poll(ctx, 1)
		check(fetches.Err())
		for _, record := range fetches.Records() {
			g = goal{}
			check(json.Unmarshal(record.Value, &g))
			take(record, g)
		}
	}
}

func main() {
	group, instance := cmp.Or(os.Getenv("CONSUMER_GROUP"), "group1"), os.Getenv("GROUP_INSTANCE_ID")
	opts := append(reader(), kgo.ConsumerGroup(group), kgo.ConsumeTopics(cmp.Or(os.Getenv("TOPIC"), "scoreGame")),
		kgo.SessionTimeout(6*time.Second), kgo.HeartbeatInterval(2*time.Second), kgo.DisableAutoCommit(),
		kgo.Balancers(kgo.RangeBalancer())) // alone it announces cooperative-sticky
	if instance != "" {
		opts = append(opts, kgo.InstanceID(instance))
	}
	switch delivery := cmp.Or(os.Getenv("DELIVERY"), "at-least-once"); delivery {
	case "exactly-once":
		exactlyOnce(append(opts, kgo.TransactionalID(group+"-"+cmp.Or(instance, "0")), kgo.TransactionTimeout(10*time.Second)))
	case "at-most-once", "at-least-once":
		client, err := kgo.NewClient(opts...)
		check(err)
		follow(client.PollRecords, func(r *kgo.Record, g goal) {
			if delivery == "at-least-once" {
				g.show()
				g.crashOnCue()
				check(client.CommitRecords(ctx, r))
				return
			}
			check(client.CommitRecords(ctx, r))
			g.crashOnCue()
			g.show()
		})
		client.Close()
	default:
		fmt.Fprintf(os.Stderr, "DELIVERY=%s: accepted: at-most-once, at-least-once, exactly-once\n", delivery)
		os.Exit(2)
	}
}
