//go:build brokers

package acceptance

// judge judges twice, and records what was measured.
func (r *faultsRun) judge(s *schedule) {
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
	if err := e.save("evidence.json", e); err != nil {
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
	r.t.Logf("longest time without an acknowledgement: %.1f s", transactions.silence.Seconds())
	if !transactions.clean() {
		r.t.Errorf("FAULTS_SEED=%d: the producers' messages: %v", r.seed, transactions.misplaced)
	}
	if broken := scores.broken(); len(broken) > 0 {
		r.t.Errorf("FAULTS_SEED=%d: a promise was not kept: %v", r.seed, broken)
	}
}
