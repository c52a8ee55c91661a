package frauddetector

import (
	"fmt"
	"strings"
	"testing"

	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
)

// An order by the Java gateway's address without a uuid has no id: each record is one order, and is decided
// once, also when the detector starts again.
func TestOrdersWithoutID(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	dir := t.TempDir()
	r := startDetector(t, s.Cluster, dir)
	java := streamtest.JavaOrderWithoutID(t)
	for range 2 {
		s.SendValue(event.NewOrderTopic, "ana@exemplo.com.br", java)
	}
	s.SendValue(event.NewOrderTopic, "ana@exemplo.com.br", strings.Replace(java, "3421.40", "4500.00", 1))
	s.AwaitHandled(title, event.NewOrderTopic)
	first := s.ReadAll(event.NewOrderTopic)[0]
	r.WaitFor(fmt.Sprintf("Approved: ECOMMERCE_NEW_ORDER/%d/%d", first.Partition, first.Offset))
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	startDetector(t, s.Cluster, dir)
	s.SendValue(event.NewOrderTopic, "ana@exemplo.com.br", java)
	s.AwaitHandled(title, event.NewOrderTopic)
	if got := decided(t, s.Cluster); len(got) != 1 || got[""] != [2]int{3, 1} {
		t.Errorf("decided (approved, rejected) %v, want three and one without an id", got)
	}
	if letters := s.Letters(); len(letters) > 0 {
		t.Errorf("dead letters %v", letters)
	}
	for _, msg := range s.ReadAll(event.OrderApprovedTopic) {
		if strings.Contains(string(msg.Value), "orderId") {
			t.Errorf("a decision that adds an id: %s", msg.Value)
		}
	}
}
