package verdict

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestCleanNamesEveryFault fails for a fault that is added to Verdict and forgotten in Clean.
func TestCleanNamesEveryFault(t *testing.T) {
	if !(Verdict{Produced: 2, Processed: 1}).Clean() {
		t.Error("numbers are no fault")
	}
	var lists [][]int
	for field := range reflect.TypeFor[Verdict]().Fields() {
		if field.Type.Kind() == reflect.Slice {
			lists = append(lists, field.Index)
		}
	}
	if len(lists) != 11 {
		t.Errorf("%d lists, want 11", len(lists))
	}
	for _, first := range lists {
		for _, second := range lists { // the same one too
			var v Verdict
			faults := 0
			for _, index := range [][]int{first, second} {
				list := reflect.ValueOf(&v).Elem().FieldByIndex(index)
				list.Set(reflect.MakeSlice(list.Type(), 1, 1))
				if !strings.HasPrefix(reflect.TypeOf(v).FieldByIndex(index).Name, "Unknown") {
					faults++
				}
			}
			if got, want := v.Clean(), faults == 0; got != want {
				t.Errorf("%s: clean %v, want %v", summary(v), got, want)
			}
		}
	}
}

func TestStrings(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Message{"match", 7}.String(), "match/7"},
		{Write{}.Outcome.String(), "unknown"}, // an intent without a result
		{Acknowledged.String(), "acknowledged"},
		{Refused.String(), "refused"},
		{Outcome(7).String(), "Outcome(7)"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// TestWorstShapes has the runs in which a plain search through the copies of a message would take the
// square of their number.
func TestWorstShapes(t *testing.T) {
	low, high := Message{"match", 1}, Message{"match", 2}
	log := func(n int, record func(i int) Record) []Record {
		records := []Record{{Message: high, Partition: 1}}
		for i := range n {
			records = append(records, record(i))
		}
		return records
	}
	read := func(n int) []Read {
		reads := make([]Read, n)
		for i := range reads {
			reads[i].Message = low
		}
		return reads
	}
	for _, c := range []struct {
		name string
		run  func(n int) Run
		want func(n int) map[string]int
	}{
		{"one message everywhere", func(n int) Run {
			return Run{Log: log(n, func(int) Record { return Record{Message: low} }), Reads: read(n)}
		}, func(n int) map[string]int { return map[string]int{"Duplicated": n - 1, "Missing": 1} }},
		{"in one partition, then in another behind a higher number", func(n int) Run {
			return Run{Log: log(n, func(i int) Record { return Record{Message: low, Partition: int32(2 * i / n)} })}
		}, func(n int) map[string]int { return map[string]int{"Duplicated": n - 1, "OutOfOrder": 1} }},
		{"one message read for ever", func(n int) Run {
			return Run{Log: []Record{{Message: low}}, Reads: read(n)}
		}, func(n int) map[string]int { return map[string]int{"Repeated": n - 1, "Nonmonotonic": n - 1} }},
		{"backwards", func(n int) Run {
			return Run{Log: log(n, func(i int) Record { return Record{Message: Message{"match", -i}, Partition: 1} })}
		}, func(n int) map[string]int { return map[string]int{"OutOfOrder": n} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			const n, more = 10_000, 8
			if got, want := lengths(Check(c.run(n))), c.want(n); !maps.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			// On a busy machine any one measurement may be far off. The square would be 64 times the time,
			// and that again and again.
			for began := time.Now(); ; {
				small, large := took(c.run(n)), took(c.run(n*more))
				if large < small*more*more/2 {
					return
				}
				if time.Since(began) > 30*time.Second {
					t.Fatalf("%v for %d, %v for %d", small, n, large, n*more)
				}
			}
		})
	}
}

func took(run Run) time.Duration {
	began := time.Now()
	Check(run)
	return time.Since(began)
}

// lengths has the length of each list that is not empty.
func lengths(v Verdict) map[string]int {
	found := map[string]int{}
	for field, value := range reflect.ValueOf(v).Fields() {
		if field.Type.Kind() == reflect.Slice && value.Len() > 0 {
			found[field.Name] = value.Len()
		}
	}
	return found
}

func BenchmarkCheck(b *testing.B) {
	const streams, messages, partitions = 10, 10_000, 3
	run := Run{Commits: map[int32]int64{}}
	for n := range messages {
		for s := range streams {
			m := Message{"match-" + string(rune('0'+s)), n}
			p := int32(s % partitions)
			run.Writes = append(run.Writes, Write{m, Acknowledged, ""})
			run.Log = append(run.Log, Record{m, p, run.Commits[p], false})
			run.Reads = append(run.Reads, Read{m, "session", false})
			run.Commits[p]++
		}
	}
	for _, c := range []struct {
		name    string
		observe func(*Run)
	}{
		{"all", func(*Run) {}},
		{"without-log", func(r *Run) { r.Log, r.Commits = nil, nil }},
		{"reads-only", func(r *Run) { r.Writes, r.Log, r.Commits = nil, nil, nil }},
	} {
		b.Run(c.name, func(b *testing.B) {
			run := run
			c.observe(&run)
			b.ReportAllocs()
			for b.Loop() {
				if v := Check(run); !v.Clean() || v.Processed != streams*messages {
					b.Fatal("not clean")
				}
			}
		})
	}
}
