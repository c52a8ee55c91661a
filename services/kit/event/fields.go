package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fields is a JSON object being read one field at a time. The first mistake is kept in bad, and
// everything read after it is zero; so a decoder reads all its fields and looks at bad once.
//
// Decoding straight into a struct would be shorter but would accept too much: encoding/json matches
// keys in any case, cannot tell an absent field from a zero, ignores null, and replaces bytes that
// are not UTF-8 without a word. A map keeps keys as they were sent. Of a repeated key the last one
// counts, as in Python and Java.
type fields struct {
	path    string // "" for the message itself, "score." inside its field score
	members map[string]json.RawMessage
	bad     *Malformed
}

// readFields parses value, which must be one JSON object and nothing else.
func readFields(value []byte) *fields {
	f := &fields{}
	switch {
	case value == nil:
		f.bad = malformed(ReasonTombstone, "the value is null")
	case len(value) == 0:
		f.bad = malformed(ReasonEmpty, "the value has no bytes")
	case !utf8.Valid(value):
		f.bad = malformed(ReasonNotUTF8, "the value is not UTF-8")
	default:
		f.parse(value)
	}
	return f
}

func (f *fields) parse(object []byte) {
	err := json.Unmarshal(object, &f.members)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		f.bad = malformed(ReasonNotJSON, "%w", err)
	case f.members == nil: // another type; the literal null even without an error
		f.bad = malformed(ReasonWrongType, "want object, got %s", kind(bytes.TrimSpace(object)))
	}
}

// has reports whether the field is there and not null. Optional fields are asked first: Python
// programs often write None for what they do not have.
func (f *fields) has(name string) bool {
	raw, ok := f.members[name]
	return ok && kind(raw) != "null"
}

// integer reads a required whole number. Only the form 5 is one: 5.0, 5e0 and "5" are of a wrong
// type, so that no reader has to wonder what 5.1 would have meant.
func (f *fields) integer(name string) int {
	raw := f.typed(name, "number", "integer")
	if f.bad != nil {
		return 0
	}
	n, err := strconv.Atoi(string(raw))
	switch {
	case errors.Is(err, strconv.ErrRange):
		f.bad = malformed(ReasonInvalidValue, "field %q: too large for an integer", f.path+name)
		return 0
	case err != nil:
		f.bad = malformed(ReasonWrongType, "field %q: want integer, got number with fraction or exponent", f.path+name)
		return 0
	}
	return n
}

// number reads a required number of any form. One too large for a float64 is invalid; NaN and
// Infinity, which Python writes, are not JSON and never get here.
func (f *fields) number(name string) float64 {
	raw := f.typed(name, "number", "number")
	if f.bad != nil {
		return 0
	}
	x, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		f.bad = malformed(ReasonInvalidValue, "field %q: not finite as a float64", f.path+name)
		return 0
	}
	return x
}

// text reads a required string, which may be empty. Half of a surrogate pair, \ud83d alone, which
// Python can write although UTF-8 cannot hold it, becomes U+FFFD.
func (f *fields) text(name string) string {
	raw := f.typed(name, "string", "string")
	if f.bad != nil {
		return ""
	}
	if bytes.IndexByte(raw, '\\') < 0 { // nothing to unescape; saves a quarter of a decoder's time
		return string(raw[1 : len(raw)-1])
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		f.bad = malformed(ReasonNotJSON, "field %q: %w", f.path+name, err)
	}
	return s
}

// any gives a required value of whatever type, but null.
func (f *fields) any(name string) json.RawMessage {
	if f.bad == nil && f.members[name] == nil {
		f.bad = f.missing(name)
	}
	if f.bad == nil && kind(f.members[name]) == "null" {
		f.bad = malformed(ReasonWrongType, "field %q: want a value, got null", f.path+name)
	}
	if f.bad != nil {
		return nil
	}
	return f.members[name]
}

// object opens a required field that is an object itself. Give it back with close.
func (f *fields) object(name string) *fields {
	inner := &fields{path: f.path + name + "."}
	raw := f.typed(name, "object", "object")
	if inner.bad = f.bad; inner.bad == nil {
		inner.parse(raw)
	}
	return inner
}

// close takes over the mistake of an object opened with object.
func (f *fields) close(inner *fields) {
	if f.bad == nil {
		f.bad = inner.bad
	}
}

// check refuses the field as invalid unless ok; want describes what the contract accepts.
func (f *fields) check(ok bool, name, want string) {
	if f.bad == nil && !ok {
		f.bad = malformed(ReasonInvalidValue, "field %q: want %s", f.path+name, want)
	}
}

// typed gives the bytes of a required field of that JSON kind; want is the word for the error text.
func (f *fields) typed(name, jsonKind, want string) json.RawMessage {
	if f.bad != nil {
		return nil
	}
	raw, ok := f.members[name]
	if !ok {
		f.bad = f.missing(name)
		return nil
	}
	if got := kind(raw); got != jsonKind {
		f.bad = malformed(ReasonWrongType, "field %q: want %s, got %s", f.path+name, want, got)
	}
	return raw
}

// missing says so when the field is only spelled in another case, which is hard to see in a log.
func (f *fields) missing(name string) *Malformed {
	for key := range f.members {
		if strings.EqualFold(key, name) {
			return malformed(ReasonMissingField, "field %q is missing, it is there in another case", f.path+name)
		}
	}
	return malformed(ReasonMissingField, "field %q is missing", f.path+name)
}

// kind names the type of a JSON value that is known to be well formed, by its first byte.
func kind(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "number"
	}
}
