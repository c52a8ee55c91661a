package history

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

// FuzzAppendJSON compares an entry's JSON with that of encoding/json, byte for byte.
func FuzzAppendJSON(f *testing.F) {
	f.Add(int64(0), int64(0), 0, "producer", "0a1b2c3d", uint64(1), "send", "intent", "42", 7, "transactions", int32(None), int64(None),
		uint64(0), "")
	f.Add(int64(1<<35), int64(999_999_999), -3*3600, "p", "s", uint64(math.MaxUint64), "commit", "fail", "", 0, "", int32(math.MinInt32),
		int64(math.MaxInt64), uint64(9), `quote " backslash \ <html> & é 🙂 `+"\u2028\x00\x1f\x7f\xff\ttab\nline")
	f.Add(int64(1), int64(120_000_000), 5*3600+1800, "<", ">", uint64(10), "&", `"`, `\`, math.MinInt, "\xed\xa0\xbd", int32(1), int64(1),
		uint64(1), "\x80")
	f.Fuzz(func(t *testing.T, seconds, nanoseconds int64, zone int, program, session string, operation uint64, step, phase, stream string,
		number int, topic string, partition int32, offset int64, transaction uint64, cause string) {
		e := Entry{
			At: time.Unix(seconds, nanoseconds).In(time.FixedZone("", zone)), Program: program, Session: session, Operation: operation,
			Step: Step(step), Phase: Phase(phase), Error: cause,
			Subject: Subject{Stream: stream, Number: number, Topic: topic, Partition: partition, Offset: offset, Transaction: transaction},
		}
		want, err := json.Marshal(e)
		if err != nil {
			return // a time that JSON cannot hold, which no clock has
		}
		if got := e.appendJSON([]byte("before")); string(got) != "before"+string(want) {
			t.Errorf("got  %s\nwant before%s", got, want)
		}
	})
}

// sent is an entry as the producer makes most.
func sent(n int) Entry {
	return Entry{
		At:      time.Date(2026, 11, 29, 12, 0, 0, 123456789, time.UTC).Add(time.Duration(n) * time.Microsecond),
		Program: "producer", Session: "0a1b2c3d", Operation: uint64(n), Step: Send, Phase: OK,
		Subject: Subject{Stream: "34403", Number: n, Topic: "transactions", Partition: int32(n % 3), Offset: int64(n)},
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	e := sent(123456)
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text = e.appendJSON(text[:0])
	}
}
