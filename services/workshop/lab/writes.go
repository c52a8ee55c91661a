package lab

import (
	"fmt"
	"os"

	"workshop.example/kit/history"
	"workshop.example/kit/verdict"
)

// Writes are what a simulator has sent in transactions, and what it was told of each, as its history
// has it. A message is acknowledged with the commit of its transaction and not before; without an
// attempt to commit it cannot come to be in the topic.
func (b *Bench) Writes(name string) ([]verdict.Write, error) {
	file, err := os.Open(b.History(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	entries, err := history.Read(file)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", name, err)
	}
	outcomes := map[string]verdict.Outcome{} // of transactions
	for _, e := range entries {
		if e.Step != history.Commit {
			continue
		}
		switch e.Phase {
		case history.OK:
			outcomes[transactionOf(e)] = verdict.Acknowledged
		case history.Failed:
			outcomes[transactionOf(e)] = verdict.Refused
		default: // an intent without a result, too
			outcomes[transactionOf(e)] = verdict.Unknown
		}
	}
	var writes []verdict.Write
	for _, e := range entries {
		if e.Step != history.Send || e.Phase != history.Intent {
			continue
		}
		outcome, tried := outcomes[transactionOf(e)]
		if !tried {
			outcome = verdict.Refused
		}
		writes = append(writes, verdict.Write{
			Message: verdict.Message{Stream: e.Stream, Number: e.Number}, Outcome: outcome, Transaction: transactionOf(e),
		})
	}
	return writes, nil
}

// transactionOf names the transaction of an entry: they are counted anew in every life of a program.
func transactionOf(e history.Entry) string { return fmt.Sprintf("%s/%d", e.Session, e.Transaction) }

func acknowledged(writes []verdict.Write) int {
	n := 0
	for _, w := range writes {
		if w.Outcome == verdict.Acknowledged {
			n++
		}
	}
	return n
}
