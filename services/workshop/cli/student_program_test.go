package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
)

const studentName = "student"

// studentProgram is a scoreboard as a student may write it. Its words are what it does with each event, in
// this order (show, commit, crash), and the mistakes that it makes.
type studentProgram struct {
	words  []string
	failAt int
	out    io.Writer
	buffer bytes.Buffer
	taken  int // events in this life
	done   bool
	once   sarama.SyncProducer // of an exactly-once board
	tally  event.Score
	orders *orderBook // of a reader of orders
}

// studentMain returns the exit code. The test's watcher sees how long it runs.
func studentMain(words []string) int {
	watcher, err := net.Dial("tcp", os.Getenv("STANDIN_WATCHER"))
	if err != nil {
		return 98
	}
	fmt.Fprintln(watcher, studentName)
	if _, err := watcher.Read(make([]byte, 1)); err != nil { // until it has counted us
		return 97
	}
	go func() { watcher.Read(make([]byte, 1)); os.Exit(94) }() // a test that fails leaves nothing behind either
	s := &studentProgram{words: words, out: os.Stdout}
	if os.Getenv("FAIL_AT_ID") == "" { // a simulator's
		os.Setenv("FAIL_AT_ID", "1")
	}
	if s.failAt, err = strconv.Atoi(strings.TrimPrefix(os.Getenv("FAIL_AT_ID"), "pedido-")); err != nil {
		return 96
	}
	if s.has("fixed") {
		s.failAt = 5
		if s.has("handle") {
			s.failAt = 12
		}
	}
	if s.has("fork") && !fork() {
		return 95
	}
	if s.has("slow") && s.failAt != 0 && !awaitGate() {
		return 93
	}
	switch {
	case s.has("exit"):
		return s.failAt
	case s.has("signal"):
		self, _ := os.FindProcess(os.Getpid())
		self.Signal(syscall.SIGTERM)
		select {}
	case s.has("impatient") && s.failAt == 0:
		return 0
	case s.has("environment"):
		if rest, err := io.ReadAll(os.Stdin); err != nil || len(rest) > 0 {
			fmt.Printf("standard input: %q, %v\n", rest, err)
		}
		for _, name := range studentVariables {
			value, ok := os.LookupEnv(name)
			fmt.Printf("%s=%s %t\n", name, value, ok)
		}
		return 0
	case s.has("asleep"):
		fmt.Printf("parent=%d\n", os.Getppid())
		select {}
	case s.has("babble"):
		for {
			fmt.Println("a line like any other")
		}
	}
	if s.has("buffered") {
		s.out = &s.buffer
	}
	if s.has("stderr") {
		s.out = os.Stderr
	}
	if s.has("play") {
		if err := s.simulate(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	if s.has("handle") || s.has("decide") {
		s.orders = &orderBook{known: map[string]bool{}}
		s.orders.open(s)
	}
	if err := s.read(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Stdout.Write(s.buffer.Bytes())
	return 0
}

// studentVariables are those of the contract, and one that a student's program would not fill.
var studentVariables = []string{
	"BOOTSTRAP_SERVERS", "TOPIC", "CONSUMER_GROUP", "GROUP_INSTANCE_ID", "DELIVERY", "FAIL_AT_ID", "FAIL_MODE", "STATE_DIR",
	"BOARD_TOPIC", "MATCHES", "WORKSHOP_LANG", "PYTHONUNBUFFERED", "HISTORY",
}

// awaitGate returns when the test opens the gate.
func awaitGate() bool {
	gate, err := net.Dial("tcp", os.Getenv("STUDENT_GATE"))
	if err != nil {
		return false
	}
	gate.Read(make([]byte, 1)) // until the test closes it
	return true
}

// fork starts a child that outlives its parent, and returns when the watcher has counted it.
func fork() bool {
	self, err := os.Executable()
	if err != nil {
		return false
	}
	child := exec.Command(self, "asleep")
	child.Stderr = os.Stderr // which it keeps open
	said, err := child.StdoutPipe()
	if err != nil || child.Start() != nil {
		return false
	}
	_, err = said.Read(make([]byte, 1))
	return err == nil
}

func (s *studentProgram) has(word string) bool { return slices.Contains(s.words, word) }

// read takes the messages as a member of the group, until the match is over.
func (s *studentProgram) read() error {
	cluster := kafka.Cluster{Brokers: strings.Split(os.Getenv("BOOTSTRAP_SERVERS"), ",")}
	conf := cluster.Config(studentName)
	conf.Consumer.Offsets.AutoCommit.Enable = s.has("auto")
	conf.Consumer.Offsets.AutoCommit.Interval = 5 * time.Second
	if !s.has("dynamic") {
		conf.Consumer.Group.InstanceId = os.Getenv("GROUP_INSTANCE_ID")
	}
	client, err := sarama.NewClient(cluster.Brokers, conf)
	if err != nil {
		return err
	}
	if s.has("latest") {
		conf.Consumer.Offsets.Initial = sarama.OffsetNewest
	}
	if s.has("send") || s.has("decide") {
		if err := s.openProducer(cluster); err != nil {
			return err
		}
	}
	group, err := sarama.NewConsumerGroupFromClient(s.group(), client)
	if err != nil {
		return err
	}
	go func() {
		for range group.Errors() {
		}
	}()
	for !s.done {
		if err := group.Consume(context.Background(), []string{os.Getenv("TOPIC")}, s); err != nil && !errors.Is(err, sarama.ErrClosedClient) {
			return err
		}
	}
	return group.Close()
}

// group is the one that the lab has given, or one of the program's own.
func (s *studentProgram) group() string {
	if s.has("own-group") {
		return "meu-grupo"
	}
	return os.Getenv("CONSUMER_GROUP")
}

func (s *studentProgram) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (s *studentProgram) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (s *studentProgram) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case msg, ok := <-claim.Messages():
			if !ok {
				return nil
			}
			if s.orders != nil {
				if err := s.takeOrder(session, msg); err != nil {
					return err
				}
				continue
			}
			e, err := event.DecodeScoreEvent(msg.Value)
			if err != nil {
				return err
			}
			s.take(session, msg, e)
			s.taken++
			s.done = e.Event == event.Finished && !s.has("endless") || s.has("few") && s.taken == 3
			if s.done {
				return nil
			}
		case <-session.Context().Done():
			return nil
		}
	}
}

