package board

import "slices"

// mostIDs is how many lost ids of a match are named, and how many repeated ones.
const mostIDs = 200

// Ledger is an account of the ids of a match: 1, 2, 3 and so on, each once, unless something was lost or sent twice.
type Ledger struct {
	First    int   `json:"first_id"` // those before it are not counted, as reading began behind them; 0 before the first id
	Last     int   `json:"last_id"`
	Lost     []int `json:"lost"`     // ids between First and Last that have not come, at most mostIDs
	Repeated []int `json:"repeated"` // ids that came more than once, each named once, at most mostIDs
}

// expect makes id the first one that counts, before any was taken.
func (l *Ledger) expect(id int) {
	*l = Ledger{First: id, Last: id - 1, Lost: []int{}, Repeated: []int{}}
}

// take enters an id, and reports whether it is new. One that comes late is lost no more.
func (l *Ledger) take(id int) bool {
	if l.First == 0 {
		l.expect(id)
	}
	switch i, lost := slices.BinarySearch(l.Lost, id); {
	case id > l.Last:
		for missing := l.Last + 1; missing < id && len(l.Lost) < mostIDs; missing++ {
			l.Lost = append(l.Lost, missing)
		}
		l.Last = id
	case lost:
		l.Lost = slices.Delete(l.Lost, i, i+1)
	default:
		if i, known := slices.BinarySearch(l.Repeated, id); !known && len(l.Repeated) < mostIDs {
			l.Repeated = slices.Insert(l.Repeated, i, id)
		}
		return false
	}
	return true
}

// clone returns a copy that later ids leave alone.
func (l Ledger) clone() Ledger {
	l.Lost, l.Repeated = slices.Clone(l.Lost), slices.Clone(l.Repeated)
	return l
}
