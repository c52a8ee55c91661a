package logservice

import (
	"fmt"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

const groupName = "LogService"

func TestEveryTopicIsPrinted(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	s.CreateTopic("transactions:1")
	s.SendValue("transactions", "k", "not the system's")
	for i, topic := range event.EcommerceTopics {
		s.SendValue(topic, fmt.Sprint("k", i), fmt.Sprint("value ", i))
	}
	s.SendValue(event.NewOrderTopic, "bin", "\x00\xff\x1b[2J")
	r := kafkatest.StartRun(t, s.Env(), configure, run)
	for _, topic := range event.EcommerceTopics {
		s.AwaitHandled(groupName, topic)
	}
	s.CreateTopic("ECOMMERCE_LATER:2")
	s.SendValue("ECOMMERCE_LATER", "k", "created while it runs")
	s.AwaitHandled(groupName, "ECOMMERCE_LATER")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	out := r.Out.String()
	for i, topic := range event.EcommerceTopics {
		if want := fmt.Sprintf("%s\nLOG: %s\nk%d\nvalue %d\n", stream.Separator, topic, i, i); !strings.Contains(out, want) {
			t.Errorf("output has no %q", want)
		}
	}
	for _, want := range []string{"LOG: ECOMMERCE_LATER\nk\ncreated while it runs\n", `"\x00\xff\x1b[2J"`, "fim: 9 mensagens"} {
		if !strings.Contains(out, want) {
			t.Errorf("output has no %q", want)
		}
	}
	if strings.Contains(out, "transactions") {
		t.Error("another topic was printed")
	}
	if got := len(s.ReadAll(event.DeadLetterTopic)); got != 1 {
		t.Errorf("%d dead letters, want none but the test's own", got)
	}
}

// Neither the first topic nor the last has to be there; one that goes does not take the others along.
func TestTopicsComeAndGo(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t)
	r := kafkatest.StartRun(t, map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap()}, configure, run)
	kafkatest.Eventually(t, "ready without a topic", func() bool { return r.Ops.Ready() == nil })
	c.CreateTopic("ECOMMERCE_A:1")
	c.CreateTopic("ECOMMERCE_B:1")
	c.ProduceValues("ECOMMERCE_A", "a1")
	c.ProduceValues("ECOMMERCE_B", "b1")
	r.WaitFor("a1")
	r.WaitFor("b1")
	remove(t, c, "ECOMMERCE_A")
	kafkatest.Eventually(t, "the topic's member has ended", func() bool { return strings.Contains(r.Logs.String(), "the topic is gone") })
	c.ProduceValues("ECOMMERCE_B", "b2")
	r.WaitFor("b2")
	c.CreateTopic("ECOMMERCE_A:1")
	c.ProduceValues("ECOMMERCE_A", "a2")
	r.WaitFor("a2")
	kafkatest.Eventually(t, "ready", func() bool { return r.Ops.Ready() == nil })
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, c *kafkatest.Cluster, topic string) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := admin.DeleteTopic(topic); err != nil {
		t.Fatal(err)
	}
}
