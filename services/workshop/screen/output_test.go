package screen

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

func noEnv(string) (string, bool) { return "", false }

// terminal is one for a test.
type terminal struct{ *kafkatest.Output }

func (terminal) IsTerminal() bool { return true }

func TestProcessesCannotActOnTheTerminal(t *testing.T) {
	var out kafkatest.Output
	for _, r := range []struct {
		to   io.Writer
		want string
	}{
		{terminal{&out}, "consumer | a\\x1b[2J\nconsumer | b\r\nconsumer | \\u009b2J\n"},
		{&out, "consumer | a\x1b[2J\nconsumer | b\r\nconsumer | \u009b2J\n"},
	} {
		stdout, _ := New(r.to, r.to, noEnv, "consumer").Lines("consumer", "36")
		before := len(out.String())
		io.WriteString(stdout, "a\x1b")
		io.WriteString(stdout, "[2J\nb\r\n\u009b2J")
		stdout.Flush()
		if got := out.String()[before:]; got != r.want {
			t.Errorf("%q, want %q", got, r.want)
		}
	}
}

func TestOutputKeepsLinesWhole(t *testing.T) {
	var out kafkatest.Output
	o := New(&out, &out, noEnv, "producer", "score-simulator")
	const lines = 500
	var wg sync.WaitGroup
	for _, name := range []string{"producer", "score-simulator"} {
		stdout, stderr := o.Lines(name, "36")
		for kind, l := range map[string]*Lines{"out": stdout, "err": stderr} {
			wg.Go(func() {
				var text strings.Builder
				for i := range lines {
					fmt.Fprintf(&text, "%s %s %d %s|\n", name, kind, i, strings.Repeat("x", rand.IntN(200)))
				}
				for rest := text.String(); rest != ""; { // as pipes deliver them: cut anywhere
					n := min(1+rand.IntN(300), len(rest))
					io.WriteString(l, rest[:n])
					rest = rest[n:]
				}
			})
		}
	}
	wg.Wait()
	next := map[string]int{}
	for line := range strings.Lines(out.String()) {
		prefix, text, _ := strings.Cut(line, " | ")
		var name, kind, rest string
		var i int
		if _, err := fmt.Sscanf(text, "%s %s %d %s", &name, &kind, &i, &rest); err != nil || !strings.HasSuffix(text, "|\n") {
			t.Fatalf("not a whole line: %q", line)
		}
		if want := fmt.Sprintf("%-15s", name); prefix != want {
			t.Fatalf("prefix %q of a line of %s, want %q", prefix, name, want)
		}
		if i != next[name+kind] {
			t.Fatalf("line %d of %s %s came, want %d", i, name, kind, next[name+kind])
		}
		next[name+kind]++
	}
	for _, stream := range []string{"producerout", "producererr", "score-simulatorout", "score-simulatorerr"} {
		if next[stream] != lines {
			t.Errorf("%d lines of %s came, want %d", next[stream], stream, lines)
		}
	}
}

func TestOutputEdges(t *testing.T) {
	long := strings.Repeat("y", 3<<20)
	for _, c := range []struct {
		name, want string
		write      []string
	}{
		{"nothing", "", nil},
		{"an empty line", "producer | \n", []string{"\n"}},
		{"a last line without an end", "producer | a\nproducer | b\n", []string{"a\nb"}},
		{"a line in pieces", "producer | abc\n", []string{"a", "b", "c\n"}},
		{"a very long line in pieces", "producer | " + long + "end\n", []string{long[:1<<20], long[1<<20:], "end\n"}},
	} {
		var out kafkatest.Output
		stdout, _ := New(&out, io.Discard, noEnv, "producer").Lines("producer", "36")
		for _, text := range c.write {
			io.WriteString(stdout, text)
		}
		stdout.Flush()
		if got := out.String(); got != c.want {
			t.Errorf("%s: got %d bytes %.80q, want %d bytes %.80q", c.name, len(got), got, len(c.want), c.want)
		}
	}
}

// On a terminal sentences are folded behind the name, and logs stay whole.
func TestOutputFolds(t *testing.T) {
	var out, logs kafkatest.Output
	sixty := func(name string) (string, bool) { return "60", name == "COLUMNS" }
	o := New(&out, &logs, sixty, "producer")
	stdout, stderr := o.Lines("producer", "36")
	for _, piece := range []string{"one two three four five six ", "seven eight nine ten eleven twelve\n", "            0 - 1\n"} {
		io.WriteString(stdout, piece)
		io.WriteString(stderr, piece)
	}
	io.WriteString(stdout, "sent {"+strings.Repeat("x", 80)+"} to t\n")
	o.Tell("one two three four five six seven eight nine ten eleven twelve")
	want := "producer | one two three four five six seven eight nine ten\nproducer |   eleven twelve\nproducer |             0 - 1\n" +
		"producer | sent {" + strings.Repeat("x", 80) + "} to t\n" +
		"workshop | one two three four five six seven eight nine ten\nworkshop |   eleven twelve\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got, want := logs.String(), "producer | one two three four five six seven eight nine ten eleven twelve\nproducer |         "+
		"    0 - 1\n"; got != want {
		t.Errorf("logs: got\n%swant\n%s", got, want)
	}
}

func TestOutputColour(t *testing.T) {
	o := New(io.Discard, io.Discard, noEnv, "producer")
	if got, want := string(o.prefix(stream{colour: true}, "consumer", "33")), "\x1b[33mconsumer |\x1b[0m "; got != want {
		t.Errorf("on a terminal %q, want %q", got, want)
	}
	if o.stdout.colour || o.stderr.colour {
		t.Error("colours although neither stream is a terminal")
	}
	for _, c := range []struct {
		colour bool
		want   string
	}{
		{false, "workshop | killed: one two\nworkshop |   three\nworkshop | a drawing\n"},
		{true, "\x1b[1mworkshop |\x1b[0m \x1b[33mkilled: one two\x1b[0m\n\x1b[1mworkshop |\x1b[0m \x1b[33m  three\x1b[0m\n" +
			"\x1b[1mworkshop |\x1b[0m a drawing\n"},
	} {
		var out strings.Builder
		o := New(&out, io.Discard, noEnv)
		o.stdout.colour, o.stdout.columns = c.colour, func() int { return 31 }
		o.Event("killed: one two three")
		o.Tell("a drawing")
		if out.String() != c.want {
			t.Errorf("with colours %t:\n%q, want\n%q", c.colour, out.String(), c.want)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("nobody reads this") }

func TestOutputNoticesThatNobodyReads(t *testing.T) {
	o := New(brokenWriter{}, io.Discard, noEnv)
	o.Say(service.Text{PT: "olá", EN: "hello"})
	select {
	case <-o.Broken():
		t.Error("broken although standard error is read")
	default:
	}
	stdout, _ := o.Lines("producer", "36")
	for range 2 {
		if n, err := io.WriteString(stdout, "a\n"); n != 2 || err != nil {
			t.Errorf("write: %d, %v: the process would die of our reader", n, err)
		}
	}
	<-o.Broken()
}

func TestHideProcesses(t *testing.T) {
	var all kafkatest.Output
	o := New(&all, &all, noEnv)
	o.HideProcesses()
	out, log := o.Lines("scoreboard", "1")
	fmt.Fprintln(out, "1 - 0")
	fmt.Fprintln(log, "level=INFO")
	o.Tell("life 2 begins")
	if got := all.String(); got != "workshop | life 2 begins\n" {
		t.Errorf("printed %q", got)
	}
}
