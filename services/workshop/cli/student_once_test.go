package cli

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
)

// openProducer connects the producer of an exactly-once board: of one transactional id in all lives, unless a word says otherwise.
func (s *studentProgram) openProducer(cluster kafka.Cluster) (err error) {
	conf := cluster.Config(studentName)
	if !s.has("plain") {
		conf.Producer.Transaction.ID = os.Getenv("CONSUMER_GROUP")
		conf.Producer.Transaction.Timeout = cluster.Config("").Net.ReadTimeout
	}
	if s.has("random-id") {
		conf.Producer.Transaction.ID = fmt.Sprint(os.Getpid())
	}
	conf.Producer.Idempotent, conf.Producer.RequiredAcks, conf.Net.MaxOpenRequests = true, sarama.WaitForAll, 1
	conf.Producer.Return.Successes = true
	s.once, err = sarama.NewSyncProducer(cluster.Brokers, conf)
	return err
}

// transact does what a word of an exactly-once board says, and reports whether it is one.
func (s *studentProgram) transact(word string, msg *sarama.ConsumerMessage, e event.ScoreEvent) bool {
	var err error
	switch word {
	case "begin":
		err = s.once.BeginTxn()
	case "send":
		_, _, err = s.once.SendMessage(&sarama.ProducerMessage{Topic: os.Getenv("BOARD_TOPIC"), Value: sarama.ByteEncoder(s.record(msg, e))})
	case "offset":
		err = s.once.AddMessageToTxn(msg, s.group(), nil)
	case "end":
		err = s.once.CommitTxn()
	default:
		return false
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

func (s *studentProgram) record(msg *sarama.ConsumerMessage, e event.ScoreEvent) []byte {
	if s.has("scrawl") {
		return []byte("3 - 2")
	}
	tally := e.Score
	switch {
	case e.Event == event.Goal && e.Team == event.TeamA:
		s.tally.TeamA++
	case e.Event == event.Goal:
		s.tally.TeamB++
	}
	if s.has("forget") {
		tally = s.tally
	}
	value, _ := json.Marshal(event.BoardRecord{
		ID: e.ID, Match: e.Match, Event: e.Event, Score: e.Score, Tally: tally,
		Source: event.Source{Partition: msg.Partition, Offset: msg.Offset},
	})
	return value
}
