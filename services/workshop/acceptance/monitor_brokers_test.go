//go:build brokers

package acceptance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
)

var (
	monitorKills  = sized(8, 20)
	monitorBounce = sized(1, 3) // of the leader of a partition
)

// The rules of the monitor here: with 500 transactions a second of 2,000 users some are broken all the time. Each is a threshold of
// transactions within a minute.
var monitorRules = map[string]int{"count:1/1m": 1, "count:2/1m": 2, "count:4/1m": 4, "count:7/1m": 7, "count:11/1m": 11}

// A monitor is killed at random moments, and the leader of a partition too, while transactions come. What is on its topic in the end is
// held against what the transactions have broken, found in the plainest way.
func TestMonitorSurvivesKills(t *testing.T) {
	began := time.Now()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	name, alerts := topic(t, "transactions", 3), topic(t, "alerts", 3)
	var rules []string
	for rule := range monitorRules {
		rules = append(rules, rule)
	}
	start := func() *program {
		return service(t, "monitor", "TOPIC="+name, "ALERTS_TOPIC="+alerts, "CONSUMER_GROUP="+name, "GROUP_INSTANCE_ID=one", "HTTP_PORT=0",
			"RULES="+strings.Join(rules, ","))
	}
	monitor := start()
	producer := service(t, "producer", "TOPIC="+name, "PACE=2ms", "COUNT=0", "SEED=8")
	for n := range monitorKills {
		if n%4 == 1 && n/4 < monitorBounce {
			bounceLeader(t, name, alerts)
		}
		select {
		case <-time.After(within(rng, 5*time.Second)): // not to wait for a state: to meet any
		case <-monitor.ended:
			t.Fatalf("the monitor ended by itself:\n%s", tail(monitor.Logs()))
		}
		monitor.crash()
		monitor = start()
	}
	producer.terminate()
	want := brokenRules(t, name)
	kafkatest.EventuallyWithin(t, 2*kafkatest.Deadline, "every transaction is watched", func() bool { return allCommitted(t, name) })
	monitor.terminate()

	got := map[string]int{}
	for _, msg := range readAll(t, alerts, sarama.ReadCommitted) {
		a, err := event.DecodeAlertRecord(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		got[fmt.Sprint(a.Rule, " ", a.IDUsuario, " ", a.Count, " ", a.Source)]++
	}
	aborted := len(readAll(t, alerts, sarama.ReadUncommitted))
	for _, n := range got {
		aborted -= n
	}
	m := reliability.Measurement{
		Guarantee: "each alert of the monitor is sent once", Seed: seed, Events: len(want),
		Faults: map[string]int{"kill -9 of the monitor": monitorKills, killedBroker: monitorBounce},
	}
	m.Lost, m.Duplicated = compareAlerts(want, got)
	t.Logf("of %d alerts %d lost, %d duplicated or unfounded; %d were aborted", len(want), m.Lost, m.Duplicated, aborted)
	if m.Lost+m.Duplicated > 0 || len(want) < 1000 {
		t.Error("an alert was lost, sent twice, or unfounded; or there were too few to tell")
	}
	damageIsSeen(t, want, got)
	recordOnBrokers(t, began, m)
}

// damageIsSeen wants the judge to see what a crash between alert and offset, or a window that is not rebuilt, would leave. The broken
// monitors themselves run on the embedded cluster, in services/monitor.
func damageIsSeen(t testing.TB, want, got map[string]int) {
	t.Helper()
	for alert := range want {
		damaged := maps.Clone(got)
		delete(damaged, alert)
		damaged[alert+" of another window"] = 1
		if lost, unfounded := compareAlerts(want, damaged); lost != 1 || unfounded != 1 {
			t.Errorf("a missing and a wrong alert are judged as %d lost, %d unfounded", lost, unfounded)
		}
		return
	}
}

func compareAlerts(want, got map[string]int) (lost, duplicated int) {
	for alert := range want {
		if got[alert] == 0 {
			lost++
		}
	}
	for alert, n := range got {
		duplicated += max(0, n-want[alert])
	}
	return lost, duplicated
}

func readAll(t testing.TB, topic string, isolation sarama.IsolationLevel) []*sarama.ConsumerMessage {
	t.Helper()
	msgs, err := kafkatest.ReadAllAs(stack, topic, isolation)
	if err != nil {
		t.Fatal(err)
	}
	return msgs
}

// brokenRules are the alerts that the transactions of a topic lead to. A user's minute is four steps of 15 s of the partition's time,
// the last of them as far as it has come.
func brokenRules(t testing.TB, topic string) map[string]int {
	t.Helper()
	type key struct {
		partition int32
		user      string
	}
	now, steps, want := map[int32]int64{}, map[key][]int64{}, map[string]int{}
	for _, msg := range readAll(t, topic, sarama.ReadCommitted) {
		tx, err := event.DecodeTransaction(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		second, user := msg.Timestamp.Unix(), key{msg.Partition, tx.IDUsuario}
		now[msg.Partition] = max(now[msg.Partition], second)
		oldest := now[msg.Partition]/15 - 3
		if second/15 < oldest {
			continue
		}
		count := 1
		for _, step := range steps[user] {
			if step >= oldest {
				count++
			}
		}
		steps[user] = append(steps[user], second/15)
		for rule, threshold := range monitorRules {
			if count == threshold+1 {
				want[fmt.Sprint(rule, " ", tx.IDUsuario, " ", count, " ", event.Source{Partition: msg.Partition, Offset: msg.Offset})]++
			}
		}
	}
	return want
}

// allCommitted reports whether a group of a topic's name has committed all of it.
func allCommitted(t testing.TB, topic string) bool {
	t.Helper()
	client, err := sarama.NewClient(stack.Brokers, stack.Config("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	resp, err := admin.ListConsumerGroupOffsets(topic, map[string][]int32{topic: {0, 1, 2}})
	if err != nil {
		return false
	}
	for p := range int32(3) {
		end, err := client.GetOffset(topic, p, sarama.OffsetNewest)
		if block := resp.GetBlock(topic, p); err != nil || block == nil || block.Offset != end {
			return false
		}
	}
	return true
}
