package main

import (
	"cmp"
	"encoding/json"
	"log"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// exactlyOnce puts the board's record and the offset into one transaction, which the screen is not in.
func exactlyOnce(opts []kgo.Opt) {
	opts = append(opts, kgo.RequireStableFetchOffsets(), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	session, err := kgo.NewGroupTransactSession(opts...)
	check(err)
	topic, tallies, counted := cmp.Or(os.Getenv("BOARD_TOPIC"), "scoreBoard"), map[string]score{}, int32(-1)
	follow(session.PollRecords, func(r *kgo.Record, g goal) {
		if _, generation := session.Client().GroupMetadata(); generation != counted {
			readTallies(topic, r.Partition, tallies) // the group has changed: another member may have counted
			counted = generation
		}
		tally := tallies[g.Match]
		if g.ID == 1 {
			tally = score{}
		}
		if g.Event == "goal" && g.Team == "TeamA" {
			tally.TeamA++
		} else if g.Event == "goal" {
			tally.TeamB++
		}
		tallies[g.Match] = tally
		value, _ := json.Marshal(boardRecord{g.ID, g.Match, g.Event, g.Score, tally, source{r.Partition, r.Offset}})
		check(session.Begin())
		record := &kgo.Record{Topic: topic, Partition: r.Partition, Key: []byte(cmp.Or(g.Match, string(r.Key))), Value: value}
		check(session.ProduceSync(ctx, record).FirstErr())
		g.crashOnCue()
		committed, err := session.End(ctx, kgo.TryCommit) // with the offsets of all that was polled: one event
		check(err)
		if !committed {
			log.Fatal("the group has changed: this goal is another member's")
		}
		g.show()
	})
	session.Close()
}

// readTallies reads what is committed on a partition of BOARD_TOPIC.
func readTallies(topic string, partition int32, tallies map[string]score) {
	client, err := kgo.NewClient(append(reader(), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().AtStart()}}))...)
	check(err)
	defer client.Close()
	ask := kmsg.NewPtrListOffsetsRequest()
	ask.IsolationLevel = 1 // the end is where the first open transaction begins
	ask.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: topic, Partitions: []kmsg.ListOffsetsRequestTopicPartition{
		{Partition: partition, CurrentLeaderEpoch: -1, Timestamp: -1}}}}
	ends, err := ask.RequestWith(ctx, client)
	check(err)
	for next := int64(0); next < ends.Topics[0].Partitions[0].Offset; {
		for _, r := range client.PollFetches(ctx).Records() {
			next = r.Offset + 1
			var record boardRecord
			if !r.Attrs.IsControl() { // the mark of a commit takes an offset too
				check(json.Unmarshal(r.Value, &record))
				tallies[record.Match] = record.Tally
			}
		}
	}
}
