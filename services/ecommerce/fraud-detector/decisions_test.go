package frauddetector

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/store"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// A crash between the row and the transaction leaves a row whose decision nobody has seen: the record
// that it names sends it. Another record with that order does not. A look at the uuid alone could not
// tell the two apart, and would be wrong with one of them.
func TestCrashBetweenRowAndTransaction(t *testing.T) {
	t.Parallel()
	c := start(t)
	dir := t.TempDir()
	producer := c.Producer()
	partition, offset := publish(t, producer, "a", "crashed", "10")
	client, err := sarama.NewClient(c.ListenAddrs(), c.Kafka().Config("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	id, err := kafka.ClusterID(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	topicID, err := kafka.TopicID(t.Context(), client, event.NewOrderTopic)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), filepath.Join(dir, "fraud-detector.db"), migrations)
	if err != nil {
		t.Fatal(err)
	}
	d := &decisions{db: db, cluster: id}
	mine, err := d.claim(t.Context(), []place{
		{event.NewOrderTopic, partition, offset, topicID, "crashed", approved},
		{event.NewOrderTopic, partition, offset + 1000, topicID, "elsewhere", approved}, // decided for a record that comes later, or never
	})
	if err != nil || !mine[0] || !mine[1] {
		t.Fatalf("claim: %v, %v", mine, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	publish(t, producer, "a", "elsewhere", "10")
	publish(t, producer, "a", "crashed", "10")
	publish(t, producer, "a", "last", "10")
	startDetector(t, c, dir)
	kafkatest.Eventually(t, "the last order is decided", func() bool { return decided(t, c)["last"] == [2]int{1, 0} })
	if got := decided(t, c); got["crashed"] != [2]int{1, 0} || got["elsewhere"] != [2]int{} {
		t.Errorf("decided %v; want the crashed order once, and nothing for a record that is not the decision's own", got)
	}
}

// A cluster that was made anew knows no decision: what an older one was told does not count there.
func TestNewCluster(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		c := start(t)
		publish(t, c.Producer(), "a", "u-1", "10")
		r := startDetector(t, c, dir)
		kafkatest.Eventually(t, "decided once", func() bool { return decided(t, c)["u-1"] == [2]int{1, 0} })
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// The topic of the orders is deleted and created again: an order that was decided before stands in the same
// place as before, and is not decided again.
func TestRecreatedTopic(t *testing.T) {
	t.Parallel()
	c := start(t)
	dir := t.TempDir()
	var places [2][2]int64
	for n := range places {
		partition, offset := publish(t, c.Producer(), "a", "u-1", "10")
		places[n] = [2]int64{int64(partition), offset}
		publish(t, c.Producer(), "a", fmt.Sprint("last-", n), "10")
		r := startDetector(t, c, dir)
		kafkatest.Eventually(t, "the last order is decided", func() bool { return decided(t, c)[fmt.Sprint("last-", n)] == [2]int{1, 0} })
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		c.DeleteTopic(event.NewOrderTopic)
		c.CreateTopic(event.NewOrderTopic + ":3")
	}
	if places[0] != places[1] {
		t.Fatalf("the order stood in other places, %v: the test shows nothing", places)
	}
	if got := decided(t, c)["u-1"]; got != [2]int{1, 0} {
		t.Errorf("decided (approved, rejected) %v, want once", got)
	}
}

// Of a row that is older than the topic's id only the place is known: it is taken for the same topic's.
func TestRowWithoutTopicID(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fraud-detector.db")
	old, err := store.Open(t.Context(), path, migrations[:1])
	if err != nil {
		t.Fatal(err)
	}
	_, err = old.Exec(`INSERT INTO Orders (cluster, topic, uuid, decision, partition, "offset") VALUES ('c', 't', 'u-1', 'approved', 1, 5)`)
	if err := errors.Join(err, old.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), path, migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	d := &decisions{db: db, cluster: "c"}
	mine, err := d.claim(t.Context(), []place{{"t", 1, 5, "id", "u-1", approved}, {"t", 1, 6, "id", "u-1", approved}})
	if err != nil || !mine[0] || mine[1] {
		t.Errorf("claim: %v, %v, want the first place only", mine, err)
	}
}
