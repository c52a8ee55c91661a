package history

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// appendJSON appends the entry as encoding/json writes it, byte for byte. It allocates only where dst has no room, or
// a text needs more than quotes around it. Years beyond 9999, which encoding/json refuses, no clock has.
func (e *Entry) appendJSON(dst []byte) []byte { return e.appendStep(e.appendOrigin(dst)) }

// appendOrigin appends the first fields, which are the same in each line of a batch.
func (e *Entry) appendOrigin(dst []byte) []byte {
	dst = e.At.AppendFormat(append(dst, `{"at":"`...), time.RFC3339Nano)
	dst = appendText(dst, `","program":`, e.Program)
	return appendText(dst, `,"session":`, e.Session)
}

// appendStep appends all that is behind the origin.
func (e *Entry) appendStep(dst []byte) []byte {
	dst = strconv.AppendUint(append(dst, `,"op":`...), e.Operation, 10)
	dst = appendText(dst, `,"step":`, string(e.Step))
	dst = appendText(dst, `,"phase":`, string(e.Phase))
	if e.Stream != "" {
		dst = appendText(dst, `,"stream":`, e.Stream)
	}
	if e.Number != 0 {
		dst = strconv.AppendInt(append(dst, `,"number":`...), int64(e.Number), 10)
	}
	if e.Topic != "" {
		dst = appendText(dst, `,"topic":`, e.Topic)
	}
	dst = strconv.AppendInt(append(dst, `,"partition":`...), int64(e.Partition), 10)
	dst = strconv.AppendInt(append(dst, `,"offset":`...), e.Offset, 10)
	if e.Transaction != 0 {
		dst = strconv.AppendUint(append(dst, `,"transaction":`...), e.Transaction, 10)
	}
	if e.Error != "" {
		dst = appendText(dst, `,"error":`, e.Error)
	}
	return append(dst, '}')
}

// appendText appends the name of a field, with all that stands around it, and its value s.
func appendText(dst []byte, name, s string) []byte {
	dst = append(dst, name...)
	for i := range len(s) {
		if !plain[s[i]] {
			return appendQuoted(dst, s)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// plain has the bytes that encoding/json writes as they are. It escapes < > & too, so that JSON can stand in HTML.
var plain = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = !strings.ContainsRune(`"\<>&`, c)
	}
	return plain
}()

func appendQuoted(dst []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string: nothing that could fail
	return append(dst, quoted...)
}
