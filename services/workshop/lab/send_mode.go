package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/kit/wait"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// mode is a way to send.
type mode struct {
	name  string // of its topic
	title service.Text
	acks  sarama.RequiredAcks
	sync  bool // waits for each answer
	batch int  // messages that it gathers before it sends; 0: what has come together while the last request was out
	deaf  bool // asynchronous, and nobody reads what comes back
}

// heard is what a sender was told.
type heard struct {
	ids     []int
	outcome map[int]verdict.Outcome // nothing for those of which it heard nothing
	took    time.Duration           // from the first answer to the last: the first message waits for connections to be made
	handed  int                     // the last id that was handed over when the first error came; 0: none came
}

func (h heard) writes(stream string) []verdict.Write {
	var writes []verdict.Write
	for _, id := range h.ids {
		writes = append(writes, verdict.Write{Message: verdict.Message{Stream: stream, Number: id}, Outcome: h.outcome[id]})
	}
	return writes
}

// refused are the messages for which an error came, sorted.
func (h heard) refused() []int {
	failed := maps.Clone(h.outcome)
	maps.DeleteFunc(failed, func(_ int, o verdict.Outcome) bool { return o == verdict.Acknowledged })
	return slices.Sorted(maps.Keys(failed))
}

// silence is that no error came.
func (h heard) silence() report.Fact {
	return report.Fact{Text: sendModesText("silence"), Held: len(h.refused()) == 0}
}

func (h *heard) note(id int, err error, handed int) {
	switch {
	case err == nil:
		h.outcome[id] = verdict.Acknowledged
		return
	case kafka.Refused(err):
		h.outcome[id] = verdict.Refused
	default:
		h.outcome[id] = verdict.Unknown
	}
	if h.handed == 0 {
		h.handed = handed
	}
}

// toSend is n messages with ids from first on. Padding makes the failAt-th that much larger; 0: no
// larger than the others.
func toSend(topic string, first, n, padding int) []*sarama.ProducerMessage {
	var all []*sarama.ProducerMessage
	for id := first; id < first+n; id++ {
		size := 200
		if id == failAt && padding > 0 {
			size = padding
		}
		value := fmt.Sprintf(`{"id":%d,"event":%q,"text":%q}`, id, event.Goal, strings.Repeat("x", size))
		all = append(all, &sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(value), Metadata: id})
	}
	return all
}

// betweenSends is long enough for a connection's end to come to the sender before its next message.
const betweenSends = 20 * time.Millisecond

// send sends the messages with a producer of its own.
func (m mode) send(ctx context.Context, cluster kafka.Cluster, topic string, msgs []*sarama.ProducerMessage) (heard, error) {
	conf := cluster.Config("workshop")
	kafka.Publishing{Acks: m.acks, Idempotent: m.acks == sarama.WaitForAll}.Apply(conf)
	if m.batch > 0 {
		conf.Producer.Flush.Messages, conf.Producer.Flush.MaxMessages = m.batch, m.batch
		conf.Producer.Flush.Frequency = 50 * time.Millisecond // for a last batch that does not fill
	}
	conf.Producer.Return.Successes, conf.Producer.Return.Errors = !m.deaf, !m.deaf
	h := heard{outcome: map[int]verdict.Outcome{}}
	for _, msg := range msgs {
		h.ids = append(h.ids, msg.Metadata.(int))
	}
	var err error
	if m.sync {
		err = m.sendSync(ctx, cluster, conf, msgs, &h)
	} else {
		err = m.sendAsync(ctx, cluster, conf, msgs, &h)
	}
	if err != nil {
		return h, fmt.Errorf("send to %s: %w", topic, err)
	}
	return h, nil
}

func (m mode) sendSync(ctx context.Context, cluster kafka.Cluster, conf *sarama.Config, msgs []*sarama.ProducerMessage, h *heard) error {
	sender, err := rig.NewSender(ctx, cluster, conf)
	if err != nil {
		return err
	}
	defer sender.Close()
	var began time.Time
	for _, msg := range msgs {
		id := msg.Metadata.(int)
		err := sender.Send(ctx, msg)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		h.note(id, err, id)
		if began.IsZero() {
			began = time.Now()
		}
		if len(msgs) == failMessages {
			if err := wait.Sleep(ctx, betweenSends); err != nil {
				return err
			}
		}
	}
	h.took = time.Since(began)
	return nil
}

