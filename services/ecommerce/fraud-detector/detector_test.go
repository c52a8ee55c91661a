package frauddetector

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
)

func start(t *testing.T) *kafkatest.Cluster { return streamtest.Start(t).Cluster }

func startDetector(t *testing.T, c *kafkatest.Cluster, dir string, remember ...string) *kafkatest.Run {
	t.Helper()
	return kafkatest.StartRun(t, map[string]string{
		"BOOTSTRAP_SERVERS": c.Bootstrap(), "STATE_DIR": dir, "GROUP_INSTANCE_ID": "fraud-detector",
		"REMEMBER": strings.Join(remember, ""),
	}, configure, run)
}

// publish sends an order as a gateway does. The key decides the partition.
func publish(t *testing.T, producer sarama.SyncProducer, key, id, amount string) (partition int32, offset int64) {
	t.Helper()
	msg, err := stream.Settings{}.Message(event.NewOrderTopic, key, event.NewCorrelationID("NewOrder"),
		streamtest.Order(t, id, amount, "ana@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if partition, offset, err = producer.SendMessage(msg); err != nil {
		t.Fatal(err)
	}
	return partition, offset
}

// decided counts the decisions of each order: approved, rejected.
func decided(t *testing.T, c *kafkatest.Cluster) map[string][2]int {
	t.Helper()
	got := map[string][2]int{}
	for i, topic := range []string{event.OrderApprovedTopic, event.OrderRejectedTopic} {
		for _, msg := range c.ReadAll(topic) {
			envelope, err := event.DecodeEnvelope(msg.Value)
			if err != nil {
				t.Fatal(err)
			}
			o, err := envelope.Order()
			if err != nil {
				t.Fatal(err)
			}
			n := got[o.ID]
			n[i]++
			got[o.ID] = n
		}
	}
	return got
}

func TestRule(t *testing.T) {
	t.Parallel()
	c := start(t)
	producer := c.Producer()
	want := map[string][2]int{}
	for amount, approve := range map[string]bool{
		"0.01":                 true,
		"4499":                 true,
		"4499.99":              true,
		"4499.999999999999999": true,
		"4500":                 false,
		"4500.00":              false,
		"4.5E3":                false,
		"4500.000000000000001": false,
		"12345678901234567890": false,
	} {
		publish(t, producer, "ana@example.com", amount, amount)
		want[amount] = [2]int{0, 1}
		if approve {
			want[amount] = [2]int{1, 0}
		}
	}
	startDetector(t, c, t.TempDir())
	kafkatest.Eventually(t, "every order is decided", func() bool { return len(decided(t, c)) == len(want) })
	if got := decided(t, c); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("decided (approved, rejected) %v, want %v", got, want)
	}
}

