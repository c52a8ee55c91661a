//go:build labs

package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/lines"
	kit "workshop.example/kit/service"

	"github.com/shopspring/decimal"
)

// What the board draws is held against what is in the topics, read by the test itself.
func TestBoardShowsTheTopics(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3", "transactions.dlq:1", "transactions.alerts:3", "scoreGame:1", "scoreGame.dlq:1", "scoreBoard:1")
	vars := []string{"BOOTSTRAP_SERVERS=" + c.Bootstrap(), "RULES=count:2/1m", "WORKSHOP_LANG=en"}
	_, page := startBoard(t, vars...)
	seeOnBoard(t, page, "that there is nothing", func(b drawnBoard) bool { return len(b.Partitions) == 10 && len(b.Score) == 0 })
	wantNoViolation(t, page, "empty")

	sendMatch(t, c, 5, 7)
	sendTransactions(t, c, 120)
	consumer := service(t, "consumer", append(vars, "GROUP_INSTANCE_ID=consumer-1")...)
	service(t, "scoreboard", append(vars, "GROUP_INSTANCE_ID=scoreboard-1", "DELIVERY=exactly-once", "MATCHES=0", "STATE_DIR="+t.TempDir())...)
	seeOnBoard(t, page, "that all is read", func(b drawnBoard) bool {
		return b.Groups["cg-group-id"].allRead() && b.Groups["group1"].allRead() && b.Groups["monitor"].allRead() &&
			strings.Count(b.Accounts, "8 – 2") == 2 && len(b.Alerts) == 8 // the last ones
	})
	b := lookAtBoard(t, page)
	wantMatch(t, c, b)
	wantTransactions(t, c, b)
	wantAlerts(t, c, b)
	wantCluster(t, c, b)
	if g := b.Groups["cg-group-id"]; !slices.Equal(g.Members, []string{"consumer-1 transactions 0, 1, 2"}) {
		t.Errorf("members: %q", g.Members)
	}
	photographBoard(t, page, "board", func(name string) { wantNoViolation(t, page, name) })

	consumer.terminate()
	c.SendTo("transactions", 1, "not a transaction", "nor this")
	seeOnBoard(t, page, "a group without members, two messages behind", func(b drawnBoard) bool {
		g := b.Groups["cg-group-id"]
		return len(g.Members) == 0 && g.Lags["transactions/1"] == "2"
	})
	c.ShufflePartitionLeaders()
	seeOnBoard(t, page, "the new leaders", func(b drawnBoard) bool {
		return maps.EqualFunc(b.Partitions, clusterOf(t, c), maps.Equal[map[string]string, map[string]string])
	})
}

func (g drawnGroup) allRead() bool {
	for _, lag := range g.Lags {
		if lag != "0" {
			return false
		}
	}
	return len(g.Lags) > 0
}

// sendMatch sends eleven goals and a finish, without the lost id and with one twice.
func sendMatch(t *testing.T, c *kafkatest.Cluster, lost, repeated int) {
	t.Helper()
	var score event.Score
	var values []string
	for id := 1; id <= 12; id++ {
		e := event.ScoreEvent{ID: id, Event: event.Goal, Team: event.TeamA, Period: 1, Timestamp: float64(id), Match: "final"}
		if id%4 == 0 {
			e.Team = event.TeamB
		}
		if id == 12 {
			e.Event, e.Team = event.Finished, event.TeamA
		} else if e.Team == event.TeamA {
			score.TeamA++
		} else {
			score.TeamB++
		}
		e.Score = score
		value, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		switch id {
		case lost:
		case repeated:
			values = append(values, string(value), string(value))
		default:
			values = append(values, string(value))
		}
	}
	c.ProduceValues("scoreGame", values...)
}

