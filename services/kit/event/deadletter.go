package event

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"unicode/utf8"
)

// DeadLetter is a message whose processing failed, in a form that people can read: where it came from,
// why it failed, and what it was. Of Message, Text and Base64 one is set, or none where the value was null.
type DeadLetter struct {
	Topic     string          `json:"topic"`
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	Key       *string         `json:"key,omitempty"` // absent where it was null; bytes that are not UTF-8 are only in the record's key
	Service   string          `json:"service"`       // which could not process it
	Reason    string          `json:"reason"`        // a short code
	Error     string          `json:"error"`         // for people
	Attempt   int             `json:"attempt"`       // 1 for the first; a replay that fails again counts on
	At        string          `json:"at"`            // RFC 3339
	Message   json.RawMessage `json:"message,omitempty"`
	Text      *string         `json:"text,omitempty"`   // a value that is not JSON
	Base64    string          `json:"base64,omitempty"` // a value that is not even text
}

// Put sets the original value, in the most readable form that it has, and that is not much larger than
// the value: a letter has to fit into its topic.
func (d *DeadLetter) Put(value []byte) {
	switch {
	case value == nil:
	// A compact text comes back byte for byte; any other would not, and stays a text.
	case isCompact(value):
		d.Message = bytes.Clone(value)
	case isReadable(value):
		text := string(value)
		d.Text = &text
	default:
		d.Base64 = base64.StdEncoding.EncodeToString(value)
	}
}

// isCompact reports whether value is JSON of which encoding gives the same bytes again. Escapes of HTML
// would differ too: json.Marshal writes < as \u003c. JSON with bytes that are not UTF-8, and brackets as
// deep as encoding/json reads them, are valid on their own and would spoil the envelope around them.
func isCompact(value []byte) bool {
	if !utf8.Valid(value) || !json.Valid(slices.Concat([]byte("[["), value, []byte("]]"))) {
		return false
	}
	again, err := json.Marshal(json.RawMessage(value))
	return err == nil && bytes.Equal(again, value)
}

// isReadable reports whether value is text of which not so much has to be escaped that base64 were
// shorter: a byte may become \u0000.
func isReadable(value []byte) bool {
	if !utf8.Valid(value) {
		return false
	}
	escaped, err := json.Marshal(string(value))
	return err == nil && len(escaped) <= max(64, base64.StdEncoding.EncodedLen(len(value)))
}

// Original is the value that was Put, byte for byte; nil where it was null.
func (d DeadLetter) Original() ([]byte, error) {
	switch {
	case d.Message != nil:
		return d.Message, nil
	case d.Text != nil:
		return []byte(*d.Text), nil
	case d.Base64 != "":
		value, err := base64.StdEncoding.DecodeString(d.Base64)
		if err != nil {
			return nil, malformed(ReasonInvalidValue, "field %q: %w", "payload.base64", err)
		}
		return value, nil
	default:
		return nil, nil
	}
}

// DeadLetter reads the payload: a string with the letter's JSON, or the object that earlier versions wrote
// under the type DeadLetter. Any string is of the right type, so a string that is no letter gives an error
// about its content. The error is a *Malformed.
func (e Envelope) DeadLetter() (DeadLetter, error) {
	f := e.letterFields()
	partition, offset, attempt := f.integer("partition"), f.integer("offset"), f.integer("attempt")
	d := DeadLetter{
		Topic: f.text("topic"), Partition: int32(partition), Offset: int64(offset), Key: f.optional("key"),
		Service: f.text("service"), Reason: f.text("reason"), Error: f.text("error"), Attempt: attempt, At: f.text("at"),
		Message: f.members["message"], Text: f.optional("text"),
	}
	if text := f.optional("base64"); text != nil {
		d.Base64 = *text
	}
	f.check(d.Topic != "", "topic", "a topic's name")
	f.check(partition >= 0 && partition <= math.MaxInt32, "partition", "a partition's number")
	f.check(offset >= 0, "offset", "an offset")
	f.check(forms(d) <= 1, "message", "one of message, text and base64")
	if _, err := d.Original(); err != nil {
		f.check(false, "base64", "base64")
	}
	if f.bad != nil {
		return DeadLetter{}, f.bad
	}
	return d, nil
}

// letterFields opens the object that holds the letter.
func (e Envelope) letterFields() *fields {
	if e.Type == TypeDeadLetter {
		return e.object(TypeDeadLetter)
	}
	text, err := e.Text()
	if bad, ok := errors.AsType[*Malformed](err); ok {
		return &fields{bad: bad}
	}
	f := readFields([]byte(text))
	f.path = "payload."
	return f
}

func forms(d DeadLetter) (n int) {
	for _, set := range []bool{d.Message != nil, d.Text != nil, d.Base64 != ""} {
		if set {
			n++
		}
	}
	return n
}

// optional reads a string that may be absent, or null.
func (f *fields) optional(name string) *string {
	if f.bad != nil || !f.has(name) {
		return nil
	}
	text := f.text(name)
	return &text
}
