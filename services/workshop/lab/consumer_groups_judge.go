package lab

import (
	"context"
	"fmt"
	"time"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// judgeGroups counts what each group has shown of the log.
func judgeGroups(ctx context.Context, a, other *memberGroup, killed *rig.Process, again []int) ([]report.Part, error) {
	log, err := a.log(ctx)
	if err != nil {
		return nil, err
	}
	var parts []report.Part
	for _, c := range []*memberGroup{a, other} {
		if err := c.catchUp(ctx, log); err != nil {
			return nil, err
		}
		for _, m := range c.members {
			m.Stop()
		}
		parts = append(parts, partOfGroup(log, c.lines()))
	}
	parts[0].Title, parts[1].Title = consumerGroupsText("title-a"), consumerGroupsText("title-b")
	parts[0].Want.Repeated = again
	for _, s := range a.stages {
		parts[0].Facts = append(parts[0].Facts, s.fact(log, a.lines()))
	}
	note, err := takeover(log, a.lines(), killed, last(a.stages).orphaned)
	parts[0].Notes = []service.Text{note}
	return parts, err
}

// memberLines are the lines of one member.
type memberLines struct {
	name  string
	lines []rig.Line
}

func (c *memberGroup) lines() []memberLines {
	var all []memberLines
	for _, m := range c.members {
		all = append(all, memberLines{m.Name, m.Lines()})
	}
	return all
}

func partOfGroup(log []verdict.Record, members []memberLines) report.Part {
	run := verdict.Run{Log: log, Reads: []verdict.Read{}}
	for _, m := range members {
		for _, l := range m.lines {
			if n, ok := transaction(l.Text); ok {
				run.Reads = append(run.Reads, verdict.Read{Message: verdict.Message{Number: n}, Session: m.name})
			}
		}
	}
	return report.Part{Counted: verdict.Check(run)}
}

// fact is how the partitions were dealt out, and whether it was so: as evenly as can be, each to one
// member, and nobody has shown anything of another's.
func (s stage) fact(log []verdict.Record, members []memberLines) report.Fact {
	held := true
	owners := map[int32]string{}
	for _, name := range s.living {
		share := s.shares[name]
		few, many := threePartitions/len(s.living), (threePartitions+len(s.living)-1)/len(s.living)
		held = held && len(share) >= few && len(share) <= many
		for _, p := range share {
			held = held && owners[p] == ""
			owners[p] = name
		}
	}
	partitions := map[int]int32{}
	for _, r := range log {
		partitions[r.Number] = r.Partition
	}
	for _, m := range members {
		for _, l := range m.lines {
			if n, ok := transaction(l.Text); ok && l.At.After(s.began) && l.At.Before(s.over) {
				held = held && owners[partitions[n]] == m.name
			}
		}
	}
	text := s.text()
	if s.orphaned >= 0 {
		text.PT = fmt.Sprintf("a partição %d, do morto, passou a outro: %s", s.orphaned, text.PT)
		text.EN = fmt.Sprintf("partition %d, of the dead member, went to another: %s", s.orphaned, text.EN)
		held = held && owners[s.orphaned] != ""
	}
	return report.Fact{Text: text, Held: held}
}

// takeover measures how long the dead member's partition had nobody.
func takeover(log []verdict.Record, members []memberLines, killed *rig.Process, partition int32) (service.Text, error) {
	orphaned := map[int]bool{}
	for _, r := range log {
		orphaned[r.Number] = r.Partition == partition
	}
	var first time.Time
	for _, m := range members {
		for _, l := range m.lines {
			if n, ok := transaction(l.Text); ok && m.name != killed.Name && orphaned[n] && l.At.After(killed.EndedAt) && (first.IsZero() ||
				l.At.Before(first)) {
				first = l.At
			}
		}
	}
	if first.IsZero() {
		return service.Text{}, &rig.NotRun{Cause: fmt.Sprintf("nothing came on partition %d after its owner was killed: its takeover "+
			"was not seen", partition)}
	}
	took := seconds(first.Sub(killed.EndedAt))
	return consumerGroupsText("takeover", partition, took), nil
}
