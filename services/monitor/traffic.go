package monitor

import (
	"context"
	"time"

	"workshop.example/monitor/board"
	"workshop.example/monitor/window"
)

// traffic is what the board shows of transactions. While they come its time is the clock's, so that the charts go on moving to 0 when they
// stop; it stands still once that is a minute ago, or where the records' times are of another day.
func (w *watcher) traffic(ctx context.Context) board.Traffic {
	all, missing, _ := w.all(ctx, 0)
	latest, now := latestTime(all.Partitions), time.Now().Unix()
	if now > latest && now-latest < window.Minute {
		latest = now
	}
	if latest > earliestTime(all.Partitions) { // they are added up as of one time
		all, missing, _ = w.all(ctx, latest)
	}
	t := board.Traffic{
		Time: latestTime(all.Partitions), Recent: window.MergeRecent(all.Partitions), Minute: window.Merge(all.Partitions)[0].Kinds,
		Missing: []int32{},
	}
	t.Missing = append(t.Missing, missing...)
	return t
}