// sendTransactions sends transactions of an hour ago, when time stands still on the board.
func sendTransactions(t *testing.T, c *kafkatest.Cluster, n int) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	at := time.Now().Add(-time.Hour)
	producer := c.Producer()
	for i := range n {
		at = at.Add(time.Duration(rng.IntN(1500)) * time.Millisecond)
		user := fmt.Sprint(20000 + rng.IntN(30))
		tx := event.Transaction{
			IDSequencia: int64(i + 1), IDUsuario: user, IDPlataforma: event.Mobile, Moeda: event.BRL, ValorCentavos: rng.Int64N(250_000),
			Tipo: []string{event.PIX, event.Credito, event.Debito, event.Boleto}[rng.IntN(4)],
		}
		value, err := json.Marshal(tx)
		if err != nil {
			t.Fatal(err)
		}
		msg := &sarama.ProducerMessage{Topic: "transactions", Key: sarama.StringEncoder(user), Value: sarama.ByteEncoder(value), Timestamp: at}
		if _, _, err := producer.SendMessage(msg); err != nil {
			t.Fatal(err)
		}
	}
}

// wantMatch adds up the events of the topic.
func wantMatch(t *testing.T, c *kafkatest.Cluster, b drawnBoard) {
	t.Helper()
	var last event.ScoreEvent
	seen, tally := map[int]int{}, event.Score{}
	for _, msg := range c.ReadAll("scoreGame") {
		e, err := event.DecodeScoreEvent(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		if last = e; seen[e.ID] == 0 && e.Event == event.Goal {
			if e.Team == event.TeamA {
				tally.TeamA++
			} else {
				tally.TeamB++
			}
		}
		seen[e.ID]++
	}
	var lost, repeated []int
	for id := 1; id <= last.ID; id++ {
		switch {
		case seen[id] == 0:
			lost = append(lost, id)
		case seen[id] > 1:
			repeated = append(repeated, id)
		}
	}
	if !slices.Equal(b.Score, []int{last.Score.TeamA, last.Score.TeamB}) || !slices.Equal(b.Lost, lost) ||
		!slices.Equal(b.Repeated, repeated) || b.IDs != last.ID {
		t.Errorf("the board shows %v, lost %v, repeated %v of %d ids; want %+v, %v, %v of %d", b.Score, b.Lost, b.Repeated, b.IDs,
			last.Score, lost, repeated, last.ID)
	}
	if want := fmt.Sprintf("%d – %d ≠ differs from the score", tally.TeamA, tally.TeamB); !strings.Contains(b.Accounts, want) {
		t.Errorf("want %q in %q", want, b.Accounts)
	}
}

// wantTransactions adds up the last minute of the topic, in all and second by second.
func wantTransactions(t *testing.T, c *kafkatest.Cluster, b drawnBoard) {
	t.Helper()
	msgs := c.ReadAll("transactions")
	latest := int64(0)
	for _, msg := range msgs {
		latest = max(latest, msg.Timestamp.Unix())
	}
	counts, cents, bars := map[string]int{}, map[string]int64{}, map[string]map[int]float64{}
	for _, kind := range []string{event.PIX, event.Credito, event.Debito, event.Boleto} {
		bars[kind] = map[int]float64{}
	}
	for _, msg := range msgs {
		tx, err := event.DecodeTransaction(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		if ago := int(latest - msg.Timestamp.Unix()); ago < 60 {
			counts[tx.Tipo]++
			cents[tx.Tipo] += tx.ValorCentavos
			bars[tx.Tipo][59-ago]++
		}
	}
	for kind, n := range counts {
		want := [2]string{fmt.Sprint(n), lines.Money(kit.English, decimal.New(cents[kind], -2))}
		if b.Legends[kind] != want {
			t.Errorf("%s: the board shows %q, want %q", kind, b.Legends[kind], want)
		}
	}
	near := func(a, b float64) bool { return a-b < 0.01 && b-a < 0.01 }
	if !maps.EqualFunc(b.Bars, bars, func(got, want map[int]float64) bool { return maps.EqualFunc(got, want, near) }) {
		t.Errorf("the board has the bars %v, want %v", b.Bars, bars)
	}
}

// wantAlerts reads the latest alerts.
func wantAlerts(t *testing.T, c *kafkatest.Cluster, b drawnBoard) {
	t.Helper()
	var alerts []event.AlertRecord
	for _, msg := range c.ReadAll("transactions.alerts") {
		a, err := event.DecodeAlertRecord(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		alerts = append(alerts, a)
	}
	slices.SortFunc(alerts, func(a, b event.AlertRecord) int { return int(b.TimestampMS - a.TimestampMS) })
	var want []string
	for _, a := range alerts[:min(len(alerts), len(b.Alerts))] {
		want = append(want, fmt.Sprintf("%s %d %d %s", a.Rule, a.Source.Partition, a.Source.Offset, a.IDUsuario))
	}
	if !slices.Equal(b.Alerts, want) || len(b.Alerts) != min(8, len(alerts)) {
		t.Errorf("of %d alerts the board shows %q, want %q", len(alerts), b.Alerts, want)
	}
}

func wantCluster(t *testing.T, c *kafkatest.Cluster, b drawnBoard) {
	t.Helper()
	if want := clusterOf(t, c); !maps.EqualFunc(b.Partitions, want, maps.Equal[map[string]string, map[string]string]) {
		t.Errorf("the board draws %v, want %v", b.Partitions, want)
	}
	if want := map[string]string{"0": "up", "1": "up", "2": "up"}; !maps.Equal(b.Brokers, want) {
		t.Errorf("brokers %v, want %v", b.Brokers, want)
	}
}

// clusterOf is what an administrator is told of the partitions.
func clusterOf(t *testing.T, c *kafkatest.Cluster) map[string]map[string]string {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	listed, err := admin.ListTopics()
	if err != nil {
		t.Fatal(err)
	}
	described, err := admin.DescribeTopics(slices.Collect(maps.Keys(listed)))
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]map[string]string{}
	for _, topic := range described {
		if strings.HasPrefix(topic.Name, "__") {
			continue
		}
		for _, p := range topic.Partitions {
			row := map[string]string{"0": "none", "1": "none", "2": "none"}
			for _, id := range p.Replicas {
				row[fmt.Sprint(id)] = "behind"
			}
			for _, id := range p.Isr {
				row[fmt.Sprint(id)] = "insync"
			}
			row[fmt.Sprint(p.Leader)] = "leader"
			drawn[fmt.Sprintf("%s/%d", topic.Name, p.ID)] = row
		}
	}
	return drawn
}

// The page comes back by itself: when the monitor was away, and when Kafka was.
func TestBoardComesBack(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3", "transactions.alerts:3", "scoreGame:1")
	port := fmt.Sprint("HTTP_PORT=", kafkatest.FreePort(t))
	monitor, page := startBoard(t, "BOOTSTRAP_SERVERS="+c.Bootstrap(), port)
	seeOnBoard(t, page, "three brokers", func(b drawnBoard) bool { return strings.HasPrefix(b.Status, "Kafka: 3/3") && b.Away == "" })
	monitor.crash()
	seeOnBoard(t, page, "that the monitor is away", func(b drawnBoard) bool {
		return b.Away == "O monitor não responde: esta página tenta de novo sozinha."
	})
	wantNoViolation(t, page, "away")
	sendMatch(t, c, 0, 0)
	service(t, "monitor", "BOOTSTRAP_SERVERS="+c.Bootstrap(), port)
	seeOnBoard(t, page, "the match", func(b drawnBoard) bool { return b.Away == "" && slices.Equal(b.Score, []int{9, 2}) })
	c.Close()
	seeOnBoard(t, page, "that Kafka is away", func(b drawnBoard) bool { return strings.HasPrefix(b.Away, "O Kafka não responde desde ") })
	photographBoard(t, page, "away", func(name string) { wantNoViolation(t, page, name) })
}