// An order that arrives again, also in another partition, or after a restart, is decided once; what is no
// order becomes a dead letter, and the way of each message goes on.
func TestOnce(t *testing.T) {
	t.Parallel()
	c := start(t)
	dir := t.TempDir()
	producer := c.Producer()
	r := startDetector(t, c, dir)
	for n := range 3 {
		publish(t, producer, fmt.Sprint("key-", n), "u-1", "10")
		publish(t, producer, "key-0", "u-1", "5000") // another amount changes nothing
	}
	for _, poison := range []string{
		`not JSON`,
		`{"type":"Order","payload":{"orderId":"u-2","email":"a@example.com"},"correlationId":{"id":"X(1)"}}`,
	} {
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{
			Topic: event.NewOrderTopic,
			Value: sarama.StringEncoder(poison),
		}); err != nil {
			t.Fatal(err)
		}
	}
	publish(t, producer, "key-1", "u-3", "1")
	kafkatest.Eventually(t, "two orders and two dead letters",
		func() bool { return len(decided(t, c)) == 2 && len(c.ReadAll(event.DeadLetterTopic)) == 2 })
	kafkatest.Eventually(t, "the repeats are passed",
		func() bool { return strings.Count(r.Out.String(), "Order u-1 was already processed") == 5 })
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	m := kafkatest.Metrics(t, r.Ops.Registry)
	counted := func(decision string) float64 { return m["workshop_decisions_total "+decision] }
	if counted(approved)+counted(rejected) != 2 || counted(repeated) != 5 {
		t.Errorf("metrics %v, want two orders decided and five repeated", m)
	}
	r = startDetector(t, c, dir)
	publish(t, producer, "key-2", "u-1", "10")
	r.WaitFor("Order u-1 was already processed")
	if got := decided(t, c); got["u-1"][0]+got["u-1"][1] != 1 || got["u-3"] != [2]int{1, 0} {
		t.Errorf("decided %v", got)
	}
	for _, msg := range c.ReadAll(event.DeadLetterTopic) {
		envelope, err := event.DecodeEnvelope(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		letter, err := envelope.DeadLetter()
		if err != nil {
			t.Fatal(err)
		}
		if letter.Topic != event.NewOrderTopic || letter.Service == "" || letter.Reason == "" || letter.Attempt != 1 {
			t.Errorf("letter %+v", letter)
		}
		if root := envelope.CorrelationID.Root(); letter.Reason == event.ReasonMissingField && root != "1" {
			t.Errorf("the letter's way begins at %q, want the message's, 1", root)
		}
	}
	for _, msg := range c.ReadAll(event.OrderApprovedTopic) {
		envelope, err := event.DecodeEnvelope(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, hop := range envelope.CorrelationID.Hops() {
			titles = append(titles, hop.Title)
		}
		if got, want := strings.Join(titles, " "), "NewOrder _ECOMMERCE_NEW_ORDER FraudDetectorService _ECOMMERCE_ORDER_APPROVED"; got != want {
			t.Errorf("way %s, want %s", got, want)
		}
		if string(msg.Key) != "ana@example.com" {
			t.Errorf("key %q", msg.Key)
		}
	}
}

func TestPoison(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	streamtest.PoisonBecomesLetters(t, s, event.NewOrderTopic, title, s.Env(), configure, run)
}

// Refused requests of the kinds that a transaction makes, and repeated orders: each is decided once. Who
// remembers only the uuid loses decisions under the same faults, and who remembers nothing repeats some. Orders
// without an id need nothing to be remembered.
func TestFaults(t *testing.T) {
	t.Parallel()
	record := streamtest.NewRecord(t, "each order is decided once")
	for _, remember := range []string{byPlace, byUUID, byNobody} {
		t.Run(remember, func(t *testing.T) {
			t.Parallel()
			got := underFaults(t, remember)
			t.Logf("lost %d, repeated %d", got.Lost, got.Duplicated)
			if (got.Lost > 0) != (remember == byUUID) {
				t.Errorf("lost %d decisions", got.Lost)
			}
			if (got.Duplicated > 0) != (remember == byNobody) {
				t.Errorf("repeated %d decisions", got.Duplicated)
			}
			if remember == byPlace {
				record.Measured(got)
			} else {
				record.Control(got.Lost+got.Duplicated > 0)
			}
		})
	}
}

var refusals = []struct {
	key   kmsg.Key
	topic string
	err   *kerr.Error
}{
	{kmsg.TxnOffsetCommit, "", kerr.NotCoordinator}, {kmsg.TxnOffsetCommit, "", kerr.RebalanceInProgress},
	{kmsg.EndTxn, "", kerr.UnknownServerError}, {kmsg.EndTxn, "", kerr.InvalidTxnState}, {kmsg.EndTxn, "", kerr.ConcurrentTransactions},
	{kmsg.AddPartitionsToTxn, "", kerr.CoordinatorLoadInProgress}, {kmsg.AddOffsetsToTxn, "", kerr.UnknownServerError},
	{
		kmsg.Produce,
		event.OrderApprovedTopic,
		kerr.NotEnoughReplicasAfterAppend,
	}, {kmsg.Produce, event.OrderRejectedTopic, kerr.NotLeaderForPartition},
}

// underFaults has orders decided while requests are refused, and counts what is wrong in the end.
func underFaults(t *testing.T, remember string) reliability.Measurement {
	const orders, faults, keys = 300, 30, 50
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := start(t)
	producer := c.Producer()
	startDetector(t, c, t.TempDir(), remember)
	var set []*kfake.FaultHandle
	for n := range orders {
		publish(t, producer, fmt.Sprint("key-", n%keys), fmt.Sprintf("u-%d", n), fmt.Sprint(n*20))
		if n%3 == 0 { // again, as a relay that died before its mark does
			publish(t, producer, fmt.Sprint("key-", n%keys), fmt.Sprintf("u-%d", n), fmt.Sprint(n*20))
		}
		if n%5 == 0 {
			publish(t, producer, fmt.Sprint("key-", n%keys), "", fmt.Sprint(n*20))
		}
		if n%(orders/faults) == 0 {
			k := refusals[rng.IntN(len(refusals))]
			set = append(set, c.Fault(kfake.Fault{Keys: []kmsg.Key{k.key}, Topic: k.topic, Err: k.err, Count: 1}))
		}
	}
	// The last orders stand behind all others of their keys, and are decided behind them.
	for k := range keys {
		publish(t, producer, fmt.Sprint("key-", k), fmt.Sprintf("last-%d", k), "1")
	}
	kafkatest.Eventually(t, "every record is passed", func() bool {
		for p := range int32(3) {
			msgs := c.PartitionInfo(event.NewOrderTopic, p)
			if msgs == nil || c.Committed(title, event.NewOrderTopic, p) != msgs.HighWatermark {
				return false
			}
		}
		return true
	})
	struck := 0
	for _, fault := range set {
		struck += fault.Hits()
		fault.Remove()
	}
	if struck < faults/4 {
		t.Errorf("%d faults struck, want at least %d: the test has shown nothing", struck, faults/4)
	}
	all := decided(t, c)
	if n := all[""]; n[0]+n[1] != orders/5 {
		t.Errorf("%d orders without an id led to the decisions (approved, rejected) %v", orders/5, n)
	}
	delete(all, "")
	repeated := 0
	for _, n := range all {
		repeated += n[0] + n[1] - 1
	}
	return reliability.Measurement{
		Seed: seed, Events: orders + keys, Faults: map[string]int{"refused request": struck},
		Lost: orders + keys - len(all), Duplicated: repeated,
	}
}
