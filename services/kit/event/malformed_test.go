package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// unreadable is what no decoder accepts, whatever its fields.
var unreadable = []struct {
	name   string
	value  []byte
	reason string
}{
	{"tombstone", nil, ReasonTombstone},
	{"empty", []byte{}, ReasonEmpty},
	{"blank", []byte(" \n"), ReasonNotJSON},
	{"plain text", []byte("hello"), ReasonNotJSON},
	{"python repr", []byte("{'id': 1}"), ReasonNotJSON},
	{"truncated", []byte(`{"id":1,"event":"go`), ReasonNotJSON},
	{"two values", []byte(`{"id":1}{"id":2}`), ReasonNotJSON},
	{"trailing comma", []byte(`{"id":1,}`), ReasonNotJSON},
	{"trailing zero byte", []byte("{}\x00"), ReasonNotJSON},
	{"byte order mark", []byte("\ufeff{}"), ReasonNotJSON},
	{"python NaN", []byte(`{"timestamp":NaN}`), ReasonNotJSON},
	{"control character", []byte("{\"id\":\"\x01\"}"), ReasonNotJSON},
	{"schema registry frame", []byte("\x00\x00\x00\x00\x07{}"), ReasonNotJSON},
	{"1 MiB of text", bytes.Repeat([]byte("x"), 1<<20), ReasonNotJSON},
	{"1 MiB of brackets", bytes.Repeat([]byte("["), 1<<20), ReasonNotJSON},
	{"1 MiB of 0xff", bytes.Repeat([]byte{0xff}, 1<<20), ReasonNotUTF8},
	{"latin-1 in a text", []byte("{\"event\":\"S\xe3o\"}"), ReasonNotUTF8},
	{"latin-1 in an unknown key", []byte("{\"S\xe3o\":1}"), ReasonNotUTF8},
	{"literal null", []byte("null"), ReasonWrongType},
	{"array", []byte(" []"), ReasonWrongType},
	{"number", []byte("5"), ReasonWrongType},
	{"1 MiB of digits", bytes.Repeat([]byte("7"), 1<<20), ReasonWrongType},
	{"string", []byte(`"goal"`), ReasonWrongType},
	{"boolean", []byte("true"), ReasonWrongType},
	{"no fields", []byte("{}"), ReasonMissingField},
	{"other fields", []byte(`{"numero":0,"mensagem":1}`), ReasonMissingField},
}

func TestUnreadable(t *testing.T) {
	for _, c := range unreadable {
		_, err := DecodeTransaction(c.value)
		checkMalformed(t, "transaction, "+c.name, err, c.reason, "")
		_, err = DecodeScoreEvent(c.value)
		checkMalformed(t, "score event, "+c.name, err, c.reason, "")
	}
}

func TestMalformedUnwraps(t *testing.T) {
	_, err := DecodeScoreEvent([]byte(`{"id":1`))
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) || syntax.Offset != 7 {
		t.Errorf("got %#v, want a *json.SyntaxError at offset 7", syntax)
	}
}

// edit is a readable message with one replacement, and what becomes of it. With field empty the
// message stays readable.
type edit struct {
	old, new string
	reason   string
	field    string
}

// value applies the edit; an edit that changes nothing would prove nothing.
func (e edit) value(t *testing.T, message []byte) []byte {
	t.Helper()
	value := bytes.Replace(message, []byte(e.old), []byte(e.new), 1)
	if e.old != e.new && bytes.Equal(value, message) {
		t.Fatalf("%s: nothing to replace in %s", e.old, message)
	}
	return value
}

// checkMalformed holds an error against its reason, its length, and the field that it must name.
func checkMalformed(t *testing.T, name string, err error, reason, field string) {
	t.Helper()
	bad, ok := err.(*Malformed) // the very type: nobody wraps it on the way
	if !ok {
		t.Errorf("%s: got %v, want a *Malformed", name, err)
		return
	}
	if bad.Reason != reason {
		t.Errorf("%s: got reason %q, want %q (%v)", name, bad.Reason, reason, err)
	}
	if field != "" && !strings.Contains(err.Error(), `"`+field+`"`) {
		t.Errorf("%s: got %q, want the field %q named", name, err, field)
	}
	if len(err.Error()) > 200 {
		t.Errorf("%s: got an error text of %d bytes, want a short one", name, len(err.Error()))
	}
	if bad.Unwrap() == nil {
		t.Errorf("%s: got no cause, want one", name)
	}
}
