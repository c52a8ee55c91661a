package publish

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// loop is a publisher with one partition and a broker in the same goroutine, which acknowledges everything.
type loop struct {
	*Publisher
	broker  *broker
	out     *bufio.Writer
	outcome int
	scratch []byte
	answers []byte
	teller  teller
}

func newLoop(codec sarama.CompressionCodec) *loop {
	conf := kafka.Cluster{}.Config("test")
	conf.Producer.Compression = codec
	l := &loop{out: bufio.NewWriter(io.Discard)}
	l.Publisher = newPublisher(conf, Options{Outcomes: func(o []Outcome) { l.outcome += len(o) }})
	l.broker = &broker{publisher: l.Publisher, wake: make(chan struct{}, 1), compressor: newCompressor(codec)}
	part := &partition{publisher: l.Publisher, topic: "t", leader: l.broker, limit: l.batchLimit()}
	l.topics["t"] = &topic{name: "t", partitions: []*partition{part}, partitioner: conf.Producer.Partitioner("t")}
	l.broker.partitions = []*partition{part}
	return l
}

// turn sends what there is, and tells the outcomes.
func (l *loop) turn() error {
	for {
		l.broker.last = time.Time{} // do not pause
		r, _ := l.broker.collect()
		if r == nil {
			return nil
		}
		for _, batch := range r.batches {
			r.wire = append(r.wire, batch.seal(l.broker.compressor))
		}
		var err error
		if l.scratch, err = r.write(l.out, l.scratch, 0, l.conf); err != nil {
			return err
		}
		l.answers = appendAnswer(l.answers[:0], "t", 0, 0)
		if err := l.broker.answer(r, l.answers); err != nil {
			return err
		}
		l.broker.done(r, nil, true)
		l.tellWaiting(&l.teller)
	}
}

// appendAnswer is a broker's answer to a request of one partition.
func appendAnswer(dst []byte, topic string, code sarama.KError, offset int64) []byte {
	dst = appendString(binary.BigEndian.AppendUint32(dst, 1), topic)
	dst = binary.BigEndian.AppendUint32(dst, 1)
	dst = binary.BigEndian.AppendUint32(dst, 0) // the partition
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	dst = binary.BigEndian.AppendUint64(dst, uint64(offset))
	dst = append(dst, make([]byte, 8+8+4)...)            // times, no records
	dst = binary.BigEndian.AppendUint16(dst, ^uint16(0)) // no text
	return binary.BigEndian.AppendUint32(dst, 0)
}

func testMessage() *Message {
	value := []byte(fmt.Sprintf(`{"id_sequencia":1,"id_usuario":"34403","texto":"%0250d"}`, 1))
	return &Message{Topic: "t", Key: []byte("34403"), Value: value, Tag: new(int)}
}

// From Publish to the outcome a message allocates nothing; a batch of a thousand may, a little.
func TestMessagesAllocateNothing(t *testing.T) {
	for _, codec := range []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionLZ4, sarama.CompressionZSTD} {
		l, m := newLoop(codec), testMessage()
		const batch = 1000
		got := testing.AllocsPerRun(50, func() {
			for range batch {
				if err := l.Publish(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.turn(); err != nil {
				t.Fatal(err)
			}
		})
		if got > 20 {
			t.Errorf("%v: %.0f allocations for %d messages, want 20 at most", codec, got, batch)
		}
		if l.outcome != 51*batch || l.memory.lent != 0 {
			t.Errorf("%v: %d outcomes of %d, %d bytes lent", codec, l.outcome, 51*batch, l.memory.lent)
		}
	}
}

// While memory is short, and the brokers acknowledge batch after batch, batches stay as large as before.
func TestBatchesStayLargeWhenMemoryIsShort(t *testing.T) {
	l, m := newLoop(sarama.CompressionNone), testMessage()
	l.memory.limit = 1 << 20
	added := 0
	fill := func() {
		for {
			ok, err := l.add(m)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				return
			}
			added++
		}
	}
	fill()
	const rounds = 200
	for range rounds {
		l.broker.last = time.Time{}
		r, _ := l.broker.collect()
		if r == nil {
			t.Fatal("there is no memory, and nothing to send")
		}
		l.answers = appendAnswer(l.answers[:0], "t", 0, 0)
		if err := l.broker.answer(r, l.answers); err != nil {
			t.Fatal(err)
		}
		l.broker.done(r, nil, true)
		before := l.outcome
		l.tellWaiting(&l.teller)
		if n := l.outcome - before; n*maxSize(m) < l.batchLimit()/4 {
			t.Fatalf("a batch of %d messages, %d bytes, of %d", n, n*maxSize(m), l.batchLimit())
		}
		fill()
	}
}

