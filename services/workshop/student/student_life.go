package student

import (
	"context"
	"time"

	"workshop.example/workshop/match"
	"workshop.example/workshop/rig"
)

// sight is what was seen of one life.
type sight struct {
	first, last int // ids of the first goal that it has shown, and of the highest; 0: none
	printed     int // lines, of whatever form
	code        int
	stopped     bool          // by us: nothing more was to come
	joined      bool          // the group
	complained  int           // score lines on standard error
	committed   int           // id up to which the group had committed at its end; 0: nothing
	lasted      time.Duration // from its first goal to its end
	waited      time.Duration // for the session of its predecessor to end
}

const (
	flood = 50000 // lines of one life: it prints without end

	look       = 200 * time.Millisecond // how often a life is looked at
	startGrace = 30 * time.Second       // until it has joined the group: some compile themselves first
	tellAfter  = 3 * time.Second        // of silence
	quietAfter = 5 * time.Second        // with nothing new once the match is over: nothing more will come
)

// watch returns when a life has ended, by itself or because nothing more was to come of it.
func (s *student) watch(ctx context.Context, p *rig.Process, before rig.Membership) (life sight, err error) {
	q := &silence{life: &life, before: before, since: p.Began}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-p.Ended():
			running = false
		case <-tick.C:
			if s.over(p, q) {
				p.Stop()
				life.stopped, running = true, false
			}
		case <-ctx.Done():
			return life, ctx.Err()
		}
	}
	if ctx.Err() != nil {
		return life, ctx.Err() // Ctrl-C reaches it as it does us
	}
	life.code = p.ExitCode()
	for _, line := range p.Lines() {
		life.printed++
		if score, ok := match.ParseScore(line.Text); ok {
			if life.first == 0 {
				life.first, life.lasted = score.ID(), p.EndedAt.Sub(line.At)
				if q.told {
					life.waited = line.At.Sub(p.Began)
				}
			}
			life.last = max(life.last, score.ID())
		}
	}
	for _, line := range p.Errors() {
		if _, ok := match.ParseScore(line.Text); ok {
			life.complained++
		}
	}
	committed, err := s.Match.Bench.Committed(s.Group, s.Match.Topic, 0)
	life.committed = int(max(committed, 0)) // one partition, without transactions: the id is the offset after
	return life, err
}

// silence is how long a life has shown nothing new, and why.
type silence struct {
	life   *sight
	before rig.Membership // the group at its start

	shown   int       // the highest id so far
	read    int64     // the offset that the group had committed
	since   time.Time // nothing new has come
	settled time.Time // when it was last seen to wait for its turn
	told    bool
}

// over reports whether nothing more is to come: the match has ended, and the program has had its time
// to show it.
func (s *student) over(p *rig.Process, q *silence) bool {
	lines, now := p.Lines(), time.Now()
	if len(lines) > flood {
		return true
	}
	shown := q.shown
	for _, line := range lines {
		if score, ok := match.ParseScore(line.Text); ok {
			shown = max(shown, score.ID())
		}
	}
	if shown > q.shown {
		q.shown, q.since = shown, now
		return false
	}
	if now.Sub(q.since) < time.Second {
		return false
	}
	if committed, err := s.Match.Bench.Committed(s.Group, s.Match.Topic, 0); err == nil && committed > q.read {
		q.read, q.since = committed, now // it works, on a slow machine perhaps, and shows nothing
		return false
	}
	group := s.Match.Bench.Membership(s.Group)
	q.life.joined = q.life.joined || group.JoinedSince(q.before)
	if q.life.joined && len(group.Members) == 0 && now.Sub(q.since) < startGrace {
		return false // it has left the group, and is about to end
	}
	starting := q.shown == 0 && !q.life.joined && now.Sub(p.Began) < startGrace
	if starting || group.Rebalancing && now.Sub(q.since) < rig.Patience {
		q.settled = now
		if group.Rebalancing && len(s.Lives) > 1 && !q.told && now.Sub(q.since) > tellAfter {
			q.told = true
			s.Match.Bench.Say(says("waits-for-the-session"))
		}
		return false
	}
	select {
	case <-s.Match.Simulator.Ended():
	default:
		return false
	}
	for _, at := range []time.Time{q.since, q.settled, s.Match.Simulator.EndedAt} {
		if now.Sub(at) < quietAfter {
			return false
		}
	}
	return true
}

// last returns the last element, and the zero value of an empty list.
func last[T any](list []T) T {
	if len(list) == 0 {
		var none T
		return none
	}
	return list[len(list)-1]
}
