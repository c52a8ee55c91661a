package student

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"
	"github.com/shopspring/decimal"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// decisionTopics are where a detector's decisions go.
var decisionTopics = []string{event.OrderApprovedTopic, event.OrderRejectedTopic}

// fraudFrom is the amount from which on an order is refused.
var fraudFrom = decimal.NewFromInt(4500)

// decision is one that is on a topic.
type decision struct {
	number   int
	approved bool
	right    bool
}

// judge counts what became of the orders, and says what to change where that is not each of them once.
func (s *shopper) judge(ctx context.Context) ([]report.Part, error) {
	if err := s.readDecisions(ctx); err != nil {
		return nil, err
	}
	s.strays = s.strayed()
	part := report.Part{Counted: s.counted(), Highest: orderCount, Shown: says("handled")}
	if s.role == Detector {
		part.Shown = says("decided")
		part.Facts = append(part.Facts, report.Fact{Text: says("right"), Held: !s.none() && s.malformed == nil && s.wrong() == nil})
	}
	if s.strays == "" && !slices.Contains(s.missing(), crashOrder) && last(s.seen).committed > s.cue && !s.crashed() {
		s.bench.Say(says("order-not-crashed", crashOrder))
		return nil, &rig.NotRun{Cause: fmt.Sprintf("the %s has not crashed: at the order whose orderId is FAIL_AT_ID (here pedido-%d) it "+
			"must end at once, such as by os._exit(137)", s.role, crashOrder)}
	}
	again := !s.none() && s.crashed() && s.seen[0].committed <= s.cue
	part.Facts = append(part.Facts, report.Fact{Text: says("came-again", crashOrder), Held: again})
	if s.strays == "" {
		part.Facts = append(part.Facts, report.Fact{Text: says("all-committed"), Held: last(s.seen).committed >= s.count})
	} else {
		part.Facts = append(part.Facts, report.Fact{Text: says("in-its-group"), Held: false})
	}
	part.Hint = s.hint()
	return []report.Part{part}, nil
}

// crashed reports whether the first life has crashed on cue.
func (s *shopper) crashed() bool { return !s.seen[0].stopped && s.seen[0].code != 0 }

// counted compares what was handled with the orders, each of which counts once, however often it is on the topic.
func (s *shopper) counted() verdict.Verdict {
	run := verdict.Run{Log: []verdict.Record{}, Reads: []verdict.Read{}}
	for i := range s.orders {
		run.Log = append(run.Log, verdict.Record{Message: orderMessage(i + 1), Offset: int64(i)})
	}
	for _, h := range s.handled() {
		run.Reads = append(run.Reads, verdict.Read{Message: orderMessage(h.number), Session: h.session})
	}
	return verdict.Check(run)
}

func orderMessage(n int) verdict.Message { return verdict.Message{Stream: "orders", Number: n} }

// handling is one effect of an order.
type handling struct {
	number  int
	session string
}

// handled are the effects: decisions on the topics, or lines on the screen.
func (s *shopper) handled() (all []handling) {
	if s.role == Detector {
		// The two topics have no common order.
		for _, d := range s.decisions {
			all = append(all, handling{d.number, fmt.Sprint(d.approved)})
		}
		return all
	}
	for i, life := range s.lives {
		for _, line := range life.Lines() {
			if n := orderIn(line.Text); n > 0 {
				all = append(all, handling{n, fmt.Sprint(i)})
			}
		}
	}
	return all
}

// missing are the orders without an effect, repeated those with more than one.
func (s *shopper) missing() []int  { return s.withEffects(func(n int) bool { return n == 0 }) }
func (s *shopper) repeated() []int { return s.withEffects(func(n int) bool { return n > 1 }) }

func (s *shopper) withEffects(ok func(n int) bool) (orders []int) {
	count := map[int]int{}
	for _, h := range s.handled() {
		count[h.number]++
	}
	for n := 1; n <= orderCount; n++ {
		if ok(count[n]) {
			orders = append(orders, n)
		}
	}
	return orders
}

// wrong is the first decision that the rule contradicts, nil where there is none.
func (s *shopper) wrong() *decision {
	i := slices.IndexFunc(s.decisions, func(d decision) bool { return !d.right })
	if i < 0 {
		return nil
	}
	return &s.decisions[i]
}

