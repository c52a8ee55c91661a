package event

import (
	"slices"
	"strings"
	"testing"
)

func TestTheWayGrows(t *testing.T) {
	begin := NewCorrelationID("NewOrder")
	sent := begin.SentTo(NewOrderTopic)
	taken := sent.ContinueWith("FraudDetectorService")
	answer := taken.SentTo(OrderApprovedTopic)
	var titles []string
	ids := map[string]bool{}
	for _, hop := range answer.Hops() {
		titles = append(titles, hop.Title)
		ids[hop.ID] = true
		if len(hop.ID) != 36 || strings.Count(hop.ID, "-") != 4 {
			t.Errorf("%s has the id %q, want a uuid", hop.Title, hop.ID)
		}
	}
	if want := []string{
		"NewOrder",
		"_ECOMMERCE_NEW_ORDER",
		"FraudDetectorService",
		"_ECOMMERCE_ORDER_APPROVED",
	}; !slices.Equal(titles, want) || len(ids) != 4 {
		t.Errorf("got %s with %d ids, want %s with one each", titles, len(ids), want)
	}
	for before, after := range map[CorrelationID]CorrelationID{begin: sent, sent: taken, taken: answer} {
		if !strings.HasPrefix(string(after), string(before)+"-") || after.Root() != begin.Root() {
			t.Errorf("%s does not go on from %s", after, before)
		}
	}
	if sent == begin.SentTo(NewOrderTopic) {
		t.Error("two messages to one topic have the same id")
	}
	if id := CorrelationID("").ContinueWith("EmailService"); len(id.Hops()) != 1 || id.Hops()[0].Title != "EmailService" {
		t.Errorf("a message without an id goes on as %s", id)
	}
}

func TestHops(t *testing.T) {
	for _, c := range []struct {
		id   CorrelationID
		want []Hop
		root string
	}{
		{wayJava, []Hop{{"NewOrderMain", u1}, {"_ECOMMERCE_NEW_ORDER", u2}}, u1},
		{"New-Order(a-b)-_MY-TOPIC(c)", []Hop{{"New-Order", "a-b"}, {"_MY-TOPIC", "c"}}, "a-b"},
		{"A(1)B(2)", []Hop{{"A", "1"}, {"B", "2"}}, "1"},
		{"A(1)-B(2", []Hop{{"A", "1"}}, "1"},
		{"A(1)-B", []Hop{{"A", "1"}}, "1"},
		{"A(1)-", []Hop{{"A", "1"}}, "1"},
		{"A((1))", []Hop{{"A", "(1"}}, "(1"},
		{"(1)", []Hop{{"", "1"}}, "1"},
		{"A()", []Hop{{"A", ""}}, ""},
		{"", nil, ""},
		{"A", nil, ""},
		{"A)1(", nil, ""},
		{")(", nil, ""},
	} {
		if got := c.id.Hops(); !slices.Equal(got, c.want) || c.id.Root() != c.root {
			t.Errorf("%s: got %v and the root %q, want %v and %q", c.id, got, c.id.Root(), c.want, c.root)
		}
	}
	long := CorrelationID(strings.Repeat("A(1)-", 200_000))
	if n := len(long.Hops()); n != 200_000 {
		t.Errorf("got %d hops of a long way, want 200000", n)
	}
}
