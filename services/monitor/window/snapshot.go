package window

import (
	"cmp"
	"slices"
	"strings"
)

// TopUsers is how many users a window names.
const TopUsers = 10

// Snapshot is the windows of a partition at a moment.
type Snapshot struct {
	Partition  int32     `json:"partition"`
	Next       int64     `json:"next_offset"` // behind the last record
	Time       int64     `json:"time"`        // of the windows' end, in seconds since 1970; 0 before the first record
	Read       uint64    `json:"read"`        // since this member has the partition, and what it rebuilt
	Late       uint64    `json:"late"`
	Unreadable uint64    `json:"unreadable"`
	Windows    [2]Window `json:"windows"` // of a minute, and of five

	Recent map[string]Series `json:"recent"` // by kind, the minute up to Time second by second; empty before the first record
}

// Series is what each second of a minute held, the oldest first. Values are in the home currency alone.
type Series struct {
	Count [Minute]uint64 `json:"count"`
	Cents [Minute]uint64 `json:"valor_centavos"`
}

// Window is what happened in a window. Values by kind, by platform and by user are in the home currency alone.
type Window struct {
	Seconds    int64          `json:"seconds"`
	Count      uint64         `json:"count"`
	Original   uint64         `json:"original"` // of them in the form of eight fields
	Kinds      map[string]Sum `json:"tipo"`
	Platforms  map[string]Sum `json:"id_plataforma"`
	Currencies map[string]Sum `json:"moeda"`
	Top        []User         `json:"top_users"` // those with the most value, the first one first
}

// User is what one user did in a window.
type User struct {
	ID string `json:"id_usuario"`
	Sum
}

// Snapshot returns the windows at a time in seconds, or at the partition's own where that is later: a partition whose records have
// stopped is not to show for ever what was its last minute.
func (p *Partition) Snapshot(at int64) Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Snapshot{Partition: p.number, Next: p.next, Read: p.read, Late: p.late, Unreadable: p.unreadable}
	if p.now == never {
		s.Windows = [2]Window{newWindow(Minute), newWindow(FiveMinutes)}
		return s
	}
	s.Time = max(p.now, at)
	s.Recent = p.seconds.recent(s.Time, p.now)
	for i, length := range []int64{Minute, FiveMinutes} {
		s.Windows[i] = p.window(length, s.Time)
	}
	return s
}

func newWindow(seconds int64) Window {
	return Window{Seconds: seconds, Kinds: map[string]Sum{}, Platforms: map[string]Sum{}, Currencies: map[string]Sum{}, Top: []User{}}
}

func (p *Partition) window(length, at int64) Window {
	w := newWindow(length)
	all := p.seconds.sum(at-length, p.now)
	w.Original = all.original
	for i, s := range all.kinds {
		w.Count += s.Count
		w.Kinds[kindNames[i]] = s
	}
	for i, s := range all.platforms {
		w.Platforms[platformNames[i]] = s
	}
	for i, code := range p.seconds.currencies[:p.seconds.known] {
		w.Currencies[code] = all.currencies[i]
	}
	if s := all.currencies[currencies-1]; s.Count > 0 {
		w.Currencies[Others] = s
	}
	first, last := at/Step-length/Step+1, p.now/Step
	for i := range p.users.used {
		one := p.users.at(i)
		if one.totals[1].Count == 0 {
			continue
		}
		if s := one.within(max(first, last-steps+1, 0), last); s.Cents > 0 && (len(w.Top) < TopUsers || s.Cents >= w.Top[TopUsers-1].Cents) {
			w.Top = top(append(w.Top, User{p.users.id(one), s}))
		}
	}
	return w
}

// top sorts users and keeps the first ten. Of equals the order is that of their ids, so that it is always the same.
func top(users []User) []User {
	slices.SortFunc(users, func(a, b User) int {
		return cmp.Or(cmp.Compare(b.Cents, a.Cents), strings.Compare(a.ID, b.ID))
	})
	return users[:min(len(users), TopUsers)]
}

// Merge adds up the windows of partitions. Users are those of a single partition where the messages' key is the user; a user who is
// in several is added up from what each partition names, and so may be missing.
func Merge(parts []Snapshot) [2]Window {
	all := [2]Window{newWindow(Minute), newWindow(FiveMinutes)}
	for i := range all {
		users := map[string]Sum{}
		for _, part := range parts {
			w := part.Windows[i]
			all[i].Count += w.Count
			all[i].Original += w.Original
			merge(all[i].Kinds, w.Kinds)
			merge(all[i].Platforms, w.Platforms)
			merge(all[i].Currencies, w.Currencies)
			for _, u := range w.Top {
				s := users[u.ID]
				s.add(u.Count, u.Cents)
				users[u.ID] = s
			}
		}
		for id, s := range users {
			all[i].Top = append(all[i].Top, User{id, s})
		}
		all[i].Top = top(all[i].Top)
	}
	return all
}

// MergeRecent adds up the series of partitions, which have to be of one time. Those of a partition without a record are left out.
func MergeRecent(parts []Snapshot) map[string]Series {
	all := map[string]Series{}
	for _, part := range parts {
		for kind, more := range part.Recent {
			sum := all[kind]
			for i := range sum.Count {
				sum.Count[i] += more.Count[i]
				sum.Cents[i] += more.Cents[i]
			}
			all[kind] = sum
		}
	}
	return all
}

func merge(into, from map[string]Sum) {
	for name, x := range from {
		s := into[name]
		s.add(x.Count, x.Cents)
		into[name] = s
	}
}
