package lab

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/rig"
)

// shows are lines of a consumer, a second after the stage's beginning, with these numbers.
func shows(name string, numbers ...int) memberLines {
	m := memberLines{name: name, lines: []rig.Line{{At: time.Unix(0, 0), Text: "partitions given: 0 (now: 0)"}}}
	for _, n := range numbers {
		m.lines = append(m.lines, rig.Line{At: time.Unix(1, 0), Text: fmt.Sprintf(`{"id_sequencia":%d,"id_usuario":"1"}`, n)})
	}
	return m
}

// Six transactions, two on each partition: 1 and 4 on 0, 2 and 5 on 1, 3 and 6 on 2.
func sixTransactions() []verdict.Record {
	var log []verdict.Record
	for n := 1; n <= 6; n++ {
		log = append(log, verdict.Record{Message: verdict.Message{Number: n}, Partition: int32(n-1) % 3, Offset: int64(n-1) / 3})
	}
	return log
}

func TestStageFact(t *testing.T) {
	four := map[string][]int32{"a": {0}, "b": {1}, "c": {2}, "d": nil}
	all := []string{"a", "b", "c", "d"}
	right := []memberLines{shows("a", 1, 4), shows("b", 2, 5), shows("c", 3, 6), shows("d")}
	for _, c := range []struct {
		name     string
		shares   map[string][]int32
		orphaned int32
		lines    []memberLines
		want     bool
	}{
		{"as predicted", four, -1, right, true},
		{"after a death", four, 1, right, true},
		{"nobody has what the dead one had", map[string][]int32{"a": {0}, "c": {2}}, 1, nil, false},
		{"one has two, another none", map[string][]int32{"a": {0, 1}, "c": {2}}, -1, nil, false},
		{"two have the same", map[string][]int32{"a": {0}, "b": {0}, "c": {2}, "d": {1}}, -1, nil, false},
		{"one shows what is another's", four, -1, []memberLines{shows("a", 1, 4, 2)}, false},
		{"the idle one shows something", four, -1, []memberLines{shows("d", 1)}, false},
	} {
		s := stage{living: all, shares: c.shares, orphaned: c.orphaned, began: time.Unix(0, 0), over: time.Unix(2, 0)}
		if got := s.fact(sixTransactions(), c.lines); got.Held != c.want {
			t.Errorf("%s: held is %t: %s", c.name, got.Held, got.Text.EN)
		}
	}
}

// What a group does not show, and what it shows again without a reason, turns the verdict red.
func TestGroupJudge(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []memberLines
		again []int
		want  []string
	}{
		{"everything once", []memberLines{shows("a", 1, 4, 2, 5), shows("b", 3, 6)}, nil, nil},
		{"one is missing", []memberLines{shows("a", 1, 4, 2, 5), shows("b", 3)}, nil, []string{"lost: id 6 instead of none"}},
		{"one came again", []memberLines{shows("a", 1, 4, 2, 5), shows("b", 3, 6, 5)}, nil, []string{"repeated: id 5 instead of none"}},
		{"one came again, that was not committed", []memberLines{shows("a", 1, 4, 2, 5), shows("b", 3, 6, 5)}, []int{5}, nil},
		{
			"it was not committed, and did not come again",
			[]memberLines{shows("a", 1, 4, 2, 5), shows("b", 3, 6)},
			[]int{5},
			[]string{"repeated: none instead of id 5"},
		},
		{"two in the wrong order", []memberLines{shows("a", 4, 1, 2, 5), shows("b", 3, 6)}, nil, []string{"out of order: id 1 instead of none"}},
	} {
		part := partOfGroup(sixTransactions(), c.lines)
		part.Want.Repeated = c.again
		var got []string
		for _, m := range part.Misses() {
			got = append(got, m.In(service.English))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTransactionLine(t *testing.T) {
	for line, want := range map[string]int{
		`{"id_sequencia":7,"id_usuario":"1"}`: 7, `{"id_sequencia":0}`: 0, `{"id_sequencia":"7"}`: 0, `{"id":7}`: 0,
		`{"id_sequencia":7`: 0, "partitions given: 7 (now: 7)": 0, "7": 0, "": 0,
	} {
		if got, ok := transaction(line); ok != (want > 0) || ok && got != want {
			t.Errorf("%q: %d, %t", line, got, ok)
		}
	}
}
