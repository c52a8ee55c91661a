package lab

import (
	"maps"
	"slices"
	"testing"

	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
)

// span is the numbers from first to last.
func span(first, last int) []int {
	var ids []int
	for id := first; id <= last; id++ {
		ids = append(ids, id)
	}
	return ids
}

// sentAll counts a topic in which these of n messages are left.
func sentAll(n int, left []int) (report.Part, []int) {
	run := verdict.Run{Log: []verdict.Record{}}
	for id := 1; id <= n; id++ {
		run.Writes = append(run.Writes, verdict.Write{Message: verdict.Message{Number: id}, Outcome: verdict.Acknowledged})
	}
	for _, id := range left {
		run.Log = append(run.Log, verdict.Record{Message: verdict.Message{Number: id}, Offset: int64(id - 1)})
	}
	var p report.Part
	countSends(&p, run)
	return p, missing(run)
}

// What retention.bytes must not do turns the verdict red.
func TestSizeJudged(t *testing.T) {
	for _, c := range []struct {
		name  string
		left  []int
		size  int64
		holds bool
	}{
		{"the end is left", span(70, 100), retainBytes, true},
		{"a segment more", span(60, 100), retainBytes + segmentBytes, true},
		{"a segment less", span(80, 100), retainBytes - segmentBytes, true},
		{"too much is left", span(50, 100), retainBytes + segmentBytes + 1, false},
		{"too little is left", span(99, 100), retainBytes - segmentBytes - 1, false},
		{"nothing was erased", span(1, 100), retainBytes, false},
		{"a hole in it", slices.Concat(span(70, 80), span(82, 100)), retainBytes, false},
		{"the end is gone", span(1, 40), retainBytes, false},
	} {
		part, missing := sentAll(sizeMessages, c.left)
		part = judgeSize(part, missing, c.size)
		if got := part.Holds(); got != c.holds {
			t.Errorf("%s: holds %v, want %v: %v", c.name, got, c.holds, part.Misses())
		}
	}
}

// What compaction must not do turns the verdict red.
func TestCompactionJudged(t *testing.T) {
	last := map[string]string{"conta-1": "1000", "conta-2": "1000", "conta-3": "1000", "conta-4": "1000", "conta-5": "1000"}
	stale := maps.Clone(last)
	stale["conta-3"] = "900"
	fewer := maps.Clone(last)
	delete(fewer, "conta-5")
	for _, c := range []struct {
		name   string
		left   []int
		values map[string]string
		holds  bool
	}{
		{"the last of each", span(46, 50), last, true},
		{"an older one too", span(45, 50), last, false},
		{"an older one instead", []int{43, 46, 47, 49, 50}, stale, false},
		{"a key is gone", span(46, 49), fewer, false},
	} {
		part, _ := sentAll(accounts*balances, c.left)
		part = judgeCompaction(part, last, c.values)
		if got := part.Holds(); got != c.holds {
			t.Errorf("%s: holds %v, want %v: %v", c.name, got, c.holds, part.Misses())
		}
	}
}