// Many partitions have more memory together, up to a bound, unless the caller has said how much.
func TestMemoryGrowsWithPartitions(t *testing.T) {
	for _, c := range []struct{ partitions, option, want int }{
		{3, 0, DefaultMemory + 3*memoryPerPartition},
		{300, 0, DefaultMemory + 300*memoryPerPartition},
		{5000, 0, 2 * DefaultMemory},
		{5000, 1 << 20, 1 << 20},
	} {
		p := newPublisher(kafka.Cluster{}.Config("test"), Options{Topics: []string{"t"}, Memory: c.option})
		told := &sarama.TopicMetadata{Name: "t"}
		for n := range c.partitions {
			told.Partitions = append(told.Partitions, &sarama.PartitionMetadata{ID: int32(n), Leader: -1})
		}
		if err := p.learn(&sarama.MetadataResponse{Topics: []*sarama.TopicMetadata{told}}); err != nil {
			t.Fatal(err)
		}
		if p.memory.limit != c.want {
			t.Errorf("%d partitions, option %d: %d bytes, want %d", c.partitions, c.option, p.memory.limit, c.want)
		}
		p.stop()
	}
}

// Nanoseconds and allocations for a message, from Publish to its outcome, without a network.
func BenchmarkMessage(b *testing.B) {
	for _, codec := range []sarama.CompressionCodec{
		sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD,
	} {
		b.Run(codec.String(), func(b *testing.B) {
			l, m := newLoop(codec), testMessage()
			b.ReportAllocs()
			b.SetBytes(int64(len(m.Value)))
			for n := 0; b.Loop(); n++ {
				if err := l.Publish(b.Context(), m); err != nil {
					b.Fatal(err)
				}
				if n%1000 == 999 {
					if err := l.turn(); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkAppendRecord(b *testing.B) {
	m, buffer := testMessage(), make([]byte, 0, 4<<10)
	b.ReportAllocs()
	b.SetBytes(int64(len(m.Value)))
	for b.Loop() {
		buffer = appendRecord(buffer[:0], 5, 100, m)
	}
}

func TestVarintSize(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for range 10_000 {
		v := int64(rng.Uint64()) >> rng.IntN(64)
		if got, want := varintSize(v), len(binary.AppendVarint(nil, v)); got != want {
			t.Fatalf("%d: %d bytes, want %d", v, got, want)
		}
	}
}

// No message needs more than was reserved for it.
func TestMaxSize(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	for range 10_000 {
		m := &Message{Key: make([]byte, rng.IntN(200)), Value: make([]byte, rng.IntN(20_000))}
		for range rng.IntN(5) {
			m.Headers = append(m.Headers, sarama.RecordHeader{Key: make([]byte, rng.IntN(200)), Value: make([]byte, rng.IntN(20))})
		}
		record := appendRecord(nil, -int64(rng.Uint64()>>1), rng.IntN(1<<30), m)
		if len(record) > maxSize(m) {
			t.Fatalf("%d bytes, %d reserved", len(record), maxSize(m))
		}
	}
}

// Every buffer comes back, and the limit holds with what is kept.
func TestMemory(t *testing.T) {
	const limit = 4 << 20
	rng := rand.New(rand.NewPCG(3, 0))
	m := &memory{limit: limit}
	type loan struct {
		buffer []byte
		n      int
	}
	var loans []loan
	for range 10_000 {
		if n := 1 + rng.IntN(1<<rng.IntN(22)); rng.IntN(2) == 0 {
			if buffer := m.take(n); buffer != nil {
				if len(buffer) != 0 || cap(buffer) < n {
					t.Fatalf("asked for %d, got %d of %d", n, len(buffer), cap(buffer))
				}
				loans = append(loans, loan{buffer, n})
			} else if m.lent+max(n, 1<<20) <= limit {
				t.Fatalf("nothing for %d, with %d lent", n, m.lent)
			}
		} else if len(loans) > 0 {
			i := rng.IntN(len(loans))
			m.give(loans[i].buffer, loans[i].n)
			loans[i] = loans[len(loans)-1]
			loans = loans[:len(loans)-1]
		}
		if m.lent+m.kept > limit {
			t.Fatalf("%d lent and %d kept, limit %d", m.lent, m.kept, limit)
		}
	}
	for _, l := range loans {
		m.give(l.buffer, l.n)
	}
	if m.lent != 0 {
		t.Errorf("%d still lent", m.lent)
	}
}

func TestClosedWithoutMessages(t *testing.T) {
	l := newLoop(sarama.CompressionNone)
	go l.report()
	done := make(chan struct{})
	go func() { defer close(done); l.Close(t.Context()) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("Close does not return")
	}
}

// Whatever a broker answers, decode ends, and says when it is cut off.
func FuzzDecode(f *testing.F) {
	f.Add(appendAnswer(nil, "t", 0, 5))
	f.Add([]byte{0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, body []byte) {
		count := 0
		_ = decode(body, func([]byte, int32, answer) { count++ })
		if count > len(body) {
			t.Errorf("%d answers in %d bytes", count, len(body))
		}
	})
}

func TestDecodeCutOff(t *testing.T) {
	whole := appendAnswer(nil, "t", sarama.ErrNotEnoughReplicas, 5)
	for n := range whole {
		if err := decode(whole[:n], func([]byte, int32, answer) {}); err == nil {
			t.Errorf("the first %d of %d bytes are no mistake", n, len(whole))
		}
	}
	var got answer
	if err := decode(whole, func(topic []byte, partition int32, a answer) { got = a }); err != nil {
		t.Fatal(err)
	}
	if got.code != sarama.ErrNotEnoughReplicas || got.offset != 5 {
		t.Errorf("%+v", got)
	}
}
