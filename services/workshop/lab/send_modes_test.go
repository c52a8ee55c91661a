package lab

import (
	"fmt"
	"slices"
	"testing"

	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
)

// What each way was told, and what is in the topic: the verdict turns red where they do not fit together.
func TestSendModesJudged(t *testing.T) {
	all := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	without := func(ids ...int) []int {
		return slices.DeleteFunc(slices.Clone(all), func(id int) bool { return slices.Contains(ids, id) })
	}
	for _, c := range []struct {
		name    string
		acked   []int // what the sender was told is there
		refused []int // what it was told is not
		handed  int
		passed  []int
		topic   []int
		judge   func(*report.Part, heard, []int, []int)
		holds   bool
	}{
		{"at once", without(5), []int{5}, 5, nil, without(5), toldAtOnce, true},
		{"at once, but later", without(5), []int{5}, 6, nil, without(5), toldAtOnce, false},
		{"at once, and not at all", all, nil, 0, nil, without(5), toldAtOnce, false},
		{"at once, nothing refused", all, nil, 0, nil, all, toldAtOnce, false},
		{"by Errors", []int{1}, without(1), 10, nil, []int{1}, toldByErrors, true},
		{"by Errors, one left out", []int{1}, without(1, 7), 10, nil, []int{1}, toldByErrors, false},
		{"by Errors, one too many", []int{1}, without(1), 10, nil, []int{1, 2}, toldByErrors, false},
		{"never told", nil, nil, 0, nil, []int{1}, neverTold, true},
		{"never told, but there", nil, nil, 0, nil, all, neverTold, false},
		{"unheard of", all, nil, 0, nil, without(5), unheardOf, true},
		{"unheard of, the next too", all, nil, 0, nil, without(5, 6), unheardOf, true},
		{"unheard of, one before too", all, nil, 0, nil, without(4, 5), unheardOf, false},
		{"heard of", without(5), []int{5}, 5, nil, without(5), unheardOf, false},
		{"lost on the way", all, nil, 0, without(5, 6), without(5, 6), lostOnTheWay, true},
		{"lost on the way, and behind it", all, nil, 0, without(5), without(5, 6), lostOnTheWay, false},
		{"lost on the way, and told", without(5), []int{5}, 5, without(5), without(5), lostOnTheWay, false},
		{"delivered", all, nil, 0, all, all, delivered, true},
		{"delivered, and one is not", all, nil, 0, all, without(5), delivered, false},
		{"delivered twice", all, nil, 0, all, append([]int{5}, all...), delivered, false},
	} {
		h := heard{ids: all, outcome: map[int]verdict.Outcome{}, handed: c.handed}
		for _, id := range c.acked {
			h.outcome[id] = verdict.Acknowledged
		}
		for _, id := range c.refused {
			h.outcome[id] = verdict.Refused
		}
		run := verdict.Run{Writes: h.writes("x"), Log: []verdict.Record{}}
		for i, id := range c.topic {
			run.Log = append(run.Log, verdict.Record{Message: verdict.Message{Stream: "x", Number: id}, Offset: int64(i)})
		}
		var p report.Part
		countSends(&p, run)
		c.judge(&p, h, missing(run), c.passed)
		if got := p.Holds(); got != c.holds {
			t.Errorf("%s: holds %v, want %v: %v", c.name, got, c.holds, p.Misses())
		}
	}
}

// A mistake in the number of requests is seen.
func TestRequestsFact(t *testing.T) {
	for _, c := range []struct {
		mode     mode
		requests int
		want     string
	}{
		{mode{sync: true}, timedMessages, "[true]"},
		{mode{sync: true}, timedMessages - 1, "[false]"},
		{mode{batch: batchSize}, 3, "[true]"},
		{mode{batch: batchSize}, 0, "[false]"},
		{mode{batch: batchSize}, timedMessages / 2, "[false]"},
		{mode{}, timedMessages, "[]"},
	} {
		held := []bool{}
		for _, f := range c.mode.requestsFact(c.requests) {
			held = append(held, f.Held)
		}
		if got := fmt.Sprint(held); got != c.want {
			t.Errorf("%+v with %d requests: %s, want %s", c.mode, c.requests, got, c.want)
		}
	}
}
