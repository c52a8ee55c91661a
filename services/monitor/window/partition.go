// Package window keeps sliding windows over the transactions of one partition, by the records' own timestamps, and finds the
// records that break a rule. It knows nothing of Kafka but offsets.
//
// A partition's time is the greatest timestamp that its records have had, in whole seconds. A window is what lies less than its
// length behind that time. So both move with the records alone: where none comes, time stands still. A record that is older than
// the longest window is late; it is counted apart and nowhere else.
//
// All that a window holds, and with it every rule's decision, depends on nothing but the records up to an offset:
//
//	window after offset p = the records up to p whose second is less than the window's length behind the partition's time at p
//
// Whether a record is in it does not depend on the order before it, on the clock, or on when a process was started. A reader that
// begins in the middle of the log, at the first record that is young enough, has the same window at p as one that has read all of
// it; that is what makes a hit the same whoever finds it, however often a process died.
//
// A rule hits at the record at which its window goes over the threshold, and again only when it has been at or below it in between.
// "Armed" is no state of its own that could be lost: it is the window before the record.
//
// Counts by kind, platform and currency move by the second. Users move by steps of 15 seconds, so that their last step is in the
// window only as far as it has come: a minute covers the last 45 to 60 seconds, five minutes the last 285 to 300. By the second,
// 80,000 users who transact all the time would take 290 MB; by steps they take 24.
package window

import (
	"sync"

	"workshop.example/kit/event"
)

// The windows, and the step in which those of users move, in seconds.
const (
	Minute      = 60
	FiveMinutes = 300
	Step        = 15
)

// never is before any second.
const never = -1 << 62

// Partition is the windows of one partition. Its methods are safe for concurrent use.
type Partition struct {
	number   int32
	currency string
	rules    []Rule

	mu         sync.Mutex
	next       int64 // offset behind the last record
	now        int64 // the partition's time, in seconds; never before the first record
	read       uint64
	late       uint64
	unreadable uint64
	seconds    *seconds
	users      users
	spoke      [platforms]int64 // the last second of each platform
}

// NewPartition returns empty windows. Values are added up in one currency, as others cannot be added to it: only the table by
// currency has those.
func NewPartition(number int32, currency string, rules []Rule) *Partition {
	p := &Partition{number: number, currency: currency, rules: rules, now: never, seconds: newSeconds(currency), users: newUsers()}
	for i := range p.spoke {
		p.spoke[i] = never
	}
	return p
}

// Hit is a rule that a record has broken.
type Hit struct {
	Rule          *Rule
	User          string // empty for a platform
	Platform      string // empty for a user
	Count, Cents  uint64 // of the user in the rule's window, this record included
	Offset, Milli int64  // of the record; milliseconds since 1970
}

// Add takes in the record at an offset, which must be greater than that of any record before. It appends the rules that it has
// broken to hits, and returns them. It allocates nothing but for hits, and for users, bytes of their ids and currencies that are
// new to it.
func (p *Partition) Add(offset, milli int64, tx *event.TransactionView, hits []Hit) []Hit {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = offset + 1
	second := milli / 1000
	if milli < 0 || second <= p.now-FiveMinutes { // a record without a timestamp has -1
		p.late++
		return hits
	}
	p.read++
	platform := platformOf(tx.Platform)
	if second > p.now {
		hits = p.silences(second, platform, offset, milli, hits)
		p.seconds.advance(p.now, second)
		p.users.advance(p.now, second)
		p.now = second
	}
	p.spoke[platform] = max(p.spoke[platform], second)
	home := string(tx.Currency) == p.currency
	p.seconds.add(second, tx, platform, home)
	var cents uint64
	if home {
		cents = tx.Cents
	}
	return p.userHits(p.users.add(tx.User, second, p.now, cents), tx.User, offset, milli, hits)
}

// Unreadable counts a record that is no transaction. It has no place in any window.
func (p *Partition) Unreadable(offset int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = offset + 1
	p.unreadable++
}

// userHits compares what a user has in each window now with what was there before the record.
func (p *Partition) userHits(c change, user []byte, offset, milli int64, hits []Hit) []Hit {
	for i := range p.rules {
		r := &p.rules[i]
		before, after := c.before[r.window()], c.after[r.window()]
		if r.over(after) && !r.over(before) {
			hits = append(hits, Hit{Rule: r, User: string(user), Count: after.Count, Cents: after.Cents, Offset: offset, Milli: milli})
		}
	}
	return hits
}

// silences finds the platforms whose silence reaches a rule's length as time moves on to second. The platform that speaks now is
// none of them. A partition that was silent as a whole for that long tells nothing about any platform.
func (p *Partition) silences(second int64, speaks int, offset, milli int64, hits []Hit) []Hit {
	for i := range p.rules {
		r := &p.rules[i]
		if r.Kind != Silence || second-p.now >= r.Seconds {
			continue
		}
		for platform, last := range p.spoke {
			if platform != speaks && p.now-last < r.Seconds && second-last >= r.Seconds {
				hits = append(hits, Hit{Rule: r, Platform: platformNames[platform], Offset: offset, Milli: milli})
			}
		}
	}
	return hits
}

// Now is the partition's time in seconds since 1970, and false before its first record.
func (p *Partition) Now() (int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now, p.now != never
}

// Apart returns how many records were too late for any window, and how many were no transactions.
func (p *Partition) Apart() (late, unreadable uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.late, p.unreadable
}
