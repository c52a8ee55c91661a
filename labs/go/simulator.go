// A simulator of your own, to begin with: it plays a match, as gameSimulator.py of LabScore does. The rest is yours (see the TODOs), and
// labs/go/solutions/simulator.go is one that is done. Run it from the repository's root: go run labs/go/simulator.go
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
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

func main() {
	conf, brokers := sarama.NewConfig(), strings.Split(cmp.Or(os.Getenv("BOOTSTRAP_SERVERS"), "localhost:9091"), ",")
	conf.Producer.Return.Successes, conf.Producer.RequiredAcks = true, sarama.WaitForAll
	// TODO: transactions by TRANSACTIONAL_ID; sarama says what else they need
	producer, err := sarama.NewSyncProducer(brokers, conf)
	if err != nil {
		log.Fatal(err)
	}
	pace, err := time.ParseDuration(cmp.Or(os.Getenv("PACE"), "1s"))
	if err != nil {
		log.Fatal("PACE: ", err)
	}
	send := func(e event) {
		e.Time = float64(time.Now().UnixMilli()) / 1000
		value, _ := json.Marshal(e)
		fmt.Println("Enviando:", string(value))
		// TODO: a transaction around each event, and one key for the whole match, which keeps it in one partition
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{
			Topic: cmp.Or(os.Getenv("TOPIC"), "scoreGame"), Value: sarama.ByteEncoder(value),
		}); err != nil {
			log.Fatal(err)
		}
	}
	e := event{Event: "goal", Period: 1, Score: map[string]int{"TeamA": 0, "TeamB": 0}}
	for e.Score[e.Team] < 25 || max(e.Score["TeamA"]-e.Score["TeamB"], e.Score["TeamB"]-e.Score["TeamA"]) < 2 {
		e.ID, e.Team = e.ID+1, []string{"TeamA", "TeamB"}[rand.IntN(2)]
		e.Score[e.Team]++
		// TODO: send a goal whose id is a multiple of ABORT_EVERY, and abort it, before you send it for good
		send(e)
		time.Sleep(pace)
	}
	e.ID, e.Event = e.ID+1, "finished"
	send(e)
}
