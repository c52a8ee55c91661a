package history

import (
	"bytes"
	"encoding/json"
	"time"
)

// decoder decodes lines: those that a Recorder has written in one pass and without allocations, all others with
// encoding/json. It accepts and refuses what encoding/json does.
type decoder struct {
	rest  []byte          // of the line
	texts [1 << 14]string // that came lately, by their hash: the same few come again and again
}

// opening is how each line of a Recorder begins, and what no text within a line can have: its quotes would be escaped.
const opening = `{"at":"`

// entry decodes a line. Where one is torn and another process has gone on behind it, it is the other's.
func (d *decoder) entry(line []byte) (Entry, error) {
	var e Entry
	if d.own(line, &e) {
		return e, nil
	}
	other, err := decodeJSON(line)
	if err == nil {
		return other, nil
	}
	if i := bytes.LastIndex(line, []byte(opening)); i > 0 && line[0] == '{' {
		return d.entry(line[i:])
	}
	return Entry{}, err
}

// decodeJSON has a variable of its own, which json.Unmarshal moves to the heap.
func decodeJSON(line []byte) (Entry, error) {
	var e Entry
	err := json.Unmarshal(line, &e)
	return e, err
}

// own decodes a line in the form of appendJSON. It returns false for every other: e is then of no use.
func (d *decoder) own(line []byte, e *Entry) bool {
	*e = Entry{}
	d.rest = line
	return d.next(`{"at":`) && d.time(&e.At) &&
		d.next(`,"program":`) && d.text(&e.Program) &&
		d.next(`,"session":`) && d.text(&e.Session) &&
		d.next(`,"op":`) && d.unsigned(&e.Operation) &&
		d.next(`,"step":`) && d.text((*string)(&e.Step)) &&
		d.next(`,"phase":`) && d.text((*string)(&e.Phase)) &&
		(!d.next(`,"stream":`) || d.text(&e.Stream)) &&
		(!d.next(`,"number":`) || integer(d, &e.Number)) &&
		(!d.next(`,"topic":`) || d.text(&e.Topic)) &&
		d.next(`,"partition":`) && integer(d, &e.Partition) &&
		d.next(`,"offset":`) && integer(d, &e.Offset) &&
		(!d.next(`,"transaction":`) || d.unsigned(&e.Transaction)) &&
		(!d.next(`,"error":`) || d.text(&e.Error)) &&
		d.next(`}`) && len(d.rest) == 0
}

// next passes a literal, if it comes next.
func (d *decoder) next(literal string) bool {
	if len(d.rest) < len(literal) || string(d.rest[:len(literal)]) != literal {
		return false
	}
	d.rest = d.rest[len(literal):]
	return true
}

// quoted passes a string in which each byte stands for itself, and returns what is between the quotes.
func (d *decoder) quoted() ([]byte, bool) {
	if !d.next(`"`) {
		return nil, false
	}
	for i, c := range d.rest {
		if c == '"' {
			text := d.rest[:i]
			d.rest = d.rest[i+1:]
			return text, true
		}
		if !plain[c] {
			break
		}
	}
	return nil, false
}

func (d *decoder) text(s *string) bool {
	text, ok := d.quoted()
	if ok {
		*s = d.keep(text)
	}
	return ok
}

// keep makes a string of text, or finds the one that it has made before.
func (d *decoder) keep(text []byte) string {
	hash := uint32(2166136261) // FNV-1a
	for _, c := range text {
		hash = (hash ^ uint32(c)) * 16777619
	}
	known := &d.texts[hash%uint32(len(d.texts))]
	if *known != string(text) {
		*known = string(text)
	}
	return *known
}

func (d *decoder) time(t *time.Time) bool {
	text, ok := d.quoted()
	return ok && t.UnmarshalText(text) == nil // as its UnmarshalJSON
}

// unsigned passes a whole number of up to 18 digits, as JSON has it: without zeros before it.
func (d *decoder) unsigned(n *uint64) bool {
	const most = 18
	digits := 0
	for ; digits < len(d.rest) && digits <= most; digits++ {
		c := d.rest[digits]
		if c < '0' || c > '9' {
			break
		}
		*n = *n*10 + uint64(c-'0')
	}
	zeros := digits > 1 && d.rest[0] == '0'
	d.rest = d.rest[digits:]
	return digits > 0 && digits <= most && !zeros
}

// integer is unsigned with a sign, for a number that fits into T.
func integer[T int | int32 | int64](d *decoder, n *T) bool {
	negative := d.next(`-`)
	var magnitude uint64
	if !d.unsigned(&magnitude) {
		return false
	}
	value := int64(magnitude)
	if negative {
		value = -value
	}
	*n = T(value)
	return int64(*n) == value
}
