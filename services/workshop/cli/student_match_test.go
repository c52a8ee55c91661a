package cli

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
)

// simulate plays a match, in transactions and with ghosts, but for the mistakes that the words name.
func (s *studentProgram) simulate() error {
	cluster := kafka.Cluster{Brokers: strings.Split(os.Getenv("BOOTSTRAP_SERVERS"), ",")}
	conf := cluster.Config(studentName)
	conf.Producer.Return.Successes = true
	if !s.has("plain") && !s.has("weak") {
		conf.Producer.Transaction.ID = os.Getenv("TRANSACTIONAL_ID")
		conf.Producer.Transaction.Timeout = conf.Net.ReadTimeout
	}
	if s.has("weak") {
		conf.Producer.Idempotent, conf.Producer.RequiredAcks = false, sarama.WaitForLocal
	} else {
		conf.Producer.Idempotent, conf.Producer.RequiredAcks, conf.Net.MaxOpenRequests = true, sarama.WaitForAll, 1
	}
	if s.has("split") {
		conf.Producer.Partitioner = sarama.NewRoundRobinPartitioner
	}
	producer, err := sarama.NewSyncProducer(cluster.Brokers, conf)
	if err != nil {
		return err
	}
	s.once = producer
	every, _ := strconv.Atoi(os.Getenv("ABORT_EVERY"))
	if s.has("fifth") {
		every++
	}
	e := event.ScoreEvent{Match: "m", Event: event.Goal, Period: 1, Timestamp: 1752400000}
	for e.Score.TeamB < 25 {
		if e.ID++; e.Score.TeamA < 23 && e.ID%2 == 0 {
			e.Team, e.Score.TeamA = event.TeamA, e.Score.TeamA+1
		} else {
			e.Team, e.Score.TeamB = event.TeamB, e.Score.TeamB+1
		}
		if e.ID%every == 0 && !s.has("faithful") {
			if err := s.publishEvent(e, s.has("regret")); err != nil {
				return err
			}
		}
		if err := s.publishEvent(e, true); err != nil {
			return err
		}
		if s.has("skip") && e.ID == 7 {
			e.ID++
		}
	}
	if s.has("cut") {
		return nil
	}
	e.ID, e.Event = e.ID+1, event.Finished
	err = s.publishEvent(e, !s.has("open"))
	if s.has("endless") {
		select {}
	}
	return err
}

// publishEvent sends an event in a transaction of its own, and commits or aborts that. The last one may be left open.
func (s *studentProgram) publishEvent(e event.ScoreEvent, commit bool) error {
	value, err := json.Marshal(e)
	if s.has("scrawl") {
		value = []byte("gol!")
	}
	if err != nil {
		return err
	}
	message := &sarama.ProducerMessage{Topic: os.Getenv("TOPIC"), Key: sarama.StringEncoder(e.Match), Value: sarama.ByteEncoder(value)}
	transactional := !s.has("plain") && !s.has("weak")
	if transactional {
		if err := s.once.BeginTxn(); err != nil {
			return err
		}
	}
	if _, _, err := s.once.SendMessage(message); err != nil || !transactional {
		return err
	}
	switch {
	case commit:
		return s.once.CommitTxn()
	case e.Event == event.Finished:
		return nil
	}
	return s.once.AbortTxn()
}