func (m mode) sendAsync(ctx context.Context, cluster kafka.Cluster, conf *sarama.Config, msgs []*sarama.ProducerMessage, h *heard) error {
	producer, err := kafka.Interruptible(ctx, func() (sarama.AsyncProducer, error) { return sarama.NewAsyncProducer(cluster.Brokers, conf) })
	if err != nil {
		return err
	}
	var began time.Time
	handed, settled := 0, 0
	for handed < len(msgs) || !m.deaf && settled < len(msgs) {
		var input chan<- *sarama.ProducerMessage
		var next *sarama.ProducerMessage
		// The second waits for the first, so that the time is not that of connecting.
		if handed == 0 || handed < len(msgs) && (m.deaf || settled > 0) {
			input, next = producer.Input(), msgs[handed]
		}
		if settled > 0 && began.IsZero() {
			began = time.Now()
		}
		select {
		case input <- next:
			handed++
		case msg := <-producer.Successes():
			h.note(msg.Metadata.(int), nil, 0)
			settled++
		case failed := <-producer.Errors():
			h.note(failed.Msg.Metadata.(int), failed.Err, h.ids[handed-1])
			settled++
		case <-ctx.Done():
			wait.CloseWithin(wait.CloseTimeout, producer)
			return ctx.Err()
		}
	}
	h.took = time.Since(began)
	// As a program ends that cares: what it has handed over is still sent, whatever becomes of it.
	_, err = kafka.Interruptible(ctx, func() (struct{}, error) { return struct{}{}, producer.Close() })
	return err
}

// newTopic makes a topic, and waits until its leader knows that it leads. For a moment the others may know
// and not the leader; what comes to it then with acks=0 it drops, and closes the connection.
func newTopic(ctx context.Context, b *rig.Bench, t kafka.Topic) error {
	if err := b.Topics(ctx, t); err != nil {
		return err
	}
	return b.AwaitCopies(ctx, t.Name, 0)
}

// sentLog are the messages that are in a topic of this lab.
func sentLog(ctx context.Context, b *rig.Bench, topic, stream string) ([]verdict.Record, error) {
	log := []verdict.Record{}
	_, err := kafka.ReadToEnd(ctx, b.Client, topic, 0, sarama.OffsetOldest, sarama.ReadUncommitted, func(msg *sarama.ConsumerMessage) error {
		var value struct {
			ID int `json:"id"`
		}
		err := json.Unmarshal(msg.Value, &value)
		log = append(log, verdict.Record{Message: verdict.Message{Stream: stream, Number: value.ID}, Offset: msg.Offset})
		return err
	})
	return log, err
}

// settleTime is how long nothing may have come to a topic for it to be taken for complete: with acks=0 nobody says when the last
// message is there. A message cannot be read before the followers have it, which takes longer than that on a busy machine: so
// those that are predicted to come have settleMost.
const (
	settleTime = 500 * time.Millisecond
	settleMost = 10 * time.Second
)

// settledLog is sentLog once nothing more comes. At least so many messages are predicted to come.
func settledLog(ctx context.Context, b *rig.Bench, topic, stream string, atLeast int) ([]verdict.Record, error) {
	deadline := time.Now().Add(settleMost)
	for before := -1; ; {
		log, err := sentLog(ctx, b, topic, stream)
		if err != nil || len(log) == before && (len(log) >= atLeast || time.Now().After(deadline)) {
			return log, err
		}
		before = len(log)
		if err := wait.Sleep(ctx, settleTime); err != nil {
			return nil, err
		}
	}
}

// countSends adds the outcomes of the messages.
func countSends(p *report.Part, run verdict.Run) {
	p.Counted = verdict.Check(run)
	p.Sent = len(run.Writes)
	for _, w := range run.Writes {
		if w.Outcome == verdict.Acknowledged {
			p.Acknowledged++
		}
	}
}

// missing are the ids that were sent and are not in the topic, sorted.
func missing(run verdict.Run) []int {
	there := map[verdict.Message]bool{}
	for _, r := range run.Log {
		there[r.Message] = true
	}
	var ids []int
	for _, w := range run.Writes {
		if !there[w.Message] {
			ids = append(ids, w.Number)
		}
	}
	slices.Sort(ids)
	return ids
}
