package deadletter

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/service"
)

// The forms in which a dead letter comes.
const (
	formJSON = "json" // ours
	formJava = "java" // the Java programs': the original's bytes, as an array of numbers
	formRaw  = "raw"  // any other, and ours where the readable one would have been too large
)

// letter is a dead letter of whatever form. What it does not say is empty, and its place -1.
type letter struct {
	form          string
	topic         string // where the message stood
	partition     int32
	offset        int64
	service       string
	reason, error string
	attempt       int
	at            string // RFC 3339
	way           event.CorrelationID
	message       []byte // the original's value; nil where it was null
}

// readLetter reads a letter of any form; one that it cannot read is as raw as it came.
func readLetter(msg *sarama.ConsumerMessage) letter {
	envelope, err := event.DecodeEnvelope(msg.Value)
	if err == nil {
		if d, err := envelope.DeadLetter(); err == nil {
			if original, err := d.Original(); err == nil {
				return letter{formJSON, d.Topic, d.Partition, d.Offset, d.Service, d.Reason, d.Error, d.Attempt, d.At, envelope.CorrelationID, original}
			}
		}
	}
	l := fromHeaders(msg)
	if err == nil {
		l.way = envelope.CorrelationID
		if original, err := envelope.Bytes(); err == nil {
			l.readJava(original, envelope.CorrelationID)
		}
	}
	return l
}

// fromHeaders reads what every dead letter of the workshop carries beside its value. A foreign one has
// nothing of it.
func fromHeaders(msg *sarama.ConsumerMessage) letter {
	l := letter{form: formRaw, partition: -1, offset: -1, attempt: 1, reason: unknownReason, message: msg.Value}
	for _, h := range msg.Headers { // the last of a name counts
		value := string(h.Value)
		switch string(h.Key) {
		case "dlq.topic":
			l.topic = value
		case "dlq.partition":
			if n, err := strconv.ParseInt(value, 10, 32); err == nil {
				l.partition = int32(n)
			}
		case "dlq.offset":
			if n, err := strconv.ParseInt(value, 10, 64); err == nil {
				l.offset = n
			}
		case "dlq.reason":
			l.reason = value
		case "dlq.error":
			l.error = value
		case "dlq.service":
			l.service = value
		case "dlq.at":
			l.at = value
		case "dlq.attempt":
			if n, err := strconv.Atoi(value); err == nil {
				l.attempt = n
			}
		}
	}
	return l
}

// unknownReason is the reason of a letter that gives none.
const unknownReason = "unknown"

// readJava takes in a Java program's letter: the original message with its envelope, whose way tells the
// topic that it came from, but not where it stood there.
func (l *letter) readJava(value []byte, way event.CorrelationID) {
	l.form, l.message = formJava, value
	if original, err := event.DecodeEnvelope(value); err == nil {
		way = original.CorrelationID
	}
	for _, hop := range way.Hops() {
		if topic, ok := strings.CutPrefix(hop.Title, "_"); ok && l.topic != topic {
			l.topic = topic
		}
	}
}

// block is the letter on the screen.
func (l letter) block(lang service.Lang, msg *sarama.ConsumerMessage) string {
	w := service.Pick(lang, portuguese, english)
	place := "?"
	if l.topic != "" {
		place = stream.Show([]byte(l.topic))
	}
	if l.partition >= 0 && l.offset >= 0 {
		place += fmt.Sprintf(w.place, l.partition, l.offset)
	}
	lines := []string{
		stream.Separator,
		fmt.Sprintf(w.title, msg.Partition, msg.Offset),
		w.from + place,
		w.reason + stream.Show([]byte(l.reason)) + fmt.Sprintf(w.attempt, l.attempt),
	}
	for _, line := range [][2]string{{w.service, l.service}, {w.error, l.error}, {w.way, string(l.way)}} {
		if line[1] != "" {
			lines = append(lines, line[0]+stream.Show([]byte(line[1])))
		}
	}
	lines = append(lines, w.key+stream.Show(msg.Key), w.message+stream.Show(l.message))
	return strings.Join(lines, "\n")
}

type words struct{ title, from, place, reason, attempt, service, error, way, key, message string }

var (
	portuguese = words{
		title: "Mensagem morta: partição %d, offset %d", from: "origem: ", place: ", partição %d, offset %d",
		reason: "motivo: ", attempt: " (tentativa %d)", service: "serviço: ", error: "erro: ", way: "caminho: ", key: "chave: ",
		message: "mensagem: ",
	}
	english = words{
		title: "Dead letter: partition %d, offset %d", from: "origin: ", place: ", partition %d, offset %d",
		reason: "reason: ", attempt: " (attempt %d)", service: "service: ", error: "error: ", way: "path: ", key: "key: ", message: "message: ",
	}
)
