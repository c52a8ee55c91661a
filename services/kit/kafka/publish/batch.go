package publish

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"time"

	"github.com/IBM/sarama"
)

// headerSize is how many bytes stand before the records of a batch. The format is number 2, of KIP-98:
//
//	 0  first offset          27  time of the first record
//	 8  length, from here on  35  latest time of a record
//	12  leader epoch          43  producer id
//	16  format, 2             51  producer epoch
//	17  CRC-32C, from 21 on   53  sequence of the first record
//	21  attributes: codec     57  number of records
//	23  last offset, relative 61  the records
const headerSize = 61

// recordOverhead is the most that a record without headers takes besides its key and its value.
const recordOverhead = 5*binary.MaxVarintLen32 + binary.MaxVarintLen64 + 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// batch is records of one partition, which go out together and share their outcome.
type batch struct {
	partition *partition
	records   []byte // room for the header, then the records as they were added
	packed    []byte // room for the header, then the records compressed; empty before the first sending, and without a codec
	room      int    // what packed was lent for
	tags      []any  // of the messages; there is one for each record
	first     int64  // time of the first record, Unix ms
	latest    int64
	began     time.Time // when the first record came
	full      bool      // it takes no more records

	// Once a batch is sent it has a number, and keeps it in every retry: so the broker knows it again.
	numbered   bool
	producerID int64
	epoch      int16
	sequence   int32 // of its first record
	again      bool  // this is not the first attempt

	maybe bool  // an attempt ended without a clear answer: the records may be in the log
	err   error // of the last attempt

	outcome Outcome // of all its messages; the first has this offset
	reasons []error // why each was refused, where every message has a reason of its own
}

// add appends a record. The caller has made room for it.
func (b *batch) add(m *Message, at int64) {
	if len(b.tags) == 0 {
		b.first, b.latest = at, at
	}
	b.latest = max(b.latest, at)
	b.records = appendRecord(b.records, at-b.first, len(b.tags), m)
	b.tags = append(b.tags, m.Tag)
}

// appendRecord encodes a record: lengths and numbers are varints, times and offsets relative to the batch's first.
func appendRecord(dst []byte, after int64, index int, m *Message) []byte {
	size := 1 + varintSize(after) + varintSize(int64(index)) + bytesSize(m.Key) + bytesSize(m.Value) + varintSize(int64(len(m.Headers)))
	for _, h := range m.Headers {
		size += bytesSize(nonNil(h.Key)) + bytesSize(h.Value)
	}
	dst = binary.AppendVarint(dst, int64(size))
	dst = append(dst, 0) // attributes, of which there are none
	dst = binary.AppendVarint(dst, after)
	dst = binary.AppendVarint(dst, int64(index))
	dst = appendBytes(dst, m.Key)
	dst = appendBytes(dst, m.Value)
	dst = binary.AppendVarint(dst, int64(len(m.Headers)))
	for _, h := range m.Headers {
		dst = appendBytes(appendBytes(dst, nonNil(h.Key)), h.Value)
	}
	return dst
}

// appendBytes encodes b; nil is null, which is not the same as empty: a null value is a tombstone.
func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return binary.AppendVarint(dst, -1)
	}
	return append(binary.AppendVarint(dst, int64(len(b))), b...)
}

func bytesSize(b []byte) int {
	if b == nil {
		return 1
	}
	return varintSize(int64(len(b))) + len(b)
}

// nonNil is for the key of a header, which may be empty, but not null.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// varintSize is the length of v as a varint in zigzag.
func varintSize(v int64) int {
	return (bits.Len64(uint64(v<<1^v>>63)|1) + 6) / 7
}

// maxSize is the most that m can take in a batch.
func maxSize(m *Message) int {
	size := recordOverhead + len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		size += 2*binary.MaxVarintLen32 + len(h.Key) + len(h.Value)
	}
	return size
}

// seal returns the batch as it goes over the wire. The records are compressed once, the header is written anew for each
// attempt.
func (b *batch) seal(c *compressor) []byte {
	wire, codec := b.records, sarama.CompressionNone
	if c.codec != sarama.CompressionNone {
		if len(b.packed) == 0 {
			b.packed = c.compress(b.packed[:headerSize], b.records[headerSize:])
		}
		wire, codec = b.packed, c.codec
	}
	h := wire[:headerSize]
	binary.BigEndian.PutUint64(h[0:], 0)
	binary.BigEndian.PutUint32(h[8:], uint32(len(wire)-12))
	binary.BigEndian.PutUint32(h[12:], ^uint32(0)) // the broker fills it in
	h[16] = 2
	binary.BigEndian.PutUint16(h[21:], uint16(codec))
	binary.BigEndian.PutUint32(h[23:], uint32(len(b.tags)-1))
	binary.BigEndian.PutUint64(h[27:], uint64(b.first))
	binary.BigEndian.PutUint64(h[35:], uint64(b.latest))
	binary.BigEndian.PutUint64(h[43:], uint64(b.producerID))
	binary.BigEndian.PutUint16(h[51:], uint16(b.epoch))
	binary.BigEndian.PutUint32(h[53:], uint32(b.sequence))
	binary.BigEndian.PutUint32(h[57:], uint32(len(b.tags)))
	binary.BigEndian.PutUint32(h[17:], crc32.Checksum(wire[21:], castagnoli))
	return wire
}

// divide appends a copy of each record to the batch that to returns for its index, in order. A batch has room for all.
func (b *batch) divide(to func(index int) *batch) {
	rest := b.records[headerSize:]
	for i, tag := range b.tags {
		size, n := binary.Varint(rest)
		record := rest[n : n+int(size)]
		rest = rest[n+int(size):]
		_, after := binary.Varint(record[1:])
		_, index := binary.Varint(record[1+after:])
		head, tail := record[:1+after], record[1+after+index:]

		dst := to(i)
		dst.first, dst.latest, dst.began = b.first, b.latest, b.began
		dst.records = binary.AppendVarint(dst.records, int64(len(head)+varintSize(int64(len(dst.tags)))+len(tail)))
		dst.records = append(dst.records, head...)
		dst.records = binary.AppendVarint(dst.records, int64(len(dst.tags)))
		dst.records = append(dst.records, tail...)
		dst.tags = append(dst.tags, tag)
	}
}
