package stream

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
)

// Separator begins the block that a service prints of each message, as the Java programs do.
const Separator = "------------------------------------------"

// IdempotencyKey is the header of an e-mail command that names the request behind it: commands that
// differ in their correlation ids and not in this one are the same e-mail.
const IdempotencyKey = "idempotency-key"

// Header is the value of a message's header, empty where it has none of that name. Of several the last
// counts.
func (r Received) Header(name string) string {
	value := ""
	for _, h := range r.Record.Headers {
		if string(h.Key) == name {
			value = string(h.Value)
		}
	}
	return value
}

// OrderName identifies an order on a topic: its id or, where the sender gave none, its record.
func OrderName(o event.Order, msg *sarama.ConsumerMessage) string {
	if o.ID != "" {
		return o.ID
	}
	return fmt.Sprintf("%s/%d/%d", msg.Topic, msg.Partition, msg.Offset)
}

// maxShown keeps one message from filling the screen.
const maxShown = 16 << 10

// Show is a key or a value for the screen. Bytes that are no text, and those that would move the cursor
// or forge a line, are quoted as in Go; null is the word null.
func Show(b []byte) string {
	if b == nil {
		return "null"
	}
	cut := ""
	if len(b) > maxShown {
		cut = fmt.Sprintf("... (%d bytes)", len(b))
		b = b[:maxShown]
		for range utf8.UTFMax - 1 { // the cut may be within a character
			if r, size := utf8.DecodeLastRune(b); r != utf8.RuneError || size != 1 {
				break
			}
			b = b[:len(b)-1]
		}
	}
	text := string(b)
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable) {
		return strconv.Quote(text) + cut
	}
	return text + cut
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }
