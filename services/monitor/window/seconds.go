package window

import "workshop.example/kit/event"

// Sum is how many transactions there are, and what they are worth in minor units. A sum is exact as long as it is below 1.8e19
// minor units: beyond it begins at 0 again, so that what leaves a window leaves it as it was.
type Sum struct {
	Count uint64 `json:"count"`
	Cents uint64 `json:"valor_centavos"`
}

func (s *Sum) add(count, cents uint64) {
	s.Count += count
	s.Cents += cents
}

// What is counted apart. The kind none is that of a message without a tipo.
const (
	kinds      = 5
	platforms  = 3
	currencies = 16 // that are told apart; the home currency is the first, others share the last
)

var (
	kindNames     = [kinds]string{event.PIX, event.Credito, event.Debito, event.Boleto, None}
	platformNames = [platforms]string{event.Mobile, event.Laptop, event.Tablet}
)

// Names for what has none.
const (
	None   = "-"     // a message without a tipo, or without money
	Others = "other" // the currencies beyond the first fifteen, which cannot be added up: a count without a value
)

func kindOf(name string) int {
	switch name {
	case event.PIX:
		return 0
	case event.Credito:
		return 1
	case event.Debito:
		return 2
	case event.Boleto:
		return 3
	}
	return 4
}

func platformOf(name string) int {
	switch name {
	case event.Mobile:
		return 0
	case event.Laptop:
		return 1
	}
	return 2
}

// tally is what happened in one second.
type tally struct {
	kinds      [kinds]Sum
	platforms  [platforms]Sum
	currencies [currencies]Sum
	original   uint64
}

// seconds is a ring of tallies, of the last five minutes.
type seconds struct {
	ring       [FiveMinutes]tally
	currencies [currencies - 1]string // in the order in which they came
	known      int
}

func newSeconds(home string) *seconds {
	s := &seconds{known: 1}
	s.currencies[0] = home
	return s
}

// advance empties the seconds after from, up to to.
func (s *seconds) advance(from, to int64) {
	for second := max(from+1, to-FiveMinutes+1, 0); second <= to; second++ {
		s.ring[second%FiveMinutes] = tally{}
	}
}

// add counts a transaction. Values of another currency than home are in the table by currency alone.
func (s *seconds) add(second int64, tx *event.TransactionView, platform int, home bool) {
	t := &s.ring[second%FiveMinutes]
	var cents uint64
	if home {
		cents = tx.Cents
	}
	t.kinds[kindOf(tx.Kind)].add(1, cents)
	t.platforms[platform].add(1, cents)
	switch currency := s.currency(tx.Currency); {
	case home:
		t.currencies[0].add(1, cents)
	case tx.Currency == nil:
	case currency == currencies-1:
		t.currencies[currency].add(1, 0)
	default:
		t.currencies[currency].add(1, tx.Cents)
	}
	if tx.Original {
		t.original++
	}
}

// currency is the index of a currency; the last where there are too many.
func (s *seconds) currency(code []byte) int {
	for i, known := range s.currencies[:s.known] {
		if string(code) == known {
			return i
		}
	}
	if code == nil || s.known == len(s.currencies) {
		return currencies - 1
	}
	s.currencies[s.known] = string(code)
	s.known++
	return s.known - 1
}

// sum adds up the seconds after from, up to to.
func (s *seconds) sum(from, to int64) (all tally) {
	for second := max(from+1, 0); second <= to; second++ {
		t := &s.ring[second%FiveMinutes]
		for i, x := range t.kinds {
			all.kinds[i].add(x.Count, x.Cents)
		}
		for i, x := range t.platforms {
			all.platforms[i].add(x.Count, x.Cents)
		}
		for i, x := range t.currencies {
			all.currencies[i].add(x.Count, x.Cents)
		}
		all.original += t.original
	}
	return all
}

// recent is each kind's minute up to a second at, where nothing has happened after to.
func (s *seconds) recent(at, to int64) map[string]Series {
	all := map[string]Series{}
	for kind, name := range kindNames {
		var one Series
		for i := range one.Count {
			if second := at - Minute + 1 + int64(i); second >= 0 && second <= to {
				sum := s.ring[second%FiveMinutes].kinds[kind]
				one.Count[i], one.Cents[i] = sum.Count, sum.Cents
			}
		}
		all[name] = one
	}
	return all
}
