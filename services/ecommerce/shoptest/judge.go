package shoptest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"
	"github.com/shopspring/decimal"

	"workshop.example/kit/event"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
)

// Judgement is the outcome of the orders. An order's message is named orders/N, N from 1.
type Judgement struct {
	// Accepted looks from the clients to ECOMMERCE_NEW_ORDER. Records that came from one acceptance have
	// the same first hop and are one: publishing twice is what at-least-once does. Lost: accepted, and
	// not there. Duplicated: accepted more than once.
	Accepted verdict.Verdict
	// Decided looks from the clients to the decisions, and from these to the e-mails. Lost: accepted, and
	// never decided. Duplicated: decided twice. Missing: no e-mail. Repeated: e-mails with different
	// Message-IDs, which a mail box shows as two.
	Decided verdict.Verdict

	Wrong             []string        // decisions that are not the rule's, orders whose content changed on the way
	Republished       int             // records of NEW_ORDER that repeat an acceptance
	Ledger            decimal.Decimal // what the clients were told is accepted
	Approved, Refused decimal.Decimal // by the decisions
}

// Totals reports whether the decisions add up to the ledger.
func (j Judgement) Totals() bool { return j.Approved.Add(j.Refused).Equal(j.Ledger) }

// Clean reports whether nothing is wrong.
func (j Judgement) Clean() bool {
	return j.Accepted.Clean() && j.Decided.Clean() && len(j.Wrong) == 0 && j.Totals()
}

// String is a few lines with all counts.
func (j Judgement) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "accepted: %d orders, lost %d, accepted twice %d; published again %d\n",
		j.Accepted.Produced, len(j.Accepted.Lost), len(j.Accepted.Duplicated), j.Republished)
	fmt.Fprintf(&b, "decided: %d orders, never %d, twice %d, wrongly %d; without an e-mail %d, with two %d\n",
		j.Decided.Produced, len(j.Decided.Lost), len(j.Decided.Duplicated), len(j.Wrong), len(j.Decided.Missing), len(j.Decided.Repeated))
	fmt.Fprintf(&b, "totals: ledger %s, approved %s + rejected %s",
		lines.Money(service.English, j.Ledger), lines.Money(service.English, j.Approved), lines.Money(service.English, j.Refused))
	return b.String()
}

const orders = "orders"

// suspicious is the contract's rule, written down once more: a judge does not ask the accused.
var suspicious = decimal.NewFromInt(4500)

// Judge judges. Records that hold no order are Wrong.
func Judge(e Evidence) Judgement {
	j := Judgement{}
	number := map[string]int{} // of an order, by uuid
	byMail := map[string]int{}
	var writes []verdict.Write
	for i, a := range e.Accounts {
		message := verdict.Message{Stream: orders, Number: i + 1}
		number[a.Order.ID], byMail[a.Order.Email] = i+1, i+1
		outcome := verdict.Unknown // nobody was told anything
		if a.Accepted() {
			outcome = verdict.Acknowledged
			j.Ledger = j.Ledger.Add(a.Order.Amount.Decimal)
		}
		writes = append(writes, verdict.Write{Message: message, Outcome: outcome})
		// One client at most is told that he was the first. Several are as good as several records.
		for range max(0, a.New-1) {
			j.Wrong = append(j.Wrong, fmt.Sprintf("%s: %d clients were told that it is new", message, a.New))
		}
	}
	message := func(o event.Order) verdict.Message {
		return verdict.Message{Stream: orders, Number: number[o.ID]} // 0 is nobody's: spurious
	}
	j.Accepted = verdict.Check(verdict.Run{Writes: writes, Log: j.acceptances(e, message)})
	decided := j.decisions(e, message)
	run := verdict.Run{Writes: writes, Log: decided}
	if e.Mails != nil {
		run.Reads = mails(e.Mails, byMail)
	}
	j.Decided = verdict.Check(run)
	// Decisions come in the order of their partitions, and e-mails as five workers send them.
	j.Accepted.OutOfOrder, j.Decided.OutOfOrder, j.Decided.Nonmonotonic = nil, nil, nil
	return j
}

// acceptances are the records of NEW_ORDER, one for each first hop of an order.
func (j *Judgement) acceptances(e Evidence, message func(event.Order) verdict.Message) []verdict.Record {
	var log []verdict.Record
	seen := map[string]bool{}
	for _, msg := range e.NewOrders {
		o, way, err := orderOf(msg)
		if err != nil {
			j.Wrong = append(j.Wrong, fmt.Sprintf("%s/%d/%d: %v", msg.Topic, msg.Partition, msg.Offset, err))
			continue
		}
		if seen[o.ID+" "+way.Root()] {
			j.Republished++
			continue
		}
		seen[o.ID+" "+way.Root()] = true
		log = append(log, verdict.Record{Message: message(o), Partition: msg.Partition, Offset: msg.Offset})
	}
	return log
}

// decisions are the records of both topics. Two topics share no offsets: their partitions are numbered
// apart.
func (j *Judgement) decisions(e Evidence, message func(event.Order) verdict.Message) []verdict.Record {
	var log []verdict.Record
	for i, msg := range slices.Concat(e.Approved, e.Rejected) {
		o, _, err := orderOf(msg)
		if err != nil {
			j.Wrong = append(j.Wrong, fmt.Sprintf("%s/%d/%d: %v", msg.Topic, msg.Partition, msg.Offset, err))
			continue
		}
		m := message(o)
		refused := i >= len(e.Approved)
		if o.Amount.GreaterThanOrEqual(suspicious) != refused || m.Number > 0 && !same(o, e.Accounts[m.Number-1].Order) {
			j.Wrong = append(j.Wrong, fmt.Sprintf("%s: %s, amount %s", m, msg.Topic, o.Amount))
		}
		partition := 2 * msg.Partition
		if refused {
			partition++
			j.Refused = j.Refused.Add(o.Amount.Decimal)
		} else {
			j.Approved = j.Approved.Add(o.Amount.Decimal)
		}
		log = append(log, verdict.Record{Message: m, Partition: partition, Offset: msg.Offset})
	}
	return log
}

func same(a, b event.Order) bool {
	return a.ID == b.ID && a.Email == b.Email && a.Amount.Equal(b.Amount.Decimal)
}

func orderOf(msg *sarama.ConsumerMessage) (event.Order, event.CorrelationID, error) {
	envelope, err := event.DecodeEnvelope(msg.Value)
	if err != nil {
		return event.Order{}, "", err
	}
	o, err := envelope.Order()
	return o, envelope.CorrelationID, err
}

// mails are the different e-mails that mail boxes show: one with a Message-ID that is there already is
// the same e-mail.
func mails(all []Mail, byMail map[string]int) []verdict.Read {
	reads := []verdict.Read{}
	seen := map[Mail]bool{}
	for _, m := range all {
		if seen[m] {
			continue
		}
		seen[m] = true
		reads = append(reads, verdict.Read{Message: verdict.Message{Stream: orders, Number: byMail[m.To]}, Session: "mail boxes"})
	}
	return reads
}
