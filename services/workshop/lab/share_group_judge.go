package lab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// delivery is a line of a worker.
type delivery struct {
	ID       int    `json:"id_sequencia"`
	Delivery int    `json:"delivery"`
	Outcome  string `json:"outcome"`
	worker   *rig.Process
	at       time.Time
}

// deliveries are what all workers have said of records, in the order of time.
func (q *queue) deliveries() (all []delivery) {
	for _, w := range q.workers {
		for _, line := range w.Lines() {
			d := delivery{worker: w, at: line.At}
			if json.Unmarshal([]byte(line.Text), &d) == nil && d.Outcome != "" {
				all = append(all, d)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b delivery) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	return all
}

// holding is what a worker acquired last, and how much of it it has done.
func holding(lines []rig.Line) (ids []int, done int) {
	for _, line := range lines {
		var said struct {
			Acquired []int  `json:"acquired"`
			Outcome  string `json:"outcome"`
		}
		if json.Unmarshal([]byte(line.Text), &said) != nil {
			continue
		}
		if said.Acquired != nil {
			ids, done = said.Acquired, 0
		}
		if said.Outcome != "" {
			done++
		}
	}
	return ids, done
}

func (q *queue) judge() report.Part {
	seen := q.deliveries()
	run := verdict.Run{Log: q.log.log}
	part := report.Part{Title: shareGroupText("title-share"), Shown: shareGroupText("accepted")}
	part.Want.Lost = []int{taskRejected, taskRefused}
	for _, d := range seen {
		if d.Outcome != "accept" {
			continue
		}
		run.Reads = append(run.Reads, verdict.Read{Message: verdict.Message{Number: d.ID}, Session: "workers"})
		if d.worker == q.victim && slices.Contains(q.held, d.ID) {
			part.Want.Repeated = append(part.Want.Repeated, d.ID)
		}
	}
	part.Counted = verdict.Check(run)
	part.Want.OutOfOrder = report.Numbers(part.Counted.Nonmonotonic) // which ones is a matter of time
	part.Facts = q.facts(seen)
	part.Notes = []service.Text{shareGroupText("again-after", q.again(seen).Seconds())}
	return part
}

func (q *queue) facts(seen []delivery) []report.Fact {
	of := func(id int) (outcomes []string) {
		for _, d := range seen {
			if d.ID == id {
				outcomes = append(outcomes, fmt.Sprint(d.Delivery, d.Outcome))
			}
		}
		return outcomes
	}
	var refused []string
	for n := range deliveries {
		refused = append(refused, fmt.Sprint(n+1, "release"))
	}
	working := map[string]bool{}
	for _, d := range seen {
		working[d.worker.Name] = true
	}
	again := func(id int) bool {
		return slices.ContainsFunc(seen, func(d delivery) bool { return d.ID == id && d.worker != q.victim && d.Delivery == 2 })
	}
	missed := slices.ContainsFunc(q.held, func(id int) bool { return !again(id) })
	return []report.Fact{
		{Text: shareGroupText("all-at-work", shareWorkers), Held: len(working) == shareWorkers},
		{Text: shareGroupText("released", taskReleased), Held: slices.Equal(of(taskReleased), []string{"1release", "2accept"})},
		{Text: shareGroupText("rejected", taskRejected), Held: slices.Equal(of(taskRejected), []string{"1reject"})},
		{Text: shareGroupText("given-up", taskRefused, deliveries), Held: slices.Equal(of(taskRefused), refused)},
		{Text: shareGroupText("held", len(q.held)), Held: !missed},
		{Text: shareGroupText("no-order"), Held: len(overtaken(seen)) > 0},
	}
}

// overtaken are the records that were accepted after a later one.
func overtaken(seen []delivery) (ids []int) {
	highest := 0
	for _, d := range seen {
		if d.Outcome != "accept" {
			continue
		}
		if d.ID < highest {
			ids = append(ids, d.ID)
		}
		highest = max(highest, d.ID)
	}
	return ids
}

// again is the time from the victim's death until others had done what it held.
func (q *queue) again(seen []delivery) (took time.Duration) {
	for _, d := range seen {
		if slices.Contains(q.held, d.ID) && d.worker != q.victim && d.Delivery > 1 && d.Outcome == "accept" {
			took = max(took, d.at.Sub(q.died))
		}
	}
	return took
}
