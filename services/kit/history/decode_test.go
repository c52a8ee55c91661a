package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

const line = `{"at":"2026-11-29T12:00:00.5Z","program":"producer","session":"0a1b2c3d","op":12,"step":"send","phase":"ok",` +
	`"stream":"42","number":7,"topic":"transactions","partition":2,"offset":9,"transaction":3,"error":"no answer"}`

// variants are lines that differ from a recorder's in one point.
var variants = []struct{ old, new string }{
	{"", ""},
	{`"transaction":3,"error":"no answer"`, `"transaction":3`},
	{`,"transaction":3,"error":"no answer"`, ``},
	{`"stream":"42","number":7,"topic":"transactions",`, ``},
	{`"op":12`, `"op":0`}, {`"op":12`, `"op":-12`}, {`"op":12`, `"op":-0`}, {`"op":12`, `"op":012`}, {`"op":12`, `"op":1.0`},
	{`"op":12`, `"op":1e1`}, {`"op":12`, `"op":"12"`}, {`"op":12`, `"op":null`}, {`"op":12`, `"op":`},
	{`"op":12`, `"op":18446744073709551615`},
	{`"op":12`, `"op":18446744073709551616`}, {`"op":12`, `"op":999999999999999999`}, {`"op":12`, `"op":1000000000000000000`},
	{`"op":12`, `"op": 12`}, {`"op":12`, `"OP":12`}, {`"op":12`, `"op":12,"op":13`}, {`"op":12,`, ``},
	{`"op":12,`, `"new":[{}],"op":12,`},
	{`"number":7`, `"number":0`}, {`"number":7`, `"number":-7`}, {`"number":7`, `"number":-0`}, {`"number":7`, `"number":--7`},
	{`"number":7`, `"number":-`},
	{`"number":7`, `"number":00`}, {`"number":7`, `"number":9223372036854775807`}, {`"number":7`, `"number":9223372036854775808`},
	{`"partition":2`, `"partition":-1`}, {`"partition":2`, `"partition":2147483647`}, {`"partition":2`, `"partition":2147483648`},
	{`"partition":2`, `"partition":-2147483648`}, {`"partition":2`, `"partition":-2147483649`}, {`"partition":2,`, ``},
	{`"offset":9`, `"offset":-9223372036854775808`}, {`"offset":9`, `"offset":true`},
	{`12:00:00.5Z`, `12:00:00Z`}, {`12:00:00.5Z`, `12:00:00.123456789Z`}, {`12:00:00.5Z`, `12:00:00.1234567891Z`},
	{`12:00:00.5Z`, `12:00:00,5Z`},
	{`12:00:00.5Z`, `12:00:00+02:00`}, {`12:00:00.5Z`, `12:00:00-25:00`}, {`12:00:00.5Z`, `12:00:60Z`}, {`12:00:00.5Z`, `2:00:00Z`},
	{`12:00:00.5Z`, ``},
	{`2026-11-29`, `2026-02-30`}, {`2026-11-29`, `0000-01-01`}, {`2026-11-29`, `9999-12-31`}, {`2026-11-29T`, `2026-11-29 `},
	{`2026-11-29T`, `2026-11-29\u0054`}, {`"at":"2026-11-29T12:00:00.5Z",`, ``},
	{`no answer`, ``}, {`no answer`, `said \"no\" \u00e9 \ud83d\ude42 \ud83d`}, {`no answer`, "é 🙂 \xff\xed\xa0\xbd"}, {`no answer`, "a\tb"},
	{`no answer`, "\x00"}, {`no answer`, `<&>`}, {`no answer`, `\x`}, {`no answer`, "\x7f"}, {`"no answer"`, `7`}, {`"no answer"`, `null`},
	{`no answer"}`, `no answer","error":"again"}`}, {`no answer"}`, `no answer","program":"other"}`}, {`no answer"}`, `no answer"}}`},
	{`no answer"}`, `no answer"},`}, {`no answer"}`, `no answer" }`}, {`{"at"`, ` { "at"`}, {`{"at"`, `[{"at"`}, {`{"at"`, `{"At"`},
	{`"stream":"42"`, `"stream":""`}, {`"stream":"42"`, `"stream":"42","stream":"43"`}, {`"session":"0a1b2c3d",`, `"Session":"0a1b2c3d",`},
	{`"step":"send","phase":"ok"`, `"phase":"ok","step":"send"`},
}

