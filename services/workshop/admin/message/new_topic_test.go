package message

import (
	"net"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
)

// A broker may not have heard yet of the topic that the controller has just created.
func TestATopicThatIsNewToABroker(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	var refused atomic.Int32
	c.ControlKey(int16(kmsg.Metadata), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := kreq.(*kmsg.MetadataRequest)
		if len(req.Topics) == 0 || refused.Add(1) > 5 { // of all topics the controller is asked
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.MetadataResponse)
		for i, addr := range c.ListenAddrs() {
			broker := kmsg.NewMetadataResponseBroker()
			_, port, _ := net.SplitHostPort(addr)
			n, _ := strconv.Atoi(port)
			broker.NodeID, broker.Host, broker.Port = int32(i), "127.0.0.1", int32(n)
			resp.Brokers = append(resp.Brokers, broker)
		}
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic, topic.ErrorCode = req.Topics[0].Topic, kerr.UnknownTopicOrPartition.Code
		resp.Topics = append(resp.Topics, topic)
		return resp, nil, true
	})
	admintest.Contains(t, produceLines(t, c.Kafka(), "x\n", "t").OK(t).Stderr, "1 message acknowledged")
	if refused.Load() < 5 {
		t.Errorf("only %d questions were refused: the test does not test", refused.Load())
	}
	refused.Store(0)
	workshop(t, c.Kafka(), "consume", "t", "--from-beginning", "--to-end").Prints(t, "x\n")
}
