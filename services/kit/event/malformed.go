package event

import "fmt"

// The reasons for which a message cannot be read. They travel in the header dlq.reason of a dead
// letter and label a metric, so there are few of them and they never carry the message's content.
const (
	ReasonTombstone    = "tombstone"     // the value is null: to Kafka a deletion, to us no event
	ReasonEmpty        = "empty"         // the value is there, and zero bytes long
	ReasonNotUTF8      = "not-utf8"      // some bytes are not UTF-8, so they cannot be JSON either
	ReasonNotJSON      = "not-json"      // not JSON, cut short, or followed by something else
	ReasonWrongType    = "wrong-type"    // JSON of another type: a text for a number, null, no object
	ReasonMissingField = "missing-field" // a required field is absent, or spelled in another case
	ReasonInvalidValue = "invalid-value" // the right type, but a value that the contract excludes
)

// Reasons is every reason there is, for metrics whose series have to exist before the first mishap.
var Reasons = []string{
	ReasonTombstone, ReasonEmpty, ReasonNotUTF8, ReasonNotJSON, ReasonWrongType, ReasonMissingField, ReasonInvalidValue,
}

// Malformed says that a message cannot be read, now or on any later attempt: retrying is useless,
// so a consumer sends the message to the dead-letter topic, or stops. Both decoders return a
// *Malformed, and nothing else, for every value that they refuse.
type Malformed struct {
	Reason string // one of the Reason constants
	Err    error  // what is wrong and with which field; never nil when it comes from a decoder
}

// Error is short however long the message is, and names the field at fault but not what stands in
// it: a message may hold names and addresses, which do not belong in a log.
func (m *Malformed) Error() string {
	return fmt.Sprintf("malformed message (%s): %v", m.Reason, m.Err)
}

// Unwrap gives the cause; for not-json that is a *json.SyntaxError, which knows the byte offset.
func (m *Malformed) Unwrap() error { return m.Err }

// malformed builds a Malformed whose cause is formatted as by fmt.Errorf.
func malformed(reason, format string, args ...any) *Malformed {
	return &Malformed{Reason: reason, Err: fmt.Errorf(format, args...)}
}