func (s *studentProgram) take(session sarama.ConsumerGroupSession, msg *sarama.ConsumerMessage, e event.ScoreEvent) {
	if s.has("auto") {
		defer session.MarkMessage(msg, "")
	}
	for _, word := range s.words {
		if s.transact(word, msg, e) {
			continue
		}
		switch {
		case word == "show" && e.Event == event.Goal:
			fmt.Fprintln(s.out, s.line(e))
		case word == "commit" && !(s.has("rarely") && e.ID%3 != 0):
			next := msg.Offset + 1
			if s.has("batch") {
				next += 3
			}
			session.MarkOffset(msg.Topic, msg.Partition, next, "")
			session.Commit()
		case word == "crash" && e.ID == s.failAt && s.has("politely"):
			os.Exit(0)
		case word == "crash" && e.ID == s.failAt:
			os.Exit(137)
		}
	}
}

func (s *studentProgram) line(e event.ScoreEvent) string {
	switch {
	case s.has("wrong"):
		return fmt.Sprintf("%d - %d", e.Score.TeamA+1, e.Score.TeamB)
	case s.has("talkative"):
		return fmt.Sprintf("placar: %d - %d", e.Score.TeamA, e.Score.TeamB)
	case e.Team == event.TeamB:
		return fmt.Sprintf("           %d - %d", e.Score.TeamA, e.Score.TeamB)
	}
	return fmt.Sprintf("%d - %d", e.Score.TeamA, e.Score.TeamB)
}
