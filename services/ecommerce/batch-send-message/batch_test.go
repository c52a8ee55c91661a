package batchsendmessage

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

const group = "BatchSendMessageService"

// makeUsers writes a file as user-service does.
func makeUsers(t *testing.T, dir string, n int) []string {
	t.Helper()
	db, err := store.Open(context.Background(), filepath.Join(dir, "users.db"),
		[]string{`CREATE TABLE Users (uuid TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE)`})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("user-%03d", i))
		if _, err := db.Exec(`INSERT INTO Users VALUES (?, ?)`, ids[i], fmt.Sprintf("%d@loja.example", i)); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

func TestEveryUserGetsTheMessage(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	vars := s.Env()
	users := makeUsers(t, vars["STATE_DIR"], 300)
	r := kafkatest.StartRun(t, vars, configure, run)
	way := s.Send(event.SendToAllTopic, event.ReportTopic, event.ReportTopic)
	r.WaitFor("ECOMMERCE_USER_GENERATE_READING_REPORT: 300 users")
	s.AwaitHandled(group, event.SendToAllTopic)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, msg := range s.Messages(event.ReportTopic) {
		user, err := msg.User()
		if err != nil || string(msg.Record.Key) != user.UUID {
			t.Errorf("user %v, %v, key %q", user, err, msg.Record.Key)
		}
		if !strings.HasPrefix(string(msg.CorrelationID), string(way)+"-BatchSendMessageService(") {
			t.Errorf("way %s, want %s continued", msg.CorrelationID, way)
		}
		got = append(got, user.UUID)
	}
	slices.Sort(got)
	if !slices.Equal(got, users) {
		t.Errorf("%d messages, want one for each of %d users", len(got), len(users))
	}
	if want := "Processing new batch\nTopic: ECOMMERCE_USER_GENERATE_READING_REPORT\n"; !strings.Contains(r.Out.String(), want) {
		t.Errorf("output has no %q", want)
	}
}

func TestTargetsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	s.CreateTopic("private:1")
	vars := s.Env()
	makeUsers(t, vars["STATE_DIR"], 1)
	want := map[string]string{
		"private":                               event.ReasonInvalidValue, // another system's
		"":                                      event.ReasonInvalidValue,
		"ECOMMERCE_X Y":                         event.ReasonInvalidValue,
		"../ECOMMERCE":                          event.ReasonInvalidValue,
		"ECOMMERCE_ABSENT":                      stream.ReasonNoSuchTopic,
		"ECOMMERCE_" + strings.Repeat("X", 250): event.ReasonInvalidValue,
	}
	for target := range want {
		s.Send(event.SendToAllTopic, target, target)
	}
	kafkatest.StartRun(t, vars, configure, run)
	s.AwaitHandled(group, event.SendToAllTopic)
	letters := s.Letters()
	for _, letter := range letters {
		if letter.Reason != want[*letter.Key] {
			t.Errorf("%q: reason %q, want %q", *letter.Key, letter.Reason, want[*letter.Key])
		}
	}
	if len(letters) != len(want) {
		t.Errorf("%d dead letters, want %d", len(letters), len(want))
	}
	if got := s.ReadAll("private"); len(got) > 0 {
		t.Errorf("%d messages in a topic that is not the system's", len(got))
	}
}

// No file, and then one without its table: the command waits until user-service has begun.
func TestUsersThatAreNotThereYet(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	vars := s.Env()
	s.Send(event.SendToAllTopic, event.ReportTopic, event.ReportTopic)
	r := kafkatest.StartRun(t, vars, configure, run)
	r.WaitFor("there are no users yet")
	db, err := store.Open(context.Background(), filepath.Join(vars["STATE_DIR"], "users.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.WaitFor("has no table Users yet")
	db.Close()
	makeUsers(t, vars["STATE_DIR"], 2)
	s.AwaitHandled(group, event.SendToAllTopic)
	if got, letters := len(s.Messages(event.ReportTopic)), s.Letters(); got != 2 || len(letters) > 0 {
		t.Errorf("%d messages, want 2; dead letters: %v", got, letters)
	}
}

// A second system on the same brokers: the command names the contract's topic, not the one with the prefix.
func TestPrefix(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	for _, topic := range event.EcommerceTopics {
		s.CreateTopic("b." + topic + ":1")
	}
	vars := s.Env("TOPIC_PREFIX", "b.")
	makeUsers(t, vars["STATE_DIR"], 1)
	s.Send("b."+event.SendToAllTopic, event.ReportTopic, event.ReportTopic)
	kafkatest.StartRun(t, vars, configure, run)
	s.AwaitHandled(group, "b."+event.SendToAllTopic)
	if got, other := len(s.Messages("b."+event.ReportTopic)), len(s.Messages(event.ReportTopic)); got != 1 || other != 0 {
		t.Errorf("%d messages in the system's own topic, %d in the other's; want 1 and 0", got, other)
	}
}

func TestPoison(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	vars := s.Env()
	makeUsers(t, vars["STATE_DIR"], 1)
	streamtest.PoisonBecomesLetters(t, s, event.SendToAllTopic, group, vars, configure, run)
}