func (s *shopper) readDecisions(ctx context.Context) error {
	if s.role != Detector {
		return nil
	}
	for _, name := range decisionTopics {
		_, err := kafka.ReadToEnd(ctx, s.bench.Client, s.topic(name), 0, sarama.OffsetOldest, sarama.ReadCommitted,
			func(msg *sarama.ConsumerMessage) error {
				d, err := s.decisionOf(msg.Value, name == event.OrderApprovedTopic)
				var malformed *event.Malformed
				switch {
				case errors.As(err, &malformed):
					s.malformed = malformed
				case err != nil:
					return err
				default:
					s.decisions = append(s.decisions, d)
				}
				return nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *shopper) decisionOf(value []byte, approved bool) (decision, error) {
	e, err := event.DecodeEnvelope(value)
	if err != nil {
		return decision{}, err
	}
	o, err := e.Order()
	if err != nil {
		return decision{}, err
	}
	n := orderIn(o.ID)
	if n == 0 {
		return decision{}, nil
	}
	placed := s.orders[n-1]
	right := approved == placed.Amount.LessThan(fraudFrom) && o.Amount.Equal(placed.Amount.Decimal) && o.Email == placed.Email
	return decision{n, approved, right}, nil
}

// orderHint is what to change in a program that was seen to do something with the orders.
type orderHint struct {
	when func(s *shopper, first visit) bool
	name string // of its words in hints.toml
}

// orderHints are tried in this order: first what leaves nothing to compare, then wrong decisions, then what is lost or repeated.
var orderHints = []orderHint{
	{func(s *shopper, _ visit) bool { return s.strays != "" }, "own-group"},
	{func(s *shopper, v visit) bool { return s.role == Consumer && s.none() && v.complained > 0 }, "orders-standard-error"},
	{func(s *shopper, v visit) bool {
		return s.none() && s.malformed == nil && !v.stopped && v.code != 0 && v.code != rig.Crashed
	}, "orders-error"},
	{func(_ *shopper, v visit) bool { return v.code == 0 && !v.stopped }, "orders-ended"},
	{func(s *shopper, v visit) bool { return s.none() && v.stopped && !v.joined }, "not-in-the-group"},
	{func(s *shopper, v visit) bool { return s.none() && v.stopped && v.printed == 0 && v.committed < 0 }, "orders-latest"},
	{func(s *shopper, v visit) bool {
		return s.role == Consumer && !v.stopped && v.code == rig.Crashed && v.printed == 0 && v.committed > 0
	},
		"orders-in-the-buffer"},
	{func(s *shopper, _ visit) bool { return s.malformed != nil }, "orders-no-envelope"},
	{func(s *shopper, _ visit) bool { return s.stuck }, "orders-stuck"},
	{func(s *shopper, _ visit) bool { return s.none() && s.role == Detector }, "orders-no-decision"},
	{func(s *shopper, _ visit) bool { return s.none() }, "orders-no-line"},
	{func(s *shopper, _ visit) bool { return s.wrong() != nil }, "orders-limit"},

	{func(s *shopper, v visit) bool {
		return len(s.missing()) > 1 && s.missing()[0] < crashOrder && v.committed > 0
	}, "orders-not-flushed"},
	{func(s *shopper, v visit) bool { return slices.Contains(s.missing(), crashOrder) && v.committed > s.cue }, "orders-committed-first"},
	{func(s *shopper, _ visit) bool { return slices.Contains(s.missing(), crashOrder) }, "orders-remembered-first"},
	{func(s *shopper, _ visit) bool { return slices.Contains(s.repeated(), again[5][0]) }, "orders-no-memory"},
	{func(s *shopper, _ visit) bool { return len(s.repeated()) > 0 }, "orders-memory-lost"},
	{func(s *shopper, v visit) bool { return v.committed > s.cue }, "orders-crash-after-commit"},
	{func(s *shopper, _ visit) bool { return last(s.seen).committed < s.count }, "orders-never-committed"},
}

// none reports whether no order has had an effect.
func (s *shopper) none() bool { return len(s.handled()) == 0 }

// hint is the first that fits; empty where none does.
func (s *shopper) hint() service.Text {
	for _, h := range orderHints {
		if h.when(s, s.seen[0]) {
			return fillHint(h.name, "{id}", fmt.Sprint("pedido-", crashOrder), "{group}", s.group, "{other}", s.strays)
		}
	}
	return service.Text{}
}
