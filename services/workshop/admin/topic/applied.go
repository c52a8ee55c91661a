package topic

import (
	"fmt"
	"slices"
	"strings"

	"workshop.example/kit/kafka"
	"workshop.example/workshop/admin/session"
	"workshop.example/workshop/screen"
)

// report prints a line a topic, and warns of what is not as it should be.
func (a *applier) report(applied []kafka.Applied, created map[string]bool, brokers int) error {
	var table strings.Builder
	var warnings []string
	fewer := int16(0)
	for _, t := range applied {
		want := min(t.Topic.Replicas, int16(brokers))
		state := "exists"
		switch {
		case created[t.Topic.Name]:
			state = "created"
			if want < t.Topic.Replicas {
				fewer = want
			}
		case t.Mismatch == "" && t.Replicas < want:
			t.Mismatch = fmt.Sprintf("has %s instead of %d", session.Count(int32(t.Replicas), "replica"), want)
		}
		if t.Mismatch != "" {
			state = "exists but differs"
			warnings = append(warnings, Differs(t))
			fmt.Fprintf(&table, "%s\t%s\t%s\n", t.Topic.Name, state, t.Mismatch)
			continue
		}
		fmt.Fprintf(&table, "%s\t%s\t%s, %s\n", t.Topic.Name, state,
			session.Count(t.Topic.Partitions, "partition"), session.Count(int32(t.Replicas), "replica"))
	}
	if fewer > 0 {
		warnings = append(warnings, fmt.Sprintf("with %s the topics got %s instead of 3: the loss of a broker can lose messages. "+
			"To have 3, start three brokers before the topics are created (--min-brokers 3 waits for them)",
			session.Count(int32(brokers), "broker"), session.Count(int32(fewer), "replica")))
	}
	if a.embedded && slices.ContainsFunc(applied, func(t kafka.Applied) bool { return t.Replicas > 1 }) {
		a.NoteCopies()
	}
	for _, w := range warnings {
		a.Note("warning: %s", w)
	}
	_, err := screen.Table(a.Stdout, table.String(), a.Width())
	return err
}

// Differs returns the warning about a topic that exists, but not as it should be.
func Differs(a kafka.Applied) string {
	return fmt.Sprintf("topic %s %s; it was left as it is: moving messages to other partitions would break their order. "+
		"To have it as the workshop describes it, delete it with its messages and apply again", a.Topic.Name, a.Mismatch)
}
