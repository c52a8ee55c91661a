package board

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
)

const (
	mostRecords = 5000 // of the score and of a scoreboard: many matches
	mostAlerts  = 20
)

// topics reads what the board shows of topics.
type topics struct {
	cluster kafka.Cluster
	client  sarama.Client // nil until the cluster answers; only its source uses it
	tails   []*tail

	matches Matches
	mu      sync.Mutex
	alerts  []event.AlertRecord // the last one first
	latest  *Experiment         // nil before the first
}

func newTopics(cluster kafka.Cluster, score, scoreboard, alerts string) *topics {
	t := &topics{cluster: cluster}
	events := &tail{topic: score, most: mostRecords, take: t.takeEvent}
	records := &tail{topic: scoreboard, most: mostRecords, take: t.takeRecord, reset: func() {}}
	events.reset = func() {
		t.matches.forget()
		records.begin() // it is read again too: what it had told of the matches is forgotten
	}
	// After the events, as a record tells of a match that is known.
	t.tails = []*tail{events, records, {topic: alerts, most: mostAlerts * 10, take: t.takeAlert, reset: t.forgetAlerts},
		{topic: event.ExperimentsTopic, most: mostRecords, take: t.takeStep, reset: t.forgetExperiment}}
	return t
}

// look reads what has come.
func (t *topics) look(ctx context.Context) {
	if t.client == nil {
		conf := t.cluster.AdminConfig("monitor-board")
		conf.Net.DialTimeout, conf.Net.ReadTimeout, conf.Net.WriteTimeout = answerTimeout, answerTimeout, answerTimeout
		client, err := t.cluster.DialOnce(ctx, conf)
		if err != nil {
			return // the brokers say so, in Cluster
		}
		t.client = client
	}
	for _, tail := range t.tails {
		tail.read(ctx, t.client) // what could not be read comes the next time
	}
}

func (t *topics) close() {
	if t.client != nil {
		wait.CloseWithin(wait.CloseTimeout, t.client)
	}
}

// What cannot be read is passed: the scoreboard, or whoever else reads the topic, makes a dead letter of it.

func (t *topics) takeEvent(m *sarama.ConsumerMessage) {
	if e, err := event.DecodeScoreEvent(m.Value); err == nil {
		t.matches.TakeEvent(e, event.Source{Partition: m.Partition, Offset: m.Offset})
	}
}

func (t *topics) takeRecord(m *sarama.ConsumerMessage) {
	if r, err := event.DecodeBoardRecord(m.Value); err == nil {
		t.matches.TakeRecord(r)
	}
}

func (t *topics) takeAlert(m *sarama.ConsumerMessage) {
	a, err := event.DecodeAlertRecord(m.Value)
	if err != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// By the transactions' times: the partitions are read one after the other.
	i, _ := slices.BinarySearchFunc(t.alerts, a, func(one, other event.AlertRecord) int { return int(other.TimestampMS - one.TimestampMS) })
	t.alerts = slices.Insert(t.alerts, i, a)
	t.alerts = t.alerts[:min(len(t.alerts), mostAlerts)]
}

func (t *topics) forgetAlerts() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.alerts = nil
}

func (t *topics) takeStep(m *sarama.ConsumerMessage) {
	s, err := event.DecodeExperimentStep(m.Value)
	if err != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.latest == nil || t.latest.Run != s.Run {
		t.latest = &Experiment{Name: s.Experiment, Run: s.Run, Began: s.TimestampMS, Strikes: []Text{}}
	}
	t.latest.take(s)
}

func (t *topics) forgetExperiment() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.latest = nil
}

// experiment returns the latest experiment, nil where none is worth a look any more.
func (t *topics) experiment(now time.Time) *Experiment {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.latest == nil || now.UnixMilli()-t.latest.Told > remembered.Milliseconds() {
		return nil
	}
	e := *t.latest
	e.Strikes = slices.Clone(e.Strikes)
	return &e
}

// latestAlerts returns the latest alerts, the last one first.
func (t *topics) latestAlerts() []event.AlertRecord {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]event.AlertRecord{}, t.alerts...)
}

// answerTimeout is how long a broker may take for an answer. One that is paused takes for ever.
const answerTimeout = time.Second
