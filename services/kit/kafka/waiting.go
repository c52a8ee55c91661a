package kafka

import (
	"fmt"
	"strings"
)

// Waiting is told why a client waits: once for each new cause, and again every WaitingRepeat, so that a long wait
// does not look like a hang. It may be nil.
type Waiting func(cause error)

// MissingTopicError is a topic that nobody has created yet; asking for it does not.
type MissingTopicError struct{ Topic string }

func (e *MissingTopicError) Error() string {
	return fmt.Sprintf("topic %s does not exist yet: «workshop topics apply» creates the workshop's own, "+
		"«workshop topics apply --topic %s:PARTITIONS» any other", e.Topic, e.Topic)
}

// UnreachableError is a broker that was found by a bootstrap address, but cannot be reached at the
// address that it advertises: the most common mistake in setting up Kafka.
type UnreachableError struct {
	Broker     int32
	Bootstrap  []string
	Advertised string
	Err        error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("a broker answered at %s, but broker %d advertises %s, which cannot be reached from here (%s): "+
		"advertise an address that clients can reach (ADVERTISED_HOST), or set BOOTSTRAP_SERVERS to the listener for this network",
		strings.Join(e.Bootstrap, ","), e.Broker, e.Advertised, e.Reason())
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Reason is Err without what the other fields say.
func (e *UnreachableError) Reason() string { return short(e.Err) }
