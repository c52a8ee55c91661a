package service

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"workshop.example/kit/history"
)

// full is a disk, or a pipe that nobody reads.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

// A message counts as shown when its line is flushed, by whichever call, and not before.
func TestShowIsNotedWhenItIsFlushed(t *testing.T) {
	var out strings.Builder
	for _, c := range []struct {
		name  string
		lines *Lines
		flush func(*Lines)
		want  string
	}{
		{"flushed twice", NewLines(&out), func(l *Lines) { l.Flush(); l.Flush() }, "intent ok"},
		{"printed behind", NewLines(&out), func(l *Lines) { l.Print("next") }, "intent ok"},
		{"written behind", NewLines(&out), func(l *Lines) { l.Write([]byte("next\n")) }, "intent"},
		{"not written", NewLines(full{}), func(l *Lines) { l.Flush() }, "intent"},
	} {
		path := filepath.Join(t.TempDir(), "history.jsonl")
		recorder, err := history.Open(path, "test", func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		p := &Process{Out: c.lines, History: recorder}
		p.Show(history.Subject{Stream: "m", Number: 1}, []byte("line\n"))
		c.flush(c.lines)
		recorder.Close()
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := history.Read(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		var phases []string
		for _, e := range entries {
			phases = append(phases, string(e.Phase))
		}
		if got := strings.Join(phases, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// arrived is an output that says when something is written to it.
type arrived chan string

func (a arrived) Write(p []byte) (int, error) { a <- string(p); return len(p), nil }

// What FlushSoon is to flush arrives without another call, together with what is written meanwhile, and each call brings the lines
// before it, however the calls of several goroutines meet.
func TestFlushSoon(t *testing.T) {
	out := make(arrived, 100)
	lines := NewLines(out)
	var writing sync.WaitGroup
	for range 4 {
		writing.Go(func() {
			for range 1000 {
				lines.Write([]byte("line\n"))
				lines.FlushSoon()
			}
		})
	}
	writing.Wait()
	deadline := time.After(10 * time.Second)
	for n := 0; n < 4*1000*len("line\n"); {
		select {
		case text := <-out:
			n += len(text)
		case <-deadline:
			t.Fatalf("%d bytes were flushed", n)
		}
	}
}

// fullOnce is a disk that has room again after a write has failed.
type fullOnce chan struct{}

func (f fullOnce) Write(p []byte) (int, error) {
	select {
	case f <- struct{}{}:
		return 0, errors.New("full")
	default:
		return len(p), nil
	}
}

// The error of a flush in the background is that of the next flush too, although the output would take the lines now.
func TestFlushSoonFails(t *testing.T) {
	out := make(fullOnce, 1)
	lines := NewLines(out)
	lines.Write([]byte("line\n"))
	lines.FlushSoon()
	deadline := time.After(10 * time.Second)
	for failed := false; !failed; {
		lines.mu.Lock() // which the flush holds until it has failed
		failed = len(out) == 1
		lines.mu.Unlock()
		select {
		case <-deadline:
			t.Fatal("nothing was flushed")
		default:
			runtime.Gosched()
		}
	}
	if err := lines.Flush(); err == nil {
		t.Error("a flush has failed, and nobody is told")
	}
}
