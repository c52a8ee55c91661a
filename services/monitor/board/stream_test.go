package board

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// follow connects a browser, and returns what it gets, line by line.
func follow(t *testing.T, server *httptest.Server) *bufio.Scanner {
	t.Helper()
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %s", got)
	}
	return scanner(resp.Body)
}

func scanner(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	return s
}

// next is the next data that a browser gets.
func next(t *testing.T, in *bufio.Scanner) string {
	t.Helper()
	for in.Scan() {
		if data, ok := strings.CutPrefix(in.Text(), "data: "); ok {
			return data[:min(len(data), 20)]
		}
	}
	t.Fatalf("the stream has ended: %v", in.Err())
	return ""
}

func serveStream(t *testing.T) (*stream, *httptest.Server) {
	t.Helper()
	s := &stream{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server
}

// connected waits until so many browsers are.
func connected(t *testing.T, s *stream, n int) {
	t.Helper()
	kafkatest.Eventually(t, fmt.Sprint(n, " browsers are connected"), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.browsers == n
	})
}

func TestEachBrowserGetsTheLatest(t *testing.T) {
	t.Parallel()
	s, server := serveStream(t)
	first := follow(t, server)
	connected(t, s, 1)
	s.publish([]byte("data: 1\n\n"))
	if got := next(t, first); got != "1" {
		t.Errorf("the first browser gets %s, want 1", got)
	}
	second := follow(t, server)
	if got := next(t, second); got != "1" {
		t.Errorf("the second browser begins with %s, want the latest", got)
	}
	s.publish([]byte("data: 2\n\n"))
	if a, b := next(t, first), next(t, second); a != "2" || b != "2" {
		t.Errorf("the browsers get %s and %s, want 2", a, b)
	}
}

// A browser that takes nothing keeps nobody waiting, misses frames, and goes on with the latest.
func TestStuckBrowserKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	s, server := serveStream(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: board\r\n\r\n")
	lively := follow(t, server)
	connected(t, s, 2)
	const frames = 200
	load := strings.Repeat("x", 256<<10) // more than the system keeps for one that does not read
	for n := range frames {
		s.publish(fmt.Appendf(nil, "data: %d %s\n\n", n, load))
		if got := next(t, lively); !strings.HasPrefix(got, fmt.Sprint(n, " ")) {
			t.Fatalf("the lively browser gets %q, want frame %d", got, n)
		}
	}
	stuck := scanner(conn) // reads at last
	got := 0
	for got++; !strings.HasPrefix(next(t, stuck), fmt.Sprint(frames-1, " ")); got++ {
	}
	t.Logf("the stuck browser got %d of %d frames", got, frames)
	if got > frames/2 {
		t.Errorf("%d frames were kept for it", got)
	}
}

// Nobody is asked while no browser is connected, and who comes later does not begin with an old frame.
func TestNothingIsGatheredForNobody(t *testing.T) {
	t.Parallel()
	s, server := serveStream(t)
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if !s.watched(ctx) {
		t.Error("a browser is connected, and not noticed")
	}
	s.publish([]byte("data: old\n\n"))
	resp.Body.Close()
	connected(t, s, 0)
	if frame, _, _ := s.latest(); frame != nil {
		t.Errorf("left is %q", frame)
	}
	watched := make(chan bool)
	go func() { watched <- s.watched(ctx) }()
	select {
	case <-watched:
		t.Error("nobody is connected, and it does not wait")
	case <-time.After(50 * time.Millisecond): // long enough for a mistake to show; a state is not waited for
	}
	cancel()
	if <-watched {
		t.Error("it ended for a browser that is not there")
	}
}

func TestTooManyBrowsersAreRefused(t *testing.T) {
	t.Parallel()
	s, server := serveStream(t)
	s.browsers = mostBrowsers
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("status %s, Retry-After %q", resp.Status, resp.Header.Get("Retry-After"))
	}
}
