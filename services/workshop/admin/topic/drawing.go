package topic

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"workshop.example/workshop/admin/session"
)

func topicTables(w io.Writer, topics []describedTopic, width int) {
	for i, topic := range topics {
		if i > 0 {
			fmt.Fprintln(w)
		}
		topic.table(w, width)
	}
}

func (d describedTopic) table(w io.Writer, width int) {
	config := ""
	for _, name := range sortedKeys(d.Config) {
		config += ", " + name + "=" + d.Config[name]
	}
	fmt.Fprintf(w, "%s: %s, replication factor %d%s\n", d.Topic, session.Count(len(d.Partitions), "partition"), d.ReplicationFactor, config)
	fmt.Fprintln(w, "PARTITION\tLEADER\tREPLICAS\tIN-SYNC\tEARLIEST\tLATEST")
	for _, p := range d.Partitions {
		leader, remark := "none", "\toffline: no replica that is in sync is up"
		if p.Leader != nil {
			leader, remark = strconv.Itoa(int(*p.Leader)), ""
			if len(p.InSync) < len(p.Replicas) {
				remark = "\tunder-replicated"
			}
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s%s\n",
			p.Partition, leader, ids(p.Replicas), ids(p.InSync), session.Number(p.Earliest), session.Number(p.Latest), remark)
	}
	d.draw(w, width)
}

// drawWidth is how many partitions the drawing has side by side, at most.
const drawWidth = 24

// draw draws which broker holds what: a row a broker, a column a partition. It has as many columns as
// the terminal has room for.
func (d describedTopic) draw(w io.Writer, width int) {
	side := drawWidth
	if width > 0 { // P12 and two blanks, behind "broker 12"
		side = min(side, max(1, (width-len("broker 12  "))/len("P123  ")))
	}
	for columns := range slices.Chunk(d.Partitions, side) {
		fmt.Fprintln(w)
		for _, p := range columns {
			fmt.Fprintf(w, "\tP%d", p.Partition)
		}
		fmt.Fprintln(w)
		for _, broker := range d.Brokers {
			fmt.Fprintf(w, "broker %d", broker)
			for _, p := range columns {
				fmt.Fprintf(w, "\t%s", p.mark(broker))
			}
			fmt.Fprintln(w)
		}
	}
	fmt.Fprintln(w, "L leads   f follows, in sync   ! follows, not in sync   ? down   . holds nothing")
}

// mark is what a broker is to the partition.
func (p describedPartition) mark(broker int32) string {
	switch {
	case !slices.Contains(p.Replicas, broker):
		return "."
	case p.Leader != nil && *p.Leader == broker:
		return "L"
	case slices.Contains(p.Offline, broker):
		return "?"
	case slices.Contains(p.InSync, broker):
		return "f"
	default:
		return "!"
	}
}
