package httpecommerce

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"workshop.example/kit/event"
)

const (
	followFor  = 5 * time.Minute
	askAgain   = 100 * time.Millisecond // while nothing of the order was seen yet
	stillThere = 15 * time.Second       // a comment, so that nobody on the way takes the connection for dead
)

// trail sends an order's steps as they are read (server-sent events): an event "step" each, with its
// JSON, and "end" when the order's way has ended. A browser that reconnects gets only what it has not
// had: each event's id is its number.
func (s *server) trail(w http.ResponseWriter, r *http.Request) {
	order := r.PathValue("uuid")
	if !event.LegalID(order) {
		http.Error(w, "there is no such order", http.StatusNotFound)
		return
	}
	select {
	case s.watching <- struct{}{}:
		defer func() { <-s.watching }()
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many pages follow an order at once; try again in a moment", http.StatusTooManyRequests)
		return
	}
	out := http.NewResponseController(w)
	out.SetWriteDeadline(time.Now().Add(followFor + time.Second))
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)

	number := 0
	fmt.Sscan(r.Header.Get("Last-Event-ID"), &number)
	number = max(number, 0)
	until := time.After(followFor)
	alive := time.NewTicker(stillThere)
	defer alive.Stop()
	for {
		steps, more := s.trails.of(order, number)
		for _, step := range steps {
			number++
			body, err := json.Marshal(step)
			if err != nil {
				return
			}
			fmt.Fprintf(w, "id: %d\nevent: step\ndata: %s\n\n", number, body)
		}
		all, _ := s.trails.of(order, 0)
		if complete(all) && number >= len(all) {
			fmt.Fprintf(w, "event: end\ndata: {}\n\n")
			out.Flush()
			return
		}
		if out.Flush() != nil {
			return // the page is gone
		}
		var again <-chan time.Time
		if more == nil {
			again = time.After(askAgain)
		}
		select {
		case <-more:
		case <-again:
		case <-alive.C:
			fmt.Fprint(w, ": still here\n\n")
		case <-until:
			return
		case <-r.Context().Done():
			return
		}
	}
}
