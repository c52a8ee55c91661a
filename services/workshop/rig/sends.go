package rig

import (
	"fmt"
	"os"
	"time"

	"workshop.example/kit/history"
	"workshop.example/kit/verdict"
)

// Send is one message as its sender's history tells it.
type Send struct {
	verdict.Message
	Outcome   verdict.Outcome // Unknown where there is an intent and no result
	Partition int32           // of one that was acknowledged
	Begun     time.Time
	Ended     time.Time // zero where there is no result
}

// Entries reads a program's history, over all its lives.
func (b *Bench) Entries(name string) ([]history.Entry, error) {
	file, err := os.Open(b.History(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	entries, err := history.Read(file)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", name, err)
	}
	return entries, nil
}

// Sends are the messages that a program sent outside of transactions, in its order.
func (b *Bench) Sends(name string) ([]Send, error) {
	entries, err := b.Entries(name)
	if err != nil {
		return nil, err
	}
	var sends []Send
	index := map[string]int{} // by operation
	for _, e := range entries {
		if e.Step != history.Send {
			continue
		}
		operation := fmt.Sprint(e.Session, "/", e.Operation)
		if e.Phase == history.Intent {
			index[operation] = len(sends)
			sends = append(sends, Send{Message: verdict.Message{Stream: e.Stream, Number: e.Number}, Begun: e.At})
			continue
		}
		i, ok := index[operation]
		if !ok {
			return nil, fmt.Errorf("history of %s: a result without an intent: %s", name, operation)
		}
		sends[i].Ended, sends[i].Partition = e.At, e.Partition
		switch e.Phase {
		case history.OK:
			sends[i].Outcome = verdict.Acknowledged
		case history.Failed:
			sends[i].Outcome = verdict.Refused
		}
	}
	return sends, nil
}
