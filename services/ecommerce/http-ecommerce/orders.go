package httpecommerce

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"workshop.example/ecommerce/trace"
	"workshop.example/kit/event"
)

// maxAmount is the largest order. It has no meaning but that somebody's mistake has an end.
var maxAmount = decimal.NewFromInt(1_000_000_000)

// new takes an order in as the Java course does it, in its words. A GET that changes something is a mistake
// that we keep for the course: a browser that fetches ahead orders twice, unless the address has a uuid.
func (s *server) new(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	o, refused := orderOf(q.Get("uuid"), q.Get("email"), q.Get("amount"))
	if refused != nil {
		s.metrics.orders.WithLabelValues("invalid").Inc()
		refused.write(w, r, "/new?email=ana@example.com&amount=153")
		return
	}
	answer, ok := s.take(w, r, o)
	switch {
	case !ok:
	case answer == accepted:
		fmt.Fprintln(w, "New order sent")
	default:
		fmt.Fprintln(w, "Old order received.")
	}
}

// request is the body of POST /orders.
type request struct {
	UUID   string          `json:"uuid"`
	Email  string          `json:"email"`
	Amount json.RawMessage `json:"amount"` // as it was written
}

// post takes an order in. The uuid is the client's: with it he may send the request again, as often as he
// likes, when he does not know whether it has arrived.
func (s *server) post(w http.ResponseWriter, r *http.Request) {
	o, refused := posted(r)
	if refused != nil {
		s.metrics.orders.WithLabelValues("invalid").Inc()
		refused.write(w, r, `{"uuid": "6f1c8a52-8c1e-4b7a-9d24-5e6f7a8b9c0d", "email": "ana@example.com", "amount": 153.00}`)
		return
	}
	answer, ok := s.take(w, r, o)
	if !ok {
		return
	}
	w.Header().Set("Location", "/orders/"+o.ID)
	switch answer {
	case accepted:
		writeJSON(w, http.StatusCreated, map[string]string{"uuid": o.ID, "status": "accepted"})
	case repeated:
		writeJSON(w, http.StatusOK, map[string]string{"uuid": o.ID, "status": "accepted before"})
	default:
		writeJSON(w, http.StatusConflict, map[string]string{
			"uuid":   o.ID,
			"status": "refused: this uuid was accepted with another amount or e-mail address; a new order needs a new one",
		})
	}
}

// posted reads the order in a body. It does not pass on the errors of the JSON decoder: they repeat what was
// sent.
func posted(r *http.Request) (event.Order, *refusal) {
	var body request
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&body)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one JSON value")
		}
	}
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case large:
		return event.Order{}, largeBody
	case err != nil:
		return event.Order{}, badBody
	case body.UUID == "":
		return event.Order{}, noUUID
	default:
		return orderOf(body.UUID, body.Email, string(bytes.TrimSpace(body.Amount)))
	}
}

// orderOf checks what a client has sent.
func orderOf(id, email, amount string) (event.Order, *refusal) {
	if id == "" {
		id = uuid.NewString()
	}
	if !event.LegalID(id) {
		return event.Order{}, badUUID
	}
	if address, err := mail.ParseAddress(email); err != nil || address.Address != email || len(email) > 254 {
		return event.Order{}, badEmail
	}
	a, err := event.ParseAmount(amount)
	if err != nil {
		return event.Order{}, noNumber
	}
	if !a.IsPositive() || a.GreaterThan(maxAmount) {
		return event.Order{}, badAmount
	}
	return event.Order{ID: id, Email: email, Amount: a}, nil
}

// take hands the order to the intake, unless too many wait there already: it is better to send some
// away at once than to let all of them wait until they give up. It answers what is not the caller's.
func (s *server) take(w http.ResponseWriter, r *http.Request, o event.Order) (answer, bool) {
	select {
	case s.pending <- struct{}{}:
		defer func() { <-s.pending }()
	default:
		s.metrics.orders.WithLabelValues("too-many").Inc()
		w.Header().Set("Retry-After", "1")
		tooMany.write(w, r, "")
		return 0, false
	}
	// Before the connection's own time is over: a client that is told nothing has less than one that is told
	// to try again.
	ctx, cancel := context.WithTimeout(r.Context(), maxTime)
	defer cancel()
	began := time.Now()
	result, err := s.intake.accept(ctx, o)
	s.metrics.seconds.Observe(time.Since(began).Seconds())
	if err != nil {
		s.metrics.orders.WithLabelValues("failed").Inc()
		s.process.Log.Error("an order was not accepted", "order", o.ID, "error", err)
		w.Header().Set("Retry-After", "1")
		notStored.write(w, r, "")
		return 0, false
	}
	s.metrics.orders.WithLabelValues([...]string{"accepted", "repeated", "conflict"}[result]).Inc()
	return result, true
}

// generateReports asks for a report of every user.
func (s *server) generateReports(w http.ResponseWriter, r *http.Request) {
	err := s.ledger.enqueue(r.Context(), message{
		topic: event.SendToAllTopic, key: event.ReportTopic,
		way: event.NewCorrelationID("GenerateAllReports"), payload: event.ReportTopic,
		parent: trace.From(r.Context()),
	})
	if err != nil {
		s.process.Log.Error("the reports were not asked for", "error", err)
		reportsNotStored.write(w, r, "")
		return
	}
	fmt.Fprintln(w, "Report requests generated")
}

// state is what is known of an order: from the database that it was accepted, from the topics where it
// has been.
type state struct {
	UUID       string       `json:"uuid"`
	Amount     event.Amount `json:"amount"`
	AcceptedAt string       `json:"acceptedAt"`
	Trail      []Step       `json:"trail"` // what was seen since this gateway started, at most of the last 2000 orders
}

func (s *server) order(w http.ResponseWriter, r *http.Request) {
	st, err := s.ledger.find(r.Context(), r.PathValue("uuid"))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		http.Error(w, "there is no such order", http.StatusNotFound)
		return
	case err != nil:
		s.process.Log.Error("an order was not looked up", "error", err)
		http.Error(w, "the database does not answer; try again", http.StatusServiceUnavailable)
		return
	}
	st.Trail, _ = s.trails.of(st.UUID, 0)
	writeJSON(w, http.StatusOK, st)
}

// find looks an order up. It is sql.ErrNoRows for one that was not accepted.
func (l *ledger) find(ctx context.Context, id string) (state, error) {
	st := state{UUID: id}
	var amount string
	row := l.db.QueryRowContext(ctx, `SELECT amount, accepted_at FROM Orders WHERE uuid = ? UNION ALL
		SELECT amount, accepted_at FROM OrdersWithoutKey WHERE uuid = ? LIMIT 1`, id, id)
	if err := row.Scan(&amount, &st.AcceptedAt); err != nil {
		return state{}, err
	}
	var err error
	st.Amount, err = event.ParseAmount(amount)
	return st, err
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v)
}
