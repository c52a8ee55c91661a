package window

import (
	"bytes"
	"crypto/sha256"
)

const (
	steps       = FiveMinutes / Step // of the longest window
	minuteSteps = Minute / Step
	chunk       = 1024 // users that are allocated together: a slice that grows would be in memory twice while it is copied
)

// userKey is an id of up to 24 bytes, or the digest of a longer one behind a byte that no text in UTF-8 has. A key of fixed size
// lives in the map itself: a user who comes back allocates nothing.
type userKey [24]byte

func keyOf(id []byte) (k userKey) {
	if len(id) <= len(k) {
		copy(k[:], id)
		return k
	}
	digest := sha256.Sum256(id)
	k[0] = 0xff
	copy(k[1:], digest[:])
	return k
}

// user is what one user did in the last five minutes: by step, and in both windows together.
type user struct {
	key    userKey
	sums   [steps]uint64 // cents
	counts [steps]uint32
	totals [2]Sum // of a minute, and of five
}

// users are those with a transaction in the last five minutes.
type users struct {
	index  map[userKey]uint32
	long   map[userKey]string // ids that do not fit into their key
	chunks []*[chunk]user
	used   uint32   // users that were ever taken of the chunks
	free   []uint32 // of them those that are nobody's now
}

func newUsers() users { return users{index: map[userKey]uint32{}, long: map[userKey]string{}} }

func (u *users) at(i uint32) *user { return &u.chunks[i/chunk][i%chunk] }

// find returns a user, who is new where there is none with that id.
func (u *users) find(id []byte) *user {
	key := keyOf(id)
	if i, ok := u.index[key]; ok {
		return u.at(i)
	}
	var i uint32
	if last := len(u.free) - 1; last >= 0 {
		i, u.free = u.free[last], u.free[:last]
	} else {
		if i = u.used; i%chunk == 0 {
			u.chunks = append(u.chunks, new([chunk]user))
		}
		u.used++
	}
	u.index[key] = i
	if len(id) > len(key) {
		u.long[key] = string(bytes.Clone(id))
	}
	found := u.at(i)
	found.key = key
	return found
}

// change is a user's windows before and after a record.
type change struct{ before, after [2]Sum }

// add counts a transaction of a user at a second, which is not after now. Where its step has left a window already, it is not
// added to it.
func (u *users) add(id []byte, second, now int64, cents uint64) change {
	age := now/Step - second/Step
	if age >= steps {
		return change{}
	}
	found := u.find(id)
	c := change{before: found.totals}
	slot := second / Step % steps
	found.counts[slot]++
	found.sums[slot] += cents
	found.totals[1].add(1, cents)
	if age < minuteSteps {
		found.totals[0].add(1, cents)
	}
	c.after = found.totals
	return c
}

// advance moves the windows on with the time.
func (u *users) advance(from, to int64) {
	first, last := from/Step, to/Step
	if from == never || first == last {
		return
	}
	if last-first >= steps {
		u.clear()
		return
	}
	for step := first + 1; step <= last; step++ {
		u.step(step)
	}
}

// step begins a step: what is a minute old leaves the minute, what is five minutes old is forgotten.
func (u *users) step(step int64) {
	left, gone := (step+steps-minuteSteps)%steps, step%steps
	for i := range u.used {
		one := u.at(i)
		if one.totals[1].Count == 0 {
			continue // nobody's
		}
		one.totals[0].Count -= uint64(one.counts[left])
		one.totals[0].Cents -= one.sums[left]
		one.totals[1].Count -= uint64(one.counts[gone])
		one.totals[1].Cents -= one.sums[gone]
		one.counts[gone], one.sums[gone] = 0, 0
		if one.totals[1].Count == 0 {
			u.forget(i)
		}
	}
}

// forget gives a user's place to the next. All of its steps are 0.
func (u *users) forget(i uint32) {
	one := u.at(i)
	delete(u.index, one.key)
	delete(u.long, one.key)
	one.totals = [2]Sum{}
	u.free = append(u.free, i)
}

func (u *users) clear() {
	for i := range u.used {
		if one := u.at(i); one.totals[1].Count > 0 {
			*one = user{key: one.key}
			u.forget(i)
		}
	}
}

// id is the user's id as it came.
func (u *users) id(one *user) string {
	if one.key[0] == 0xff {
		return u.long[one.key]
	}
	return string(bytes.TrimRight(one.key[:], "\x00"))
}

// within adds up the steps of a user from first to last.
func (one *user) within(first, last int64) (s Sum) {
	for step := first; step <= last; step++ {
		s.add(uint64(one.counts[step%steps]), one.sums[step%steps])
	}
	return s
}
