//go:build brokers

package acceptance

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/event"
	"workshop.example/kit/reliability"
)

// The negative controls of the judges of TestRandomFaults: each damage to a run that was flawless turns both red, and
// what a guarantee allows turns none.
func TestFaultJudgesSeeDamage(t *testing.T) {
	remove := func(topic string, i int) func(*faultsSample) {
		return func(s *faultsSample) { s.topics[topic] = slices.Delete(s.topics[topic], i, i+1) }
	}
	repeat := func(topic string, i int) func(*faultsSample) {
		return func(s *faultsSample) {
			again := *s.topics[topic][i]
			again.Offset = s.topics[topic][len(s.topics[topic])-1].Offset + 1
			s.topics[topic] = append(s.topics[topic], &again)
		}
	}
	replace := func(topic string, i int, value func(was []byte) string) func(*faultsSample) {
		return func(s *faultsSample) {
			other := *s.topics[topic][i]
			other.Value = []byte(value(other.Value))
			s.topics[topic][i] = &other
		}
	}
	unshown := func(screen string, i int) func(*faultsSample) {
		return func(s *faultsSample) { s.screens[screen] = slices.Delete(s.screens[screen], i, i+1) }
	}
	shownAgain := func(screen string, i int) func(*faultsSample) {
		return func(s *faultsSample) {
			s.screens[screen] = slices.Insert(s.screens[screen], i+1, s.screens[screen][i])
		}
	}
	const newOrders, approved, rejected = orderPrefix + event.NewOrderTopic, orderPrefix + event.OrderApprovedTopic, orderPrefix +
		event.OrderRejectedTopic
	damages := map[string]struct {
		damage func(*faultsSample)
		clean  bool
	}{
		"none": {func(*faultsSample) {}, true},

		"an acknowledged message is gone":      {remove("transactions", 7), false},
		"a message is there twice":             {repeat("transactions", 7), false},
		"two messages of a key change places":  {func(s *faultsSample) { s.swap("transactions", 4, 4+sampleKeys) }, false},
		"messages of two keys change places":   {func(s *faultsSample) { s.swap("transactions", 4, 5) }, false},
		"a message that nobody has sent":       {func(s *faultsSample) { s.add("transactions", "k1", sampleTransaction(9999, "k1")) }, false},
		"a message is not consumed":            {unshown("consumer.1.out", 3), false},
		"a message is consumed again":          {shownAgain("consumer.1.out", 3), true},
		"what is consumed is not in the topic": {func(s *faultsSample) { s.print("consumer.1.out", sampleTransaction(9999, "k1")) }, false},
		"a message without an answer is there": {func(s *faultsSample) { s.arrive(sampleUnanswered) }, true},
		"a message without an answer, twice": {
			func(s *faultsSample) { s.arrive(sampleUnanswered); repeat("transactions", sampleCount)(s) },
			false,
		},
		"an event is gone":                    {remove("scoreGame", 3), false},
		"an event is there twice":             {repeat("scoreGame", 3), false},
		"events change places":                {func(s *faultsSample) { s.swap("scoreGame", 3, 4) }, false},
		"auto does not show an event":         {unshown("auto.1.out", 4), false},
		"auto shows one again":                {shownAgain("auto.1.out", 4), true},
		"at-most-once does not show one":      {unshown("at-most-once.1.out", 4), true},
		"at-most-once shows one again":        {shownAgain("at-most-once.1.out", 4), false},
		"at-least-once does not show one":     {unshown("at-least-once.1.out", 4), false},
		"at-least-once shows one again":       {shownAgain("at-least-once.1.out", 4), true},
		"exactly-once shows one again":        {shownAgain("exactly-once.1.out", 4), false},
		"a board shows what is no event":      {func(s *faultsSample) { s.print("auto.1.out", "90 - 90") }, false},
		"the board's topic lacks an event":    {remove("scoreBoard", 3), false},
		"the board's topic has one twice":     {repeat("scoreBoard", 3), false},
		"the board's topic has a wrong tally": {replace("scoreBoard", 3, func([]byte) string { return sampleBoard(4, 99) }), false},
		"the board's last offset is not kept": {func(s *faultsSample) { s.evidence.Committed-- }, false},
		"an accepted order is gone":           {remove(newOrders, 1), false},
		"an order is published again":         {repeat(newOrders, 1), true},
		"an order is accepted twice":          {func(s *faultsSample) { s.add(newOrders, "", s.order(1, "another")) }, false},
		"an order is not decided":             {remove(approved, 0), false},
		"an order is decided twice":           {repeat(rejected, 0), false},
		"an order is decided wrongly": {func(s *faultsSample) {
			s.topics[rejected] = append(s.topics[rejected], s.topics[approved][0])
			remove(approved, 0)(s)
		}, false},
		"a customer has no e-mail": {func(s *faultsSample) { s.mails = s.mails[1:] }, false},
		"a customer has two e-mails": {func(s *faultsSample) {
			s.mails = append(s.mails, shoptest.Mail{To: s.mails[0].To, MessageID: "another"})
		}, false},
		"a customer has the same e-mail twice": {func(s *faultsSample) { s.mails = append(s.mails, s.mails[0]) }, true},
		"a report is missing":                  {func(s *faultsSample) { s.evidence.Reports-- }, false},
	}
	var controls, caught atomic.Int64
	t.Run("damages", func(t *testing.T) {
		for name, d := range damages {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newFaultsSample(t)
				d.damage(s)
				s.write()
				first, found := s.judge()
				second, report := judgeIndependently(t, s.evidence, s.dump())
				if first != d.clean {
					t.Errorf("the judge in Go: clean %t, want %t\n%s", first, d.clean, found)
				}
				if second.Clean != d.clean {
					t.Errorf("the judge in Python: clean %t, want %t\n%s", second.Clean, d.clean, report)
				}
				if !d.clean {
					controls.Add(1)
					if !first && !second.Clean {
						caught.Add(1)
					}
				}
			})
		}
	})
	if err := reliability.Record(reliability.Measurement{
		Guarantee: "both judges of the random faults see a damaged run", Ground: reliability.Brokers, Test: t.Name(),
		Controls: int(controls.Load()), Caught: int(caught.Load()),
	}); err != nil {
		t.Error(err)
	}
}

// judge is the judge in Go.
func (s *faultsSample) judge() (clean bool, found []any) {
	s.t.Helper()
	s.evidence.read = func(topic string, take func(*sarama.ConsumerMessage) error) error {
		for _, msg := range s.topics[topic] {
			if err := take(msg); err != nil {
				return err
			}
		}
		return nil
	}
	transactions, err := judgeTransactions(s.evidence)
	if err != nil {
		s.t.Fatal(err)
	}
	scores, err := judgeScores(s.evidence)
	if err != nil {
		s.t.Fatal(err)
	}
	orders := shoptest.Judge(shoptest.Evidence{
		Accounts: s.accounts, Mails: s.mails, NewOrders: s.topics[orderPrefix+event.NewOrderTopic],
		Approved: s.topics[orderPrefix+event.OrderApprovedTopic], Rejected: s.topics[orderPrefix+event.OrderRejectedTopic],
	})
	clean = transactions.clean() && len(scores.broken()) == 0 && orders.Clean() && s.evidence.Reports == orders.Accepted.Produced
	return clean, []any{transactions, scores, orders}
}
