package drill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// barWidth is the bar of a second in which everything is acknowledged that is sent.
const barWidth = 20

// timeline prints a line a second: how many messages were acknowledged, who leads, who is in sync.
func (s *Stage) timeline(ctx context.Context) {
	s.Say(service.Text{ // the columns are the text, so it stands beside them
		PT: "     t  confirmadas/s              líderes  em sincronia   (das partições 0, 1 e 2)",
		EN: "     t  acknowledged/s             leaders  in sync        (of partitions 0, 1 and 2)",
	})
	before := s.meter.count()
	for n := 1; wait.Sleep(ctx, time.Until(s.began.Add(time.Duration(n)*time.Second))) == nil; n++ {
		count := s.meter.count()
		state, _ := s.watch.now()
		line := s.second(n, count-before, state)
		s.Say(service.Text{PT: line, EN: line})
		before = count
	}
}

func (s *Stage) second(n, acknowledged int, state State) string {
	bar := 0
	if full := int(time.Second / max(s.Pace, 1)); acknowledged > 0 {
		bar = max(1, min(barWidth, acknowledged*barWidth/max(full, 1)))
	}
	var leaders, inSync []string
	for _, p := range state.Topics[s.transactions] {
		leaders = append(leaders, leaderName(p.Leader))
		text := ""
		for _, id := range p.InSync {
			text += fmt.Sprintf("%d", id)
		}
		inSync = append(inSync, fmt.Sprintf("%-3s", text))
	}
	if s.watch.silent() {
		leaders, inSync = slices.Repeat([]string{"?"}, partitions), slices.Repeat([]string{"?  "}, partitions)
	}
	line := fmt.Sprintf("%4d s  %s%s %5d  %-7s  %s", n, strings.Repeat("█", bar), strings.Repeat(" ", barWidth-bar), acknowledged,
		strings.Join(leaders, " "), strings.Join(inSync, " "))
	return strings.TrimRight(line, " ")
}
