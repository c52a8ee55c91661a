package event

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Envelope is what every message of the e-commerce system travels in: the payload, its type, and the way
// it has come.
//
// The type is written as a Java class's name with its package, because the course's Java reader loads the
// class of that name and ends where there is none. On reading, only the last part counts, so a type
// without a package is read too.
type Envelope struct {
	Type          string          // the last part of what stands in the message
	Payload       json.RawMessage // a JSON value, never null
	CorrelationID CorrelationID
}

// The types of a payload: the last parts of the class names.
const (
	TypeOrder  = "Order"
	TypeUser   = "User"
	TypeString = "String"

	// TypeDeadLetter is read and no longer written: no Java program has such a class. A dead letter is a
	// string.
	TypeDeadLetter = "DeadLetter"

	// TypeBytes is what the Java programs' dead letters have: a byte array, in Java's own spelling.
	TypeBytes = "[B"
)

// The class names that are written. The course's Java programs have the first two, each program its own copy.
const (
	classOrder  = "br.com.alura.ecommerce." + TypeOrder
	classUser   = "br.com.alura.ecommerce." + TypeUser
	classString = "java.lang." + TypeString
)

// envelopeJSON has the contract's field order.
type envelopeJSON struct {
	Type          string          `json:"type"`
	Payload       any             `json:"payload"`
	CorrelationID correlationJSON `json:"correlationId"`
}

type correlationJSON struct {
	ID CorrelationID `json:"id"`
}

// EncodeEnvelope writes a payload: an Order, a User, a DeadLetter or a string. A DeadLetter becomes a
// string that holds its JSON. A payload of any other type is an error.
func EncodeEnvelope(payload any, id CorrelationID) ([]byte, error) {
	var class string
	switch p := payload.(type) {
	case Order:
		class = classOrder
	case User:
		class = classUser
	case string:
		class = classString
	case DeadLetter:
		text, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("encode a dead letter: %w", err)
		}
		class, payload = classString, string(text)
	default:
		return nil, fmt.Errorf("encode an envelope: no type for a payload of %T", payload)
	}
	value, err := json.Marshal(envelopeJSON{Type: class, Payload: payload, CorrelationID: correlationJSON{ID: id}})
	if err != nil {
		return nil, fmt.Errorf("encode an envelope of %s: %w", class, err)
	}
	return value, nil
}

// DecodeEnvelope reads the value of a message. Fields that it does not know are ignored, and so are the
// payload's; that one is read by the methods. Every other value gives a *Malformed. It keeps no
// reference to value.
func DecodeEnvelope(value []byte) (Envelope, error) {
	f := readFields(value)
	name := f.text("type")
	id := f.object("correlationId")
	way := id.text("id")
	f.close(id)
	payload := f.any("payload")
	if f.bad != nil {
		return Envelope{}, f.bad
	}
	return Envelope{Type: lastPart(name), Payload: payload, CorrelationID: CorrelationID(way)}, nil
}

// lastPart is a Java class's name without its package, and without the class around an inner one.
func lastPart(class string) string { return class[strings.LastIndexAny(class, ".$")+1:] }

// want refuses a payload of another type.
func (e Envelope) want(name string) *Malformed {
	if e.Type != name {
		return malformed(ReasonWrongType, "field %q: want a type whose last part is %s", "type", name)
	}
	return nil
}

// Text reads the payload of a message that is one string. Its error is a *Malformed.
func (e Envelope) Text() (string, error) {
	f := e.inside()
	if f.bad = e.want(TypeString); f.bad != nil {
		return "", f.bad
	}
	text := f.text("payload")
	if f.bad != nil {
		return "", f.bad
	}
	return text, nil
}

// Bytes reads the payload of a Java program's dead letter: the message, byte by byte, as an array of
// numbers from -128 to 127. Its error is a *Malformed.
func (e Envelope) Bytes() ([]byte, error) {
	if bad := e.want(TypeBytes); bad != nil {
		return nil, bad
	}
	var signed []int8
	if err := json.Unmarshal(e.Payload, &signed); err != nil {
		return nil, malformed(ReasonWrongType, "field %q: want an array of numbers from -128 to 127", "payload")
	}
	value := make([]byte, len(signed))
	for i, b := range signed {
		value[i] = byte(b)
	}
	return value, nil
}

// inside opens the envelope to read the field payload.
func (e Envelope) inside() *fields {
	return &fields{members: map[string]json.RawMessage{"payload": e.Payload}}
}

// object opens a payload that is an object of the given type.
func (e Envelope) object(name string) *fields {
	f := e.inside()
	if f.bad = e.want(name); f.bad != nil {
		return f
	}
	return f.object("payload")
}
