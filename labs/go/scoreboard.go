// The scoreboard in the fewest lines: scoreBoard.py of LabScore in Go, with sarama alone. It delivers at least once. Run it from
// the repository's root: go run labs/go/scoreboard.go
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/IBM/sarama"
)

type board struct{ stop context.CancelFunc }

func (board) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (board) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (b board) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for msg := range claim.Messages() {
		var event struct {
			ID          int
			Event, Team string
			Score       struct{ TeamA, TeamB int }
		}
		if err := json.Unmarshal(msg.Value, &event); err != nil {
			log.Fatal(err) // an error that is returned would only end the session, and the next one meet it again
		}
		if event.Event == "goal" {
			fmt.Printf("%s%d - %d\n", map[string]string{"TeamB": "           "}[event.Team], event.Score.TeamA, event.Score.TeamB)
		}
		if fmt.Sprint(event.ID) == os.Getenv("FAIL_AT_ID") {
			os.Exit(1) // shown, and not committed: the next life shows it again
		}
		session.MarkMessage(msg, "")
		session.Commit()
		if event.Event == "finished" {
			fmt.Println("Partida finalizada!")
			b.stop()
		}
	}
	return nil
}

func main() {
	conf, brokers := sarama.NewConfig(), strings.Split(cmp.Or(os.Getenv("BOOTSTRAP_SERVERS"), "localhost:9091"), ",")
	conf.Consumer.Offsets.Initial, conf.Consumer.Offsets.AutoCommit.Enable = sarama.OffsetOldest, false
	group, err := sarama.NewConsumerGroup(brokers, cmp.Or(os.Getenv("CONSUMER_GROUP"), "group1"), conf)
	ctx, stop := context.WithCancel(context.Background())
	fmt.Print("Aguardando eventos...\nTeamA      TeamB\n")
	for err == nil && ctx.Err() == nil {
		err = group.Consume(ctx, []string{cmp.Or(os.Getenv("TOPIC"), "scoreGame")}, board{stop})
	}
	if err != nil {
		log.Fatal(err)
	}
}
