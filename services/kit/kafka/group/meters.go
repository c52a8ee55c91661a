package group

import (
	"strconv"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/metric"
)

// meters are the metrics of a member. The members of one process share them.
type meters struct {
	handling, committing prometheus.Histogram
	sessions, removed    prometheus.Counter
	lag                  *lag
}

func newMeters(reg prometheus.Registerer) meters {
	return meters{
		handling: metric.Histogram(reg, "workshop_handle_seconds",
			"Time that the handler of a partition has worked without waiting for a message. One observation for a message that came alone, "+
				"or for up to 1000 that were there."),
		committing: metric.Histogram(reg, "workshop_commit_seconds",
			"Time until the coordinator has confirmed an offset, retries included. Offsets in transactions are not in it."),
		sessions: metric.Counter(reg, "workshop_rebalances_total",
			"Assignments that this process has received from its group: 1 after a member's first join."),
		removed: metric.Counter(reg, "workshop_messages_removed_total",
			"Offsets deleted by retention before the group read them: messages lost to the group."),
		lag: metric.Register(reg, newLag()),
	}
}

// stretch is how many messages one observation of the handler's work may cover.
const stretch = 1000

// work measures how long a handler works between two waits. A clock per message would cost a tenth of what the consumer does for
// one, so that messages which need not be waited for are measured together. The sum over all observations is exact.
type work struct {
	seconds  prometheus.Histogram
	began    time.Time // zero while the handler waits
	messages int
}

func (w *work) begin() { w.began, w.messages = time.Now(), 0 }

// another notes that there is something to do without a wait.
func (w *work) another() {
	if w.messages++; w.messages == stretch || w.began.IsZero() {
		w.end()
		w.begin()
	}
}

func (w *work) end() {
	if !w.began.IsZero() {
		w.seconds.Observe(time.Since(w.began).Seconds())
		w.began = time.Time{}
	}
}

// lag tells how far the partitions of this process are behind, at the time of the question.
type lag struct {
	desc *prometheus.Desc

	mu     sync.Mutex
	claims map[place]*Claim
}

type place struct {
	topic     string
	partition int32
}

func newLag() *lag {
	return &lag{claims: map[place]*Claim{}, desc: prometheus.NewDesc("workshop_partition_lag",
		"Offsets between the position in a partition and its high watermark as of the last fetch. The markers of transactions count too.",
		[]string{"topic", "partition"}, nil)}
}

func (l *lag) add(c *Claim) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.claims[place{c.group.Topic, c.partition}] = c
}

// remove takes c out. A later claim of the partition may have its place: that of a client that was given up ends late.
func (l *lag) remove(c *Claim) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := (place{c.group.Topic, c.partition}); l.claims[at] == c {
		delete(l.claims, at)
	}
}

// Describe implements prometheus.Collector.
func (l *lag) Describe(descs chan<- *prometheus.Desc) { descs <- l.desc }

// Collect implements prometheus.Collector.
func (l *lag) Collect(metrics chan<- prometheus.Metric) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, c := range l.claims {
		if n, known := c.behind(); known {
			metrics <- prometheus.MustNewConstMetric(l.desc, prometheus.GaugeValue, float64(n), at.topic, strconv.Itoa(int(at.partition)))
		}
	}
}

// behind is how many offsets lie between the position and the high watermark. It is not known before the first message where the
// group has no offset and begins with the oldest message.
func (c *Claim) behind() (offsets int64, known bool) {
	next := c.InitialOffset()
	if at := c.at.Load(); at > 0 {
		next = at / 2
	}
	if marked := c.marked.Load(); marked >= 0 {
		next = max(next, marked) // a commit behind markers is further than the last message
	}
	end := c.claim.HighWaterMarkOffset()
	switch {
	case next == sarama.OffsetNewest || end <= next:
		return 0, true
	case next == sarama.OffsetOldest:
		return 0, end == 0
	}
	return end - next, true
}
