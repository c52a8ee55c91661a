package board

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	mostBrowsers = 2000            // connected at once: about 25 KiB each
	stuck        = 5 * time.Second // a browser that takes nothing for so long is cut off; it connects again by itself
)

// stream hands the latest frame to all browsers. A frame is encoded once and shared. A browser that is slow misses the frames that came
// while it was busy, and keeps nobody waiting.
type stream struct {
	mu       sync.Mutex
	frame    []byte        // the latest; nil while nobody is connected, so that nobody begins with an old one
	number   uint64        // of the latest frame, from 1
	change   chan struct{} // closed at the next frame
	browsers int
	came     chan struct{} // closed when the first browser comes; nil unless somebody waits for it
}

// enter counts a browser in, unless there are too many.
func (s *stream) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.browsers == mostBrowsers {
		return false
	}
	s.browsers++
	if s.came != nil {
		close(s.came)
		s.came = nil
	}
	return true
}

func (s *stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.browsers--; s.browsers == 0 {
		s.frame = nil
	}
}

// watched waits for a browser, and reports whether there is one: there is none when ctx ends first.
func (s *stream) watched(ctx context.Context) bool {
	for ctx.Err() == nil {
		s.mu.Lock()
		if s.browsers > 0 {
			s.mu.Unlock()
			return true
		}
		came := make(chan struct{})
		s.came = came
		s.mu.Unlock()
		select {
		case <-came:
		case <-ctx.Done():
		}
	}
	return false
}

// publish makes a frame the latest.
func (s *stream) publish(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.browsers > 0 {
		s.frame = frame
		s.number++
	}
	if s.change != nil {
		close(s.change)
		s.change = nil
	}
}

// latest is the latest frame, nil where there is none yet, its number, and a channel that is closed at the next.
func (s *stream) latest() (frame []byte, number uint64, change <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.change == nil {
		s.change = make(chan struct{})
	}
	return s.frame, s.number, s.change
}

// ServeHTTP sends frames as server-sent events, until the browser goes away or the server ends. Each frame is the whole board, so that
// a browser which connects again needs nothing from before.
func (s *stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many browsers show the board at once; close some of them", http.StatusServiceUnavailable)
		return
	}
	defer s.leave()
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte("retry: 1000\n\n")) // milliseconds: after a restart all are back within two seconds
	out.Flush()                        // an error shows at the first frame
	for sent := uint64(0); ; {
		frame, number, change := s.latest()
		if frame != nil && number != sent {
			out.SetWriteDeadline(time.Now().Add(stuck))
			if _, err := w.Write(frame); err != nil || out.Flush() != nil {
				return // it is gone, or stuck
			}
			sent = number
			continue
		}
		select {
		case <-change:
		case <-r.Context().Done():
			return
		}
	}
}
