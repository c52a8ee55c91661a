package shoptest

import (
	"slices"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
)

// sound is evidence of n orders in which nothing is wrong.
func sound(t *testing.T, n int) Evidence {
	t.Helper()
	e := Evidence{Mails: []Mail{}}
	for i, o := range Plan(n, 7) {
		way := event.NewCorrelationID("NewOrder")
		e.Accounts = append(e.Accounts, Account{Order: o, New: 1, Old: 2, Tries: 3})
		e.NewOrders = append(e.NewOrders, record(t, event.NewOrderTopic, i, way, o))
		if o.Amount.GreaterThanOrEqual(suspicious) {
			e.Rejected = append(e.Rejected, record(t, event.OrderRejectedTopic, i, way, o))
		} else {
			e.Approved = append(e.Approved, record(t, event.OrderApprovedTopic, i, way, o))
		}
		e.Mails = append(e.Mails, Mail{To: o.Email, MessageID: "<" + o.ID + ">"})
	}
	return e
}

func record(t *testing.T, topic string, offset int, way event.CorrelationID, o event.Order) *sarama.ConsumerMessage {
	t.Helper()
	msg, err := stream.Settings{}.Message(topic, o.Email, way, o)
	if err != nil {
		t.Fatal(err)
	}
	value, err := msg.Value.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return &sarama.ConsumerMessage{Topic: topic, Offset: int64(offset), Value: value}
}

// Sound evidence is clean; damaged in one known way it gives exactly that verdict.
func TestJudge(t *testing.T) {
	amount := func(text string) event.Amount {
		a, err := event.ParseAmount(text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	// counts are: lost, accepted twice, published again; never decided, twice, wrongly; no e-mail, two; totals differ (1).
	for name, c := range map[string]struct {
		damage func(e *Evidence)
		want   [9]int
	}{
		"sound":                 {func(*Evidence) {}, [9]int{}},
		"published again":       {func(e *Evidence) { e.NewOrders = append(e.NewOrders, e.NewOrders[0]) }, [9]int{2: 1}},
		"the same e-mail again": {func(e *Evidence) { e.Mails = append(e.Mails, e.Mails[0]) }, [9]int{}},
		"lost before its topic": {func(e *Evidence) {
			o, _, _ := orderOf(e.Approved[0])
			*e = e.Without(o.ID)
			e.Mails = slices.DeleteFunc(e.Mails, func(m Mail) bool { return m.To == o.Email })
		}, [9]int{0: 1, 3: 1, 8: 1}},
		"accepted twice": {func(e *Evidence) {
			o, _, _ := orderOf(e.NewOrders[0])
			e.NewOrders = append(e.NewOrders, record(t, event.NewOrderTopic, 1000, event.NewCorrelationID("NewOrder"), o))
		}, [9]int{1: 1}},
		"two clients were the first": {func(e *Evidence) { e.Accounts[0].New = 2 }, [9]int{5: 1}},
		"never decided":              {func(e *Evidence) { e.Approved = e.Approved[1:] }, [9]int{3: 1, 8: 1}},
		"decided twice":              {func(e *Evidence) { e.Rejected = append(e.Rejected, e.Rejected[0]) }, [9]int{4: 1, 8: 1}},
		"decided wrongly": {func(e *Evidence) {
			e.Rejected, e.Approved = append(e.Rejected, e.Approved[0]), e.Approved[1:]
		}, [9]int{5: 1}},
		"another amount": {func(e *Evidence) {
			o, way, _ := orderOf(e.Approved[0])
			o.Amount = amount("0.001")
			e.Approved[0] = record(t, event.OrderApprovedTopic, 0, way, o)
		}, [9]int{5: 1, 8: 1}},
		"no e-mail":                 {func(e *Evidence) { e.Mails = e.Mails[1:] }, [9]int{6: 1}},
		"another Message-ID":        {func(e *Evidence) { e.Mails = append(e.Mails, Mail{e.Mails[0].To, "<other>"}) }, [9]int{7: 1}},
		"e-mails were not observed": {func(e *Evidence) { e.Mails = nil }, [9]int{}},
		"nobody was told anything":  {func(e *Evidence) { e.Accounts[0].New, e.Accounts[0].Old = 0, 0 }, [9]int{8: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			e := sound(t, 20)
			c.damage(&e)
			j := Judge(e)
			got := [9]int{
				len(j.Accepted.Lost), len(j.Accepted.Duplicated), j.Republished,
				len(j.Decided.Lost), len(j.Decided.Duplicated), len(j.Wrong), len(j.Decided.Missing), len(j.Decided.Repeated),
			}
			if !j.Totals() {
				got[8] = 1
			}
			if got != c.want {
				t.Errorf("%v, want %v\n%s\n%v", got, c.want, j, j.Wrong)
			}
			harm := c.want
			harm[2] = 0 // published again is no fault
			if clean := harm == [9]int{}; j.Clean() != clean {
				t.Errorf("clean %v, want %v", j.Clean(), clean)
			}
		})
	}
}
