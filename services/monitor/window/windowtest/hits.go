// Package windowtest finds hits in the plainest way: for each record it looks at all records before. It shares nothing with the
// windows but their definition, so that a test can hold the one against the other.
package windowtest

import (
	"workshop.example/monitor/window"
)

// Record is a transaction with its place and time.
type Record struct {
	Offset, Milli  int64
	User, Platform string
	Cents          uint64 // in the home currency
}

// Hits returns what the records of a partition, in the order of the log, have broken.
func Hits(records []Record, rules []window.Rule) (hits []window.Hit) {
	time := int64(-1) // the partition's, in seconds; -1 before the first record
	for i, r := range records {
		second := r.Milli / 1000
		if r.Milli < 0 || time >= 0 && second <= time-300 {
			continue // late
		}
		before, began := time, time < 0
		time = max(time, second)
		for n := range rules {
			rule := &rules[n]
			if rule.Kind == window.Silence {
				if !began {
					hits = append(hits, silent(records[:i], rule, r, before, time)...)
				}
				continue
			}
			if second/15 <= time/15-rule.Seconds/15 {
				continue // it has left the rule's window before it came
			}
			count, cents := uint64(0), uint64(0)
			for _, other := range records[:i] {
				if other.User == r.User && other.Milli >= 0 && other.Milli/1000/15 > time/15-rule.Seconds/15 {
					count, cents = count+1, cents+other.Cents
				}
			}
			was, is := count, count+1
			if rule.Kind == window.Value {
				was, is = cents, cents+r.Cents
			}
			if was <= rule.Over && is > rule.Over {
				hits = append(hits, window.Hit{
					Rule: rule, User: r.User, Count: count + 1, Cents: cents + r.Cents, Offset: r.Offset, Milli: r.Milli,
				})
			}
		}
	}
	return hits
}

// silent finds the platforms whose silence comes to the rule's length as the time goes from before to now.
func silent(earlier []Record, rule *window.Rule, r Record, before, now int64) (hits []window.Hit) {
	if now-before >= rule.Seconds {
		return nil
	}
	for _, platform := range []string{"Mobile", "Laptop", "Tablet"} {
		last := int64(-1)
		for _, other := range earlier {
			if other.Platform == platform && other.Milli >= 0 {
				last = max(last, other.Milli/1000)
			}
		}
		if last >= 0 && platform != r.Platform && before-last < rule.Seconds && now-last >= rule.Seconds {
			hits = append(hits, window.Hit{Rule: rule, Platform: platform, Offset: r.Offset, Milli: r.Milli})
		}
	}
	return hits
}
