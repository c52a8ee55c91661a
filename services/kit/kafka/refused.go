package kafka

import "github.com/IBM/sarama"

// FatalError, returned by the handler of a message, ends the consumer with Err: another try would meet it again.
type FatalError struct{ Err error }

func (e *FatalError) Error() string { return e.Err.Error() }
func (e *FatalError) Unwrap() error { return e.Err }

// RefusedError is the end of a member that its group does not take, or of a producer that gets no transactional id.
type RefusedError struct {
	Reason string // what it means and what to do, in English
	Err    error  // a sarama.KError
}

func (e *RefusedError) Error() string { return e.Reason }
func (e *RefusedError) Unwrap() error { return e.Err }

// idRefusals are a transaction coordinator's reasons for giving no producer a transactional id. They are the
// same at every try; %q is the id.
var idRefusals = []struct {
	code   sarama.KError
	pt, en string // what it means and what to do
}{
	{sarama.ErrTransactionalIDAuthorizationFailed,
		"este usuário não tem permissão no TRANSACTIONAL_ID %q: dê a ele WRITE no id (kafka-acls --add --operation Write --transactional-id), ou escolha outro (TRANSACTIONAL_ID_AUTHORIZATION_FAILED)",
		"this user has no permission on TRANSACTIONAL_ID %q: grant WRITE on it (kafka-acls --add --operation Write --transactional-id), or choose another (TRANSACTIONAL_ID_AUTHORIZATION_FAILED)"},
	{sarama.ErrInvalidTransactionTimeout,
		"os brokers não aceitam TRANSACTION_TIMEOUT para o TRANSACTIONAL_ID %q: escolha um menor, ou aumente neles transaction.max.timeout.ms (INVALID_TRANSACTION_TIMEOUT)",
		"the brokers do not accept TRANSACTION_TIMEOUT for TRANSACTIONAL_ID %q: choose a shorter one, or raise their transaction.max.timeout.ms (INVALID_TRANSACTION_TIMEOUT)"},
}
