package lines

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/service"
)

// What a client waits for, and what ends it, has its own line in each language.
func TestLines(t *testing.T) {
	full := &kafka.RefusedError{Name: "g", Reason: "group g is full (group.max.size of the brokers): this program joins when a " +
		"member leaves; or raise group.max.size, or choose another CONSUMER_GROUP", Code: "GROUP_MAX_SIZE_REACHED",
		Err: sarama.ErrGroupMaxSizeReached}
	taken := &group.NameTakenError{Group: "g", Instance: "one"}
	for _, c := range []struct {
		line   func(service.Lang, error) string
		err    error
		pt, en string
	}{
		{Waiting, errors.New("nobody is there"), "brokers ainda não disponíveis: nobody", "brokers not available yet: nobody"},
		{Waiting, &kafka.MissingTopicError{Topic: "t"}, "o tópico t ainda não existe", "topic t does not exist yet"},
		{Waiting, group.ErrJoining, "esperando a vez no grupo", "waiting for the group"},
		{Waiting, taken, `outro membro com o GROUP_INSTANCE_ID "one"`, `another member with GROUP_INSTANCE_ID "one"`},
		{Waiting, full, "o grupo g está cheio", "choose another CONSUMER_GROUP (GROUP_MAX_SIZE_REACHED)"},
		{failed, full, "o grupo g está cheio", "choose another CONSUMER_GROUP (GROUP_MAX_SIZE_REACHED)"},
		{
			failed,
			taken,
			`outro membro do grupo g usa o mesmo GROUP_INSTANCE_ID "one"`,
			`member of group g runs with the same GROUP_INSTANCE_ID "one"`,
		},
		{failed, &kafka.FencedError{ID: "x"}, `o mesmo TRANSACTIONAL_ID "x"`, `the same TRANSACTIONAL_ID "x"`},
		{failed, &kafka.FencedError{Unsure: true}, "além de TRANSACTION_TIMEOUT", "longer than TRANSACTION_TIMEOUT"},
		{failed, &kafka.TimedOutError{ID: "x", Open: 3200 * time.Millisecond, Limit: 2 * time.Second}, "ficou aberta 3s,", "was open for 3s,"},
	} {
		if got := c.line(service.Portuguese, c.err); !strings.Contains(got, c.pt) {
			t.Errorf("%v: %q, want %q in it", c.err, got, c.pt)
		}
		if got := c.line(service.English, c.err); !strings.Contains(got, c.en) {
			t.Errorf("%v: %q, want %q in it", c.err, got, c.en)
		}
	}
}

// Every problem of a connection has its line in each language.
func TestProblemsOfConnections(t *testing.T) {
	for problem := secure.NotTLS; problem <= secure.NoToken; problem++ {
		err := &secure.Error{Problem: problem, Addr: "broker-1:9092", Detail: "a detail"}
		pt, en := Waiting(service.Portuguese, fmt.Errorf("dial: %w", err)), Waiting(service.English, err)
		if pt == en || pt == err.Error() || !strings.HasPrefix(pt, "broker-1:9092: ") || !strings.HasSuffix(pt, "(a detail)") {
			t.Errorf("%d: %q and %q", problem, pt, en)
		}
	}
}
