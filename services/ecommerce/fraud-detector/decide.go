package frauddetector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"

	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/trace"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/metric"
	"workshop.example/kit/service"
)

// suspicious is the amount from which an order is a fraud.
var suspicious = decimal.NewFromInt(4500)

// detector decides once about an order, and says so once. Two systems have to agree, and there is no
// transaction over both:
//
//  1. SQLite: the decision and the place of its record (topic id, partition, offset), under the order's uuid. It
//     decides which record the order is decided for, for ever.
//  2. Kafka: the decision's message and the offset after its record, in one transaction.
//
// A crash between the two leaves the first without the second. The record comes again, finds that the
// decision is its own, and sends it: the aborted try was seen by nobody. Any other record with the same
// uuid, a repeated request or a producer's second try, finds that the decision is not its own, sends
// nothing, and is passed. A check of the uuid alone could not tell the two apart: it would either lose
// the decision of a crash or repeat that of a repeated order.
//
// An order without a uuid repeats no other: its record is all that identifies it. Step 2 alone makes its
// decision one, because it commits the decision together with the record's offset.
type detector struct {
	settings  stream.Settings
	client    sarama.Client
	decisions *decisions
	letters   *kafka.DeadLetters
	process   *service.Process

	transactor *kafka.Transactor
	records    *collector // of all partitions: a producer has one transaction at a time

	approved, rejected, repeated atomic.Uint64
	total                        *prometheus.CounterVec
}

func newDetector(s stream.Settings, c sarama.Client, known *decisions, t *kafka.Transactor, l *kafka.DeadLetters,
	p *service.Process) *detector {
	d := &detector{settings: s, client: c, decisions: known, transactor: t, letters: l, process: p}
	d.total = metric.Counters(p.Ops.Registry, "workshop_decisions_total", "Orders by decision, and orders that were already decided.",
		"decision", approved, rejected, repeated)
	d.records = newCollector(d.take)
	return d
}

// claim hands over the records of a partition, and waits for none of them. Once one has failed the session starts again at the
// committed offset: reading on would leave records out.
func (d *detector) claim(ctx context.Context, claim *group.Claim) error {
	// Asked for every session, because a topic that is recreated while we run has another id.
	topicID, err := kafka.TopicID(ctx, d.client, d.settings.Topic(event.NewOrderTopic))
	if err != nil {
		return err
	}
	p := &part{claim: claim, session: claim.Context(), topicID: topicID, failed: make(chan struct{})}
	defer d.records.leave(p)
	for msg := range claim.MessagesOr(pace) { // in between too: where no more come, a failure has to be seen
		if msg != nil {
			d.records.hand(p, msg)
		}
		select {
		case <-p.failed:
			stream.SayStopped(ctx, d.process, p.first, p.err)
			return p.err
		default:
		}
	}
	return nil
}

// outcome is what one record leads to.
type outcome struct {
	record  *sarama.ConsumerMessage
	order   event.Order
	way     event.CorrelationID
	bad     *event.Malformed // not nil: it is no order
	place   int              // index of its place, or noPlace
	send    *sarama.ProducerMessage
	verdict string

	span, decide, publish *trace.Span // of the record, and within it of the decision and of its message
}

// noPlace is for records that no other record can repeat: an order without a uuid, and what is no order.
const noPlace = -1

// take decides about records, sends the decisions and commits the offsets after the last of each partition.
func (d *detector) take(ctx context.Context, records []handed) error {
	outcomes, places := read(records, d.settings.Trace)
	mine, err := d.decisions.claim(ctx, places)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		o.decide.End(nil)
	}
	var send []*sarama.ProducerMessage
	for i := range outcomes {
		o := &outcomes[i]
		if o.place != noPlace && !mine[o.place] {
			continue
		}
		if o.send, err = d.message(o); err != nil {
			return err
		}
		o.span.Inject(o.send)
		o.publish = d.settings.Trace.Publishing(o.send)
		send = append(send, o.send)
	}
	if err := d.write(ctx, send, records); err != nil {
		return errors.Join(err, d.transactor.Abort(ctx))
	}
	for _, o := range outcomes {
		o.publish.End(nil)
		o.span.End(nil)
		d.tell(o)
	}
	d.process.Out.Flush()
	return nil
}

// read decides about every record by itself; a rule needs nothing but the order.
func read(records []handed, tracer *trace.Tracer) (outcomes []outcome, places []place) {
	for _, h := range records {
		msg := h.record
		o := outcome{record: msg, place: noPlace, span: tracer.Consuming(msg)}
		o.decide = o.span.Child("decide")
		envelope, err := event.DecodeEnvelope(msg.Value)
		if err == nil {
			o.way = envelope.CorrelationID
			o.order, err = envelope.Order()
		}
		if errors.As(err, &o.bad) {
			outcomes = append(outcomes, o)
			continue
		}
		o.verdict = approved
		if o.order.Amount.GreaterThanOrEqual(suspicious) {
			o.verdict = rejected
		}
		if o.order.ID != "" {
			o.place = len(places)
			places = append(places, place{msg.Topic, msg.Partition, msg.Offset, kafka.RecordTopic(h.from.topicID, msg), o.order.ID, o.verdict})
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, places
}

// message is the decision, or the dead letter of what is no order: in the same transaction, so that it
// is there once too.
func (d *detector) message(o *outcome) (*sarama.ProducerMessage, error) {
	if o.bad != nil {
		return d.letters.Letter(o.record, o.bad)
	}
	topic := event.OrderApprovedTopic
	if o.verdict == rejected {
		topic = event.OrderRejectedTopic
	}
	return d.settings.Message(topic, o.order.Email, o.way.ContinueWith(title), o.order)
}

func (d *detector) write(ctx context.Context, send []*sarama.ProducerMessage, records []handed) error {
	if err := d.transactor.Begin(ctx); err != nil {
		return err
	}
	if len(send) > 0 {
		if err := d.transactor.SendAll(ctx, send, nil); err != nil {
			return err
		}
	}
	last := map[*part]*sarama.ConsumerMessage{}
	for _, h := range records {
		last[h.from] = h.record
	}
	for p, msg := range last {
		if err := d.transactor.AddOffset(p.claim.GroupMetadata(), msg); err != nil {
			return err
		}
	}
	return d.transactor.Commit(ctx)
}

// tell prints the outcome of a record, in the words of the Java program, up to a flush.
func (d *detector) tell(o outcome) {
	if o.bad != nil {
		d.letters.Told(o.record, o.bad)
		return
	}
	var last string
	name := stream.Show([]byte(stream.OrderName(o.order, o.record)))
	switch {
	case o.send == nil:
		d.repeated.Add(1)
		d.total.WithLabelValues(repeated).Inc()
		last = fmt.Sprintf("Order %s was already processed", name)
	case o.verdict == rejected:
		d.rejected.Add(1)
		d.total.WithLabelValues(rejected).Inc()
		last = fmt.Sprintf("Order is a fraud!!!!! %s", name)
	default:
		d.approved.Add(1)
		d.total.WithLabelValues(approved).Inc()
		last = fmt.Sprintf("Approved: %s", name)
	}
	fmt.Fprintln(d.process.Out, strings.Join([]string{
		stream.Separator,
		"Processing new order, checking for fraud",
		stream.Show(o.record.Key),
		stream.Show(o.record.Value),
		fmt.Sprint(o.record.Partition),
		fmt.Sprint(o.record.Offset),
		last,
	}, "\n"))
}
