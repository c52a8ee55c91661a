//go:build brokers

package acceptance

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/reliability"
)

// judge judges twice, in two languages, and records what was measured.
func (r *faultsRun) judge(s *schedule, orders shoptest.Judgement, reports int) {
	r.t.Helper()
	e := r.evidence
	for _, p := range r.producers {
		e.Producers = append(e.Producers, p.name+".history")
	}
	for _, p := range r.simulators {
		e.Simulators = append(e.Simulators, p.name+".history")
	}
	for _, c := range r.consumers {
		e.Consumers = append(e.Consumers, c.screens...)
	}
	for i, b := range r.boards {
		e.Boards[deliveries[i]] = b.screens
	}
	e.Reports = reports
	if err := e.testify(r.shop.accounts, r.shop.shop.Mailbox.Mails()); err != nil {
		r.t.Fatal(err)
	}
	transactions, err := judgeTransactions(e)
	if err != nil {
		r.t.Fatal(err)
	}
	scores, err := judgeScores(e)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Logf("transactions: %s", transactions)
	r.t.Logf("scores: %s", scores)
	r.t.Logf("orders: %s\n%d reports", orders, reports)
	r.t.Logf("longest time without an acknowledgement: %.1f s; seen, as such boards do: %v", transactions.silence.Seconds(), scores.observed())
	for _, p := range r.subjects() {
		if len(p.gaveUp) > 0 {
			r.t.Logf("%s ended by itself: %v", p.name, p.gaveUp)
		}
		// To give up is one thing, with 1; a panic ends with 2, and so does what was started wrongly.
		if slices.Contains(p.gaveUp, "exit status 2") {
			log, err := os.ReadFile(e.path(p.name + ".log"))
			at := max(0, bytes.Index(log, []byte("panic:")), bytes.Index(log, []byte("fatal error:")))
			r.t.Errorf("%s has broken down: %v\n%s", p.name, err, log[at:min(len(log), at+3000)])
		}
	}
	if !transactions.clean() {
		r.t.Errorf("the producers' messages: %v", transactions.misplaced)
	}
	if broken := scores.broken(); len(broken) > 0 {
		r.t.Errorf("promises that were not kept: %v", broken)
	}
	if !orders.Clean() || reports != orders.Accepted.Produced {
		r.t.Errorf("not every order was accepted, decided and e-mailed once, with a report: %v", orders.Wrong)
	}
	second, report := judgeIndependently(r.t, e, "")
	r.t.Logf("the judge in Python:\n%s", report)
	if !second.Clean {
		r.t.Error("the judge in Python has found something")
	}
	same := secondOpinion{Clean: second.Clean}
	same.Transactions.Acknowledged, same.Transactions.Records = transactions.acknowledged, transactions.Produced
	same.Scores.Records, same.Orders.Accepted = scores.sent.Produced, orders.Accepted.Produced
	if second != same {
		r.t.Errorf("the judges have not seen the same: %+v in Python, %+v in Go", second, same)
	}
	if r.t.Failed() {
		r.t.Logf("FAULTS_SEED=%d; the faults were\n%s", r.seed, s.timeline())
	}
	r.record(s, transactions, scores, orders)
}

// secondOpinion is what the judge in Python says that can be compared.
type secondOpinion struct {
	Clean        bool
	Transactions struct{ Acknowledged, Records int }
	Scores       struct{ Records int }
	Orders       struct{ Accepted int }
}

// judgeIndependently asks testdata/faults/judge.py. Topics, where it is not "", is a file that stands for the brokers.
func judgeIndependently(t testing.TB, e *evidence, topics string) (verdict secondOpinion, report string) {
	t.Helper()
	if err := e.save("evidence.json", e); err != nil {
		t.Fatal(err)
	}
	args := []string{"testdata/faults/judge.py", e.dir}
	if topics != "" {
		args = append(args, topics)
	}
	cmd := exec.Command(os.Getenv("WORKSHOP_PYTHON"), args...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if unreadable := json.Unmarshal(out, &verdict); unreadable != nil || verdict.Clean != (err == nil) {
		t.Fatalf("judge.py: %v\n%s", err, out)
	}
	return verdict, string(out)
}

// record tells the campaign about each guarantee.
func (r *faultsRun) record(s *schedule, transactions transactionsJudged, scores scoresJudged, orders shoptest.Judgement) {
	r.t.Helper()
	faults, _ := s.confirmed()
	record := func(guarantee string, m reliability.Measurement) {
		m.Guarantee, m.Ground, m.Test, m.Seed = guarantee, reliability.Brokers, r.t.Name(), r.seed
		m.Seconds, m.Faults = time.Since(r.began).Seconds(), faults
		if err := reliability.Record(m); err != nil {
			r.t.Error(err)
		}
	}
	record("under random faults an acknowledged message is in the topic once, in order, where it was said to be", reliability.Measurement{
		Events: transactions.acknowledged, Lost: len(transactions.Lost) + len(transactions.misplaced), Duplicated: len(transactions.Duplicated),
		OutOfOrder: len(transactions.OutOfOrder), Silence: transactions.silence.Seconds(),
	})
	record("under random faults a consumer leaves nothing out", reliability.Measurement{
		Events: transactions.Produced, Lost: len(transactions.Missing),
	})
	for _, delivery := range deliveries {
		lost, twice := scores.counts(delivery)
		record("under random faults a scoreboard keeps the promise of "+delivery, reliability.Measurement{
			Events: scores.sent.Produced, Lost: lost, Duplicated: twice,
		})
	}
	record("under random faults exactly-once has each event on its topic once", reliability.Measurement{
		Events: scores.topic.Produced, Lost: len(scores.topic.Missing), Duplicated: len(scores.topic.Repeated) + len(scores.topic.Torn) +
			scores.wrong,
		OutOfOrder: len(scores.topic.Nonmonotonic),
	})
	record("under random faults an order is accepted, decided and e-mailed once", reliability.Measurement{
		Events: orders.Accepted.Produced, Lost: len(orders.Accepted.Lost) + len(orders.Decided.Lost) + len(orders.Decided.Missing),
		Duplicated: len(orders.Accepted.Duplicated) + len(orders.Decided.Duplicated) + len(orders.Decided.Repeated),
	})
}
