package kafka

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

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

// Right is what a user may do with something.
type Right struct {
	Operation string // as kafka-acls names it, such as Create
	Resource  string // topic, group or cluster
	Name      string // of the resource; empty for the cluster
}

// denials are the answers of brokers to who lacks a right on a resource.
var denials = map[string]struct {
	code sarama.KError
	name string
}{
	"topic":   {sarama.ErrTopicAuthorizationFailed, "TOPIC_AUTHORIZATION_FAILED"},
	"group":   {sarama.ErrGroupAuthorizationFailed, "GROUP_AUTHORIZATION_FAILED"},
	"cluster": {sarama.ErrClusterAuthorizationFailed, "CLUSTER_AUTHORIZATION_FAILED"},
}

// Denied returns the RefusedError of the first of these rights that err, a broker's answer, can be about. Any other error it returns as it
// is: brokers name neither the operation nor the resource, only who has asked knows them.
func Denied(err error, rights ...Right) error {
	if _, told := errors.AsType[*RefusedError](err); told {
		return err
	}
	for _, r := range rights {
		denial := denials[r.Resource]
		if r.Operation == "Write" && errors.Is(err, sarama.ErrClusterAuthorizationFailed) {
			// An idempotent producer may begin that may write to any topic (KIP-679).
			denial = denials["cluster"]
		}
		if !errors.Is(err, denial.code) {
			continue
		}
		on, resource := strings.TrimSpace(r.Resource+" "+r.Name), strings.TrimSpace("--"+r.Resource+" "+r.Name)
		if r.Resource == "cluster" {
			on = "the cluster"
		}
		return &RefusedError{Name: r.Name, Code: denial.name, Err: denial.code, Reason: fmt.Sprintf(
			"this user has no permission for %s on %s: grant it (kafka-acls --add --operation %s %s)",
			screaming(r.Operation), on, r.Operation, resource)}
	}
	return err
}

// screaming is the name of an operation as the protocol has it: ALTER_CONFIGS of AlterConfigs.
func screaming(operation string) string {
	var name strings.Builder
	for i, letter := range operation {
		if i > 0 && unicode.IsUpper(letter) {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToUpper(letter))
	}
	return name.String()
}
