package monitor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"

	"workshop.example/monitor/window"
	"workshop.example/monitor/window/windowtest"
)

// testRules are broken every few records.
const testRules = "count:3/1m,count:9/5m,value:500000/1m,value:900000/5m,silence:40s,silence:5m"

func start(t testing.TB) *kafkatest.Cluster {
	t.Helper()
	return kafkatest.Start(t, "transactions:3", "transactions.alerts:3")
}

func env(t testing.TB, c *kafkatest.Cluster, more ...string) map[string]string {
	t.Helper()
	vars := map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap(), "RULES": testRules, "GROUP_INSTANCE_ID": "monitor", "HTTP_PORT": "0"}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	return vars
}

// market sends transactions whose time goes on in fits and starts. Of twenty one is late, and some come after a pause.
type market struct {
	t        testing.TB
	rng      *rand.Rand
	producer sarama.SyncProducer
	now      time.Time
	sent     int
}

func newMarket(t testing.TB, c *kafkatest.Cluster) *market {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return &market{t: t, rng: rand.New(rand.NewPCG(seed, 0)), producer: c.Producer(), now: time.Now().Add(-48 * time.Hour)}
}

// send sends n transactions.
func (m *market) send(n int) {
	m.t.Helper()
	if err := m.trySend(n); err != nil {
		m.t.Fatal(err)
	}
}

func (m *market) trySend(n int) error {
	var msgs []*sarama.ProducerMessage
	for range n {
		switch m.rng.IntN(300) {
		case 0:
			m.now = m.now.Add(time.Duration(m.rng.Int64N(int64(6 * time.Minute))))
		default:
			m.now = m.now.Add(time.Duration(m.rng.Int64N(int64(time.Second))))
		}
		at := m.now
		if m.rng.IntN(20) == 0 {
			at = at.Add(-time.Duration(m.rng.Int64N(int64(330 * time.Second))))
		}
		m.sent++
		tx := event.Transaction{
			IDSequencia: int64(m.sent), IDUsuario: fmt.Sprint(20000 + m.rng.IntN(24)), IDPlataforma: event.Mobile,
			ValorCentavos: m.rng.Int64N(250_000), Moeda: event.BRL, Tipo: event.PIX,
		}
		switch n := m.rng.IntN(100); {
		case n < 2:
			tx.IDPlataforma = event.Tablet
		case n < 10:
			tx.IDPlataforma = event.Laptop
		}
		if m.rng.IntN(10) == 0 {
			tx.ValorCentavos, tx.Moeda, tx.Tipo = 0, "", ""
		}
		value := sarama.Encoder(sarama.ByteEncoder(tx.AppendJSON(nil)))
		if m.rng.IntN(100) == 0 {
			value = sarama.StringEncoder("no transaction")
		}
		msgs = append(msgs, &sarama.ProducerMessage{Topic: "transactions", Key: sarama.StringEncoder(tx.IDUsuario), Value: value, Timestamp: at})
	}
	return m.producer.SendMessages(msgs)
}

// verdict is what is wrong on transactions.alerts, in words.
type verdict struct {
	wanted, lost, duplicated, unfounded int
	examples                            []string
}

func (v verdict) clean() bool { return v.lost+v.duplicated+v.unfounded == 0 }

func (v verdict) String() string {
	return fmt.Sprintf("of %d alerts %d lost, %d duplicated, and %d unfounded ones: %s", v.wanted, v.lost, v.duplicated, v.unfounded,
		strings.Join(v.examples, "; "))
}

// judge holds the alerts on their topic against what the records of transactions have broken, found in the plainest way.
func judge(t testing.TB, c *kafkatest.Cluster, list string) (v verdict) {
	t.Helper()
	rules, err := window.ParseRules(list)
	if err != nil {
		t.Fatal(err)
	}
	want := map[event.AlertRecord]int{}
	byPartition := map[int32][]windowtest.Record{}
	for _, msg := range c.ReadAll("transactions") {
		tx, err := event.DecodeTransaction(msg.Value)
		if err != nil {
			continue
		}
		r := windowtest.Record{Offset: msg.Offset, Milli: msg.Timestamp.UnixMilli(), User: tx.IDUsuario, Platform: tx.IDPlataforma}
		if tx.Moeda == event.BRL {
			r.Cents = uint64(tx.ValorCentavos)
		}
		byPartition[msg.Partition] = append(byPartition[msg.Partition], r)
	}
	for partition, records := range byPartition {
		for _, h := range windowtest.Hits(records, rules) {
			v.wanted++
			want[event.AlertRecord{
				Rule: h.Rule.String(), IDUsuario: h.User, IDPlataforma: h.Platform, Count: h.Count, ValorCentavos: h.Cents, Moeda: event.BRL,
				TimestampMS: h.Milli, Source: event.Source{Partition: partition, Offset: h.Offset},
			}]++
		}
	}
	got := map[event.AlertRecord]int{}
	for _, msg := range c.ReadAll("transactions.alerts") {
		a, err := event.DecodeAlertRecord(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		if string(msg.Key) != a.Subject() || msg.Timestamp.UnixMilli() != a.TimestampMS {
			t.Errorf("alert %+v has the key %s and the time %d", a, msg.Key, msg.Timestamp.UnixMilli())
		}
		if got[a]++; got[a] == 2 {
			v.duplicated++
			v.examples = append(v.examples, fmt.Sprintf("duplicated %+v", a))
		}
		if want[a] == 0 {
			v.unfounded++
			v.examples = append(v.examples, fmt.Sprintf("unfounded %+v", a))
		}
	}
	for a := range want {
		if got[a] == 0 {
			v.lost++
			v.examples = append(v.examples, fmt.Sprintf("lost %+v", a))
		}
	}
	v.examples = v.examples[:min(5, len(v.examples))]
	return v
}

// watched waits until every record is committed.
func watched(t testing.TB, c *kafkatest.Cluster) {
	t.Helper()
	kafkatest.Eventually(t, "every record is watched", func() bool {
		for _, p := range c.PartitionInfos("transactions") {
			if c.Committed("monitor", "transactions", p.Partition) != p.HighWatermark && p.HighWatermark > 0 {
				return false
			}
		}
		return true
	})
}
