// The scoreboard of labs/go/scoreboard.go, exactly once: its record on BOARD_TOPIC, the offset and the tally are in one transaction, all or
// none. The screen is outside of it: a crash after the commit leaves out a line, and never a record.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

type score struct{ TeamA, TeamB int }

type event struct {
	ID    int    `json:"id"`
	Match string `json:"match"`
	Event string `json:"event"`
	Score score  `json:"score"`
}

type record struct {
	event
	Tally  score            `json:"tally"` // counted here, where Score is what the event says
	Source map[string]int64 `json:"source"`
}

type board struct {
	group    string
	client   sarama.Client
	producer sarama.SyncProducer
	turn     *sync.Mutex // a producer has one transaction at a time, and each partition a goroutine
	stop     context.CancelFunc
}

func (board) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (board) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (b board) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	member := sarama.NewConsumerGroupMetadataFromSession(session, b.group, nil) // by it the broker refuses who has lost the partition
	tally := b.counted(claim)
	for msg := range claim.Messages() {
		var e struct {
			event
			Team string
		}
		check(json.Unmarshal(msg.Value, &e))
		if e.ID == 1 { // another match
			tally = score{}
		}
		switch {
		case e.Event == "goal" && e.Team == "TeamA":
			tally.TeamA++
		case e.Event == "goal":
			tally.TeamB++
		}
		b.transact(msg, member, record{e.event, tally, map[string]int64{"partition": int64(msg.Partition), "offset": msg.Offset}})
		if e.Event == "goal" {
			fmt.Printf("%s%d - %d\n", map[string]string{"TeamB": "           "}[e.Team], e.Score.TeamA, e.Score.TeamB)
		} else {
			fmt.Println("Partida finalizada!")
			b.stop()
		}
	}
	return nil
}

// counted is the tally that was committed with the offset from which the partition goes on.
func (b board) counted(claim sarama.ConsumerGroupClaim) (tally score) {
	offsets, err := sarama.NewOffsetManagerFromClient(b.group, b.client)
	check(err)
	defer offsets.Close()
	partition, err := offsets.ManagePartition(claim.Topic(), claim.Partition())
	check(err)
	_, metadata := partition.NextOffset()
	fmt.Sscanf(metadata, "%d - %d", &tally.TeamA, &tally.TeamB) // nothing at first
	return tally
}

func (b board) transact(msg *sarama.ConsumerMessage, member *sarama.ConsumerGroupMetadata, r record) {
	b.turn.Lock()
	defer b.turn.Unlock()
	value, _ := json.Marshal(r)
	tally := fmt.Sprintf("%d - %d", r.Tally.TeamA, r.Tally.TeamB)
	next := sarama.PartitionOffsetMetadata{Partition: msg.Partition, Offset: msg.Offset + 1, LeaderEpoch: -1, Metadata: &tally} // -1: unknown
	check(b.producer.BeginTxn())
	_, _, err := b.producer.SendMessage(&sarama.ProducerMessage{ // to the partition of the same number: in order, also without keys
		Topic: cmp.Or(os.Getenv("BOARD_TOPIC"), "scoreBoard"), Partition: msg.Partition,
		Key: sarama.ByteEncoder(msg.Key), Value: sarama.ByteEncoder(value),
	})
	check(err)
	check(b.producer.AddOffsetsToTxnWithGroupMetadata(map[string][]*sarama.PartitionOffsetMetadata{msg.Topic: {&next}}, member))
	if fmt.Sprint(r.ID) == os.Getenv("FAIL_AT_ID") {
		os.Exit(137) // the next life aborts what is open, and reads the event again
	}
	check(b.producer.CommitTxn()) // it sends the offset too, and only here would the broker refuse that
}

// check ends the program: reading on after an error would leave out the event, and the next life goes on from the committed offset.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	conf, brokers := sarama.NewConfig(), strings.Split(cmp.Or(os.Getenv("BOOTSTRAP_SERVERS"), "localhost:9091"), ",")
	group := cmp.Or(os.Getenv("CONSUMER_GROUP"), "group1")
	conf.Version = sarama.V2_5_0_0 // the first in which a transaction's offsets name the member
	conf.Consumer.Offsets.Initial, conf.Consumer.Offsets.AutoCommit.Enable = sarama.OffsetOldest, false
	conf.Consumer.IsolationLevel = sarama.ReadCommitted // an aborted goal does not count
	conf.Producer.Return.Successes, conf.Producer.RequiredAcks = true, sarama.WaitForAll
	conf.Producer.Transaction.ID = cmp.Or(os.Getenv("TRANSACTIONAL_ID"), group) // the same in each life, and another for each member
	conf.Producer.Transaction.Timeout = 10 * time.Second
	conf.Producer.Idempotent, conf.Net.MaxOpenRequests = true, 1
	conf.Producer.Partitioner = sarama.NewManualPartitioner
	producer, err := sarama.NewSyncProducer(brokers, conf) // before the group, which waits for open transactions
	check(err)
	client, err := sarama.NewClient(brokers, conf) // with connections of its own, on which no transaction waits behind a fetch
	check(err)
	consumer, err := sarama.NewConsumerGroupFromClient(group, client)
	check(err)
	ctx, stop := context.WithCancel(context.Background())
	b := board{group, client, producer, &sync.Mutex{}, stop}
	fmt.Print("Aguardando eventos...\nTeamA      TeamB\n")
	for ctx.Err() == nil {
		check(consumer.Consume(ctx, []string{cmp.Or(os.Getenv("TOPIC"), "scoreGame")}, b))
	}
}
