package publish

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// Produce requests are version 8 of the protocol: the first whose answer names refused records (KIP-467), known to every
// broker from Kafka 2.4 on. Sarama's ProduceRequest would encode the records, which are encoded already.
const (
	apiProduce     = 0
	produceVersion = 8
)

// request is a batch for each of some partitions with one leader, sorted by topic.
type request struct {
	batches []*batch // nil once it has its answer
	wire    [][]byte // as they are sent
	sent    time.Time
	next    int // where the next answer probably belongs
}

// size is how many bytes the request takes behind its own length, and topics how many topics it has.
func (r *request) size(conf *sarama.Config) (size, topics int) {
	size = 2 + 2 + 4 + 2 + len(conf.ClientID) + 2 + 2 + 4 + 4
	topic := ""
	for i, b := range r.batches {
		if b.partition.topic != topic {
			topic = b.partition.topic
			topics++
			size += 2 + len(topic) + 4
		}
		size += 4 + 4 + len(r.wire[i])
	}
	return size, topics
}

// write writes the request. The size comes first in the protocol, so it is added up beforehand.
func (r *request) write(w *bufio.Writer, scratch []byte, correlation int32, conf *sarama.Config) ([]byte, error) {
	size, topics := r.size(conf)
	buf := binary.BigEndian.AppendUint32(scratch[:0], uint32(size))
	buf = binary.BigEndian.AppendUint16(buf, apiProduce)
	buf = binary.BigEndian.AppendUint16(buf, produceVersion)
	buf = binary.BigEndian.AppendUint32(buf, uint32(correlation))
	buf = appendString(buf, conf.ClientID)
	buf = binary.BigEndian.AppendUint16(buf, ^uint16(0)) // no transactional id
	buf = binary.BigEndian.AppendUint16(buf, uint16(conf.Producer.RequiredAcks))
	buf = binary.BigEndian.AppendUint32(buf, uint32(conf.Producer.Timeout.Milliseconds()))
	buf = binary.BigEndian.AppendUint32(buf, uint32(topics))
	topic := ""
	for i, b := range r.batches {
		if b.partition.topic != topic {
			topic = b.partition.topic
			buf = appendString(buf, topic)
			buf = binary.BigEndian.AppendUint32(buf, uint32(r.partitionsFrom(i)))
		}
		buf = binary.BigEndian.AppendUint32(buf, uint32(b.partition.id))
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(r.wire[i])))
		if _, err := w.Write(buf); err != nil {
			return buf, err
		}
		if _, err := w.Write(r.wire[i]); err != nil {
			return buf, err
		}
		buf = buf[:0]
	}
	return buf, w.Flush()
}

// partitionsFrom counts the batches from i on that share its topic.
func (r *request) partitionsFrom(i int) int {
	n := 0
	for _, b := range r.batches[i:] {
		if b.partition.topic != r.batches[i].partition.topic {
			break
		}
		n++
	}
	return n
}

func appendString(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}

// take returns the batch for a partition and forgets it; nil where it has none. Brokers mostly answer in order.
func (r *request) take(topic []byte, partition int32) *batch {
	for i := range r.batches {
		at := (r.next + i) % len(r.batches)
		if b := r.batches[at]; b != nil && b.partition.id == partition && b.partition.topic == string(topic) {
			r.batches[at], r.next = nil, at+1
			return b
		}
	}
	return nil
}

// answer is what a broker says of a batch.
type answer struct {
	code    sarama.KError
	offset  int64            // of the first record
	refused map[int32]string // reasons by the record's index in the batch, where the broker names records
	message string
}

// err is nil where the records are in the log, whichever attempt has put them there.
func (a answer) err() error {
	switch {
	case a.code == sarama.ErrNoError || a.code == sarama.ErrDuplicateSequenceNumber:
		return nil
	case len(a.refused) == 0 && a.message == "":
		return a.code
	}
	e := &refusedError{code: a.code, message: a.message, records: map[int32]error{}}
	for i, reason := range a.refused {
		e.records[i] = &refusedError{code: a.code, message: reason}
	}
	return e
}

// refusedError is a broker's error with its own words.
type refusedError struct {
	code    sarama.KError
	message string
	records map[int32]error
}

func (e *refusedError) Error() string {
	if e.message == "" {
		return e.code.Error()
	}
	return fmt.Sprintf("%v (%s)", e.code, e.message)
}

func (e *refusedError) Unwrap() error { return e.code }

var errMalformed = errors.New("the broker's answer is cut off")

// decode calls each for every partition in the body of an answer.
func decode(body []byte, each func(topic []byte, partition int32, a answer)) error {
	d := &decoder{rest: body}
	for topics := d.int32(); topics > 0 && !d.short; topics-- {
		topic := d.bytes(int(d.int16()))
		for partitions := d.int32(); partitions > 0 && !d.short; partitions-- {
			partition := d.int32()
			a := answer{code: sarama.KError(d.int16()), offset: d.int64()}
			d.int64() // the time of the log
			d.int64() // the log's first offset
			for refused := d.int32(); refused > 0 && !d.short; refused-- {
				index := d.int32()
				if a.refused == nil {
					a.refused = map[int32]string{}
				}
				a.refused[index] = string(d.bytes(int(d.int16())))
			}
			a.message = string(d.bytes(int(d.int16())))
			if d.short {
				return errMalformed
			}
			each(topic, partition, a)
		}
	}
	if d.int32(); d.short { // the time by which the broker slows its clients down; it holds back the answer itself
		return errMalformed
	}
	return nil
}

// decoder reads numbers and texts; after the end everything is 0.
type decoder struct {
	rest  []byte
	short bool
}

// bytes is what the next n bytes are; null has n = -1.
func (d *decoder) bytes(n int) []byte {
	if n < 0 {
		return nil
	}
	if n > len(d.rest) {
		d.rest, d.short = nil, true
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) int16() int16 {
	if b := d.bytes(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (d *decoder) int32() int32 {
	if b := d.bytes(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (d *decoder) int64() int64 {
	if b := d.bytes(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}