// FuzzDecode compares the decoder with encoding/json: it accepts the same lines, and reads the same from them.
func FuzzDecode(f *testing.F) {
	for _, v := range variants {
		if !strings.Contains(line, v.old) {
			f.Fatalf("%q is not in the line", v.old)
		}
		f.Add([]byte(strings.Replace(line, v.old, v.new, 1)))
	}
	d := new(decoder)
	f.Fuzz(func(t *testing.T, text []byte) { compareDecoders(t, d, text) })
}

// compareDecoders decodes twice: the second time the texts are known.
func compareDecoders(t *testing.T, d *decoder, text []byte) {
	t.Helper()
	var want Entry
	wantErr := json.Unmarshal(text, &want)
	if wantErr != nil && bytes.LastIndex(text, []byte(opening)) > 0 {
		return // perhaps a torn line with another behind it: see TestTornLineOfAnotherProcess
	}
	for range 2 {
		got, err := d.entry(text)
		if (err != nil) != (wantErr != nil) {
			t.Fatalf("%q: error %v, want %v", text, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q:\ngot  %+v\nwant %+v", text, got, want)
		}
	}
}

// TestDecodeDamagedLines changes, takes out and puts in bytes at every place of a line.
func TestDecodeDamagedLines(t *testing.T) {
	const seed = 14
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	d := new(decoder)
	alphabet := []byte("{}[]\":,\\ \t09-+.eZTun\x00\x1f\x7f\x80\xff<&")
	for i := range line {
		for range 20 {
			c := alphabet[rng.IntN(len(alphabet))]
			compareDecoders(t, d, []byte(line[:i]+string(c)+line[i+1:]))
			compareDecoders(t, d, []byte(line[:i]+string(c)+line[i:]))
			cut := i + rng.IntN(len(line)-i)
			compareDecoders(t, d, []byte(line[:i]+line[cut:]))
		}
	}
}

// A recorder's own lines need no encoding/json. Without this the tests above would pass for a decoder that
// always falls back.
func TestOwnLinesAreDecodedInOnePass(t *testing.T) {
	d := new(decoder)
	whole := sent(7)
	whole.Transaction, whole.Error, whole.Partition, whole.Offset = 3, "no answer", None, None
	for _, e := range []Entry{sent(0), sent(123456), whole, {At: whole.At, Session: "s", Step: Crash, Phase: Intent}} {
		var got Entry
		if text := e.appendJSON(nil); !d.own(text, &got) || !reflect.DeepEqual(got, e) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", text, got, e)
		}
	}
}

// file is a history of n lines as a producer writes it.
func file(n int) []byte {
	var text []byte
	for i := range n {
		e := sent(i / 2)
		e.Stream = fmt.Sprint(10_000 + i%2000)
		if i%2 == 0 {
			e.Phase, e.Partition, e.Offset = Intent, None, None
		}
		text = append(e.appendJSON(text), '\n')
	}
	return text
}

// Of a line whose texts have come before nothing is allocated.
func TestDecodeAllocatesNothing(t *testing.T) {
	lines := bytes.Split(bytes.TrimSpace(file(1000)), []byte("\n"))
	d := new(decoder)
	decode := func() {
		for _, line := range lines[:20] {
			if _, err := d.entry(line); err != nil {
				t.Fatal(err)
			}
		}
	}
	decode()
	if got := testing.AllocsPerRun(100, decode); got != 0 {
		t.Errorf("%.0f allocations for 20 lines, want none", got)
	}
}

func BenchmarkEach(b *testing.B) {
	const lines = 10_000
	text := file(lines)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Each(bytes.NewReader(text), func(Entry) {}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/line")
}
