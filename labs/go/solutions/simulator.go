// The simulator of labs/go/simulator.go, done: each event in a transaction, and each ghost in one that is aborted. An abort deletes
// nothing: the goal stays on the topic, and only who reads with read_committed does not see it.
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

type event struct {
	ID     int            `json:"id"`
	Event  string         `json:"event"`
	Team   string         `json:"team"`
	Period int            `json:"period"`
	Score  map[string]int `json:"score"`
	Time   float64        `json:"timestamp"`
}

// check leaves an open transaction to the next life, which aborts it by the same id.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	conf, brokers := sarama.NewConfig(), strings.Split(cmp.Or(os.Getenv("BOOTSTRAP_SERVERS"), "localhost:9091"), ",")
	conf.Producer.Return.Successes, conf.Producer.RequiredAcks = true, sarama.WaitForAll
	conf.Producer.Transaction.ID = cmp.Or(os.Getenv("TRANSACTIONAL_ID"), "simulador")
	conf.Producer.Transaction.Timeout = 10 * time.Second // for so long an open one holds back who reads with read_committed
	conf.Producer.Idempotent, conf.Net.MaxOpenRequests = true, 1
	producer, err := sarama.NewSyncProducer(brokers, conf)
	check(err)
	pace, err := time.ParseDuration(cmp.Or(os.Getenv("PACE"), "1s"))
	check(err)
	every, err := strconv.Atoi(cmp.Or(os.Getenv("ABORT_EVERY"), "0")) // 0: none
	check(err)
	send := func(e event, end func() error) {
		e.Time = float64(time.Now().UnixMilli()) / 1000
		value, _ := json.Marshal(e)
		fmt.Println("Enviando:", string(value))
		check(producer.BeginTxn())
		_, _, err := producer.SendMessage(&sarama.ProducerMessage{ // it waits for the answer, or an aborted goal might never be sent
			Topic: cmp.Or(os.Getenv("TOPIC"), "scoreGame"), Key: sarama.StringEncoder("partida"), Value: sarama.ByteEncoder(value),
		})
		check(err)
		check(end())
	}
	e := event{Event: "goal", Period: 1, Score: map[string]int{"TeamA": 0, "TeamB": 0}}
	for e.Score[e.Team] < 25 || max(e.Score["TeamA"]-e.Score["TeamB"], e.Score["TeamB"]-e.Score["TeamA"]) < 2 {
		e.ID, e.Team = e.ID+1, []string{"TeamA", "TeamB"}[rand.IntN(2)]
		e.Score[e.Team]++
		if every > 0 && e.ID%every == 0 {
			send(e, producer.AbortTxn)
		}
		send(e, producer.CommitTxn)
		time.Sleep(pace)
	}
	e.ID, e.Event = e.ID+1, "finished"
	send(e, producer.CommitTxn)
	check(producer.Close())
}
