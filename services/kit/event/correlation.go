package event

import (
	"strings"

	"github.com/google/uuid"
)

// CorrelationID is the way of a message through the system, in the message itself: whoever takes it in
// adds his title, and whoever sends something on because of it the topic, each with a uuid of its own:
//
//	NewOrder(u1)-_ECOMMERCE_NEW_ORDER(u2)-FraudDetectorService(u3)-_ECOMMERCE_ORDER_APPROVED(u4)
//
// The first hop is the same in all that one request has led to, so that it finds them again.
type CorrelationID string

// NewCorrelationID begins a way: at whoever was asked from outside.
func NewCorrelationID(title string) CorrelationID {
	return CorrelationID(hop(title))
}

// ContinueWith is the way after another program has taken the message in.
func (id CorrelationID) ContinueWith(title string) CorrelationID {
	if id == "" { // a message without an id: its way begins here
		return NewCorrelationID(title)
	}
	return id + "-" + CorrelationID(hop(title))
}

// SentTo is the way of a message that is sent to topic. An underscore tells topics from programs.
func (id CorrelationID) SentTo(topic string) CorrelationID {
	return id.ContinueWith("_" + topic)
}

func hop(title string) string { return title + "(" + uuid.NewString() + ")" }

// Hop is one step of the way: a program, or with an underscore before its name a topic.
type Hop struct {
	Title string `json:"title"`
	ID    string `json:"id"`
}

// Hops takes the way apart. What does not have the form Title(id) gives fewer hops, not an error: an id
// is for people, and no message is refused for its sake.
func (id CorrelationID) Hops() []Hop {
	var hops []Hop
	rest := string(id)
	for rest != "" {
		title, behind, ok := strings.Cut(rest, "(")
		if !ok {
			break
		}
		inner, next, ok := strings.Cut(behind, ")")
		if !ok {
			break
		}
		hops = append(hops, Hop{Title: title, ID: inner})
		rest = strings.TrimPrefix(next, "-")
	}
	return hops
}

// Root is the id of the first hop, the same in everything that one request has led to; empty where the
// id has another form.
func (id CorrelationID) Root() string {
	if hops := id.Hops(); len(hops) > 0 {
		return hops[0].ID
	}
	return ""
}
