package deadletter

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/metric"
	"workshop.example/kit/service"
)

// other stands for every reason and topic that is not the system's own: a letter comes from outside, and
// may not make as many series as it likes.
const other = "other"

// counts are the letters by reason and by the topic they come from.
type counts struct {
	topics  []string
	reasons []string
	total   *prometheus.CounterVec

	mu       sync.Mutex
	letters  map[[2]string]int
	repeated int
}

func newCounts(topics []string, p *service.Process) *counts {
	return &counts{
		topics:  topics,
		reasons: append([]string{stream.ReasonNoSuchTopic, stream.ReasonRefused, unknownReason}, event.Reasons...),
		total: metric.Register(p.Ops.Registry, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "workshop_dead_letters_kept_total", Help: "Dead letters that were kept, by their reason and the topic they come from.",
		}, []string{"reason", "topic"})),
		letters: map[[2]string]int{},
	}
}

func (c *counts) add(l letter) {
	reason, topic := among(c.reasons, l.reason), among(c.topics, l.topic)
	c.total.WithLabelValues(reason, topic).Inc()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.letters[[2]string{topic, reason}]++
}

func (c *counts) repeat() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.repeated++
}

func among(known []string, word string) string {
	if slices.Contains(known, word) {
		return word
	}
	return other
}

// summary is what this run has seen.
func (c *counts) summary(lang service.Lang) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	total := 0
	var lines []string
	kinds := slices.SortedFunc(maps.Keys(c.letters), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, kind := range kinds {
		total += c.letters[kind]
		lines = append(lines, fmt.Sprintf("  %s · %s: %d", kind[0], kind[1], c.letters[kind]))
	}
	first := fmt.Sprintf(service.Pick(lang, "fim: %d mensagens mortas guardadas, %d repetidas", "end: %d dead letters kept, %d repeated"),
		total, c.repeated)
	return strings.Join(append([]string{first}, lines...), "\n")
}
