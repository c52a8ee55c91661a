package kafka

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// FatalError, returned by the handler of a message, ends the consumer with Err: another try would meet it again.
type FatalError struct{ Err error }

func (e *FatalError) Error() string { return e.Err.Error() }
func (e *FatalError) Unwrap() error { return e.Err }

// RefusedError is the end of a member that its group does not take, or of a producer that gets no transactional id. It is why a
// client waits for a topic that it may not see.
type RefusedError struct {
	Name   string // of the group or the topic, or the transactional id
	Reason string // what it means and what to do
	Code   string // Kafka's name for it, and what else is known
	Err    error  // a sarama.KError
}

func (e *RefusedError) Error() string { return e.Reason + " (" + e.Code + ")" }
func (e *RefusedError) Unwrap() error { return e.Err }

// idRefusals are a transaction coordinator's reasons for giving no producer a transactional id. They are the
// same at every try.
var idRefusals = []struct {
	code   sarama.KError
	name   string // Kafka's
	reason string // %q is the id
}{
	{sarama.ErrTransactionalIDAuthorizationFailed, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
		"this user has no permission on TRANSACTIONAL_ID %q: grant WRITE on it " +
			"(kafka-acls --add --operation Write --transactional-id), or choose another"},
	{sarama.ErrInvalidTransactionTimeout, "INVALID_TRANSACTION_TIMEOUT",
		"the brokers do not accept TRANSACTION_TIMEOUT for TRANSACTIONAL_ID %q: choose a shorter one, " +
			"or raise their transaction.max.timeout.ms"},
}

// refusal returns the RefusedError that err is for this transactional id, or nil.
func refusal(id string, err error) *RefusedError {
	for _, r := range idRefusals {
		if errors.Is(err, r.code) {
			return &RefusedError{Name: id, Reason: fmt.Sprintf(r.reason, id), Code: r.name, Err: r.code}
		}
	}
	return nil
}
