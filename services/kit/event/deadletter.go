package event

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
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

// Put sets the original value, in the most readable form that it has.
func (d *DeadLetter) Put(value []byte) {
	switch {
	case value == nil:
	// A compact text comes back byte for byte; any other would not, and stays a text.
	case json.Valid(value) && isCompact(value):
		d.Message = bytes.Clone(value)
	case utf8.Valid(value):
		text := string(value)
		d.Text = &text
	default:
		d.Base64 = base64.StdEncoding.EncodeToString(value)
	}
}

// isCompact reports whether encoding value as JSON again gives the same bytes. Escapes of HTML would
// differ too: json.Marshal writes < as \u003c.
func isCompact(value []byte) bool {
	again, err := json.Marshal(json.RawMessage(value))
	return err == nil && bytes.Equal(again, value)
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

// DeadLetter reads the payload. Its error is a *Malformed.
func (e Envelope) DeadLetter() (DeadLetter, error) {
	if bad := e.want(TypeDeadLetter); bad != nil {
		return DeadLetter{}, bad
	}
	var d DeadLetter
	if err := json.Unmarshal(e.Payload, &d); err != nil {
		return DeadLetter{}, malformed(ReasonWrongType, "field %q: %w", "payload", err)
	}
	if d.Topic == "" {
		return DeadLetter{}, malformed(ReasonMissingField, "field %q is missing", "payload.topic")
	}
	return d, nil
}
