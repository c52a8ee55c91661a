package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// The topics of the e-commerce system.
const (
	NewOrderTopic      = "ECOMMERCE_NEW_ORDER"
	OrderApprovedTopic = "ECOMMERCE_ORDER_APPROVED"
	OrderRejectedTopic = "ECOMMERCE_ORDER_REJECTED"
	SendEmailTopic     = "ECOMMERCE_SEND_EMAIL"
	SendToAllTopic     = "ECOMMERCE_SEND_MESSAGE_TO_ALL_USERS"
	ReportTopic        = "ECOMMERCE_USER_GENERATE_READING_REPORT"
	DeadLetterTopic    = "ECOMMERCE_DEADLETTER"

	// EcommercePrefix is what the names of all of them begin with, later ones included.
	EcommercePrefix = "ECOMMERCE"
)

// EcommerceTopics are the topics that the system needs.
var EcommerceTopics = []string{
	NewOrderTopic, OrderApprovedTopic, OrderRejectedTopic, SendEmailTopic, SendToAllTopic, ReportTopic, DeadLetterTopic,
}

// Order is an order of a customer.
type Order struct {
	ID     string `json:"orderId,omitempty"` // empty where the sender gave none: the order is then known by its record
	Amount Amount `json:"amount"`
	Email  string `json:"email"`
}

// Order reads the payload. Its error is a *Malformed. The id may be absent or null: the course's Java
// gateway takes it from the address, and Gson leaves it out where the address had none.
func (e Envelope) Order() (Order, error) {
	f := e.object(TypeOrder)
	id := f.optional("orderId")
	o := Order{Amount: f.amount("amount"), Email: f.text("email")}
	if id != nil {
		o.ID = *id
		f.check(o.ID != "" && len(o.ID) <= 200, "orderId", "1 to 200 bytes")
	}
	f.check(o.Email != "" && len(o.Email) <= 320, "email", "1 to 320 bytes")
	if f.bad != nil {
		return Order{}, f.bad
	}
	return o, nil
}

// User is a customer, as the reports know him.
type User struct {
	UUID string `json:"uuid"`
}

// User reads the payload. Its error is a *Malformed. The uuid becomes a file's name, so nothing but what
// a uuid is made of is accepted in it.
func (e Envelope) User() (User, error) {
	f := e.object(TypeUser)
	u := User{UUID: f.text("uuid")}
	f.check(LegalID(u.UUID), "uuid", "letters, digits and hyphens, 1 to 64")
	if f.bad != nil {
		return User{}, f.bad
	}
	return u, nil
}

// LegalID reports whether an id from outside may become a file's name, or a part of an address: 1 to 64
// letters, digits and hyphens. A uuid is one.
func LegalID(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// Amount is an amount of money as it was written: an exact decimal with the scale that it came with,
// never a float64, which has no 0.10.
type Amount struct{ decimal.Decimal }

// maxAmount bounds an amount's characters, as it came and written out. A JSON number can say 1e999999999
// in a dozen bytes, and arithmetic with it would take all memory there is. Java's new BigDecimal(double)
// needs room all the same: it writes a double's exact binary value, 0.1 with 55 digits behind the point.
const maxAmount = 100

// ParseAmount reads a JSON number that has at most 100 characters, with an exponent as well as without.
// The error says what is accepted.
func ParseAmount(text string) (Amount, error) {
	bad := fmt.Errorf("want a number such as 153 or 4499.99, of at most %d characters", maxAmount)
	if text == "" || len(text) > maxAmount || !json.Valid([]byte(text)) || kind(json.RawMessage(text)) != "number" {
		return Amount{}, bad
	}
	d, err := decimal.NewFromString(text)
	if err != nil || d.Exponent() > maxAmount || d.Exponent() < -maxAmount { // asked first: writing it out could take all memory
		return Amount{}, bad
	}
	if a := (Amount{d}); len(a.String()) <= maxAmount {
		return a, nil
	}
	return Amount{}, bad
}

// String is the amount with its scale: 10.50 stays 10.50.
func (a Amount) String() string {
	if a.Exponent() < 0 {
		return a.StringFixed(-a.Exponent())
	}
	return a.Decimal.String()
}

// Format prints String. Without it fmt would find the Format of the embedded decimal, which drops zeros:
// 10.5 for 10.50. The numeric verbs and %#v are the decimal's.
func (a Amount) Format(f fmt.State, verb rune) {
	switch {
	case strings.ContainsRune("vsq", verb) && !f.Flag('#'):
		fmt.Fprintf(f, fmt.FormatString(f, verb), a.String())
	default:
		a.Decimal.Format(f, verb)
	}
}

// MarshalJSON writes a number.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalJSON reads a number as ParseAmount does.
func (a *Amount) UnmarshalJSON(text []byte) error {
	parsed, err := ParseAmount(string(bytes.TrimSpace(text)))
	if err == nil {
		*a = parsed
	}
	return err
}

// amount reads a required amount.
func (f *fields) amount(name string) Amount {
	raw := f.typed(name, "number", "number")
	if f.bad != nil {
		return Amount{}
	}
	a, err := ParseAmount(string(raw))
	if err != nil {
		f.bad = malformed(ReasonInvalidValue, "field %q: %w", f.path+name, err)
	}
	return a
}
