//go:build brokers

package acceptance

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
)

// Below the default of 1 MB for max.message.bytes every small message is acknowledged, is in the log
// once, and in order: those of the producer, and lines of «workshop produce».
func TestBatchesFitALowLimit(t *testing.T) {
	t.Parallel()
	create := func(partitions string) string {
		name := unique("small")
		tool(t, "", "topics", "create", name, "--partitions", partitions, "--config", "max.message.bytes=16384")
		return name
	}
	name := create("3")
	producer := service(t, "producer", "TOPIC="+name, "PACE=0", "COUNT=20000", "SEED=7")
	if code := producer.exit(kafkatest.Deadline); code != 0 {
		t.Errorf("the producer: exit code %d", code)
	}
	acked := acknowledged(producer)
	if len(acked) != 20000 {
		t.Errorf("%d messages acknowledged, want 20000\n%s", len(acked), strings.Join(producer.Logs(), "\n"))
	}
	checkLog(t, name, acked)

	var lines strings.Builder
	for n := range 20000 {
		fmt.Fprintf(&lines, "%06d %060d\n", n, n)
	}
	name = create("1")
	if _, said, code := tryTool(t, lines.String(), "produce", name); code != 0 || !strings.Contains(said, "20000 messages acknowledged") {
		t.Errorf("produce: exit code %d\n%s", code, said)
	}
	if got := tool(t, "", "consume", name, "--from-beginning", "--to-end"); got != lines.String() {
		t.Error("what was read is not what was sent, in its order")
	}

	// The control: sarama with its own default.
	producing, err := sarama.NewSyncProducer(stack.Brokers, stack.Config("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer producing.Close()
	var msgs []*sarama.ProducerMessage
	for range 20000 {
		msgs = append(msgs, &sarama.ProducerMessage{Topic: name, Value: sarama.ByteEncoder(make([]byte, 67))})
	}
	failed, _ := errors.AsType[sarama.ProducerErrors](producing.SendMessages(msgs))
	if len(failed) == 0 || !errors.Is(failed[0].Err, sarama.ErrMessageSizeTooLarge) {
		t.Errorf("%d refused without the limit, want most of them", len(failed))
	} else {
		t.Logf("without the limit %d of %d were refused", len(failed), len(msgs))
	}
}
