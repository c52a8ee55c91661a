package proof

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A client whose connection breaks is counted, and insists; one that finds nobody, or is told to come back
// later, is not.
func TestClientsInsist(t *testing.T) {
	tries := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tries++
		switch tries {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			panic(http.ErrAbortHandler) // the connection closes, without an answer
		default:
			w.WriteHeader(http.StatusOK)
		}
	}))
	defer server.Close()
	asked := 0
	c := &Clients{Parallel: 1, URL: func() string {
		if asked++; asked == 1 {
			return "http://127.0.0.1:1" // nobody listens
		}
		return server.URL
	}}
	accounts, err := c.Post(t.Context(), Plan(1, 7), 1)
	if err != nil {
		t.Fatal(err)
	}
	if a := accounts[0]; a.New != 0 || a.Old != 1 || a.Tries != 4 {
		t.Errorf("account %+v, want one answer that it was accepted before, after 4 tries", a)
	}
	if c.Cut() != 1 || c.UnderWay() != 0 || c.Answered() != 1 {
		t.Errorf("cut %d, under way %d, answered %d, want 1, 0, 1", c.Cut(), c.UnderWay(), c.Answered())
	}
}
