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
	full := &kafka.RefusedError{Name: "g", Reason: "group g is full", Code: "GROUP_MAX_SIZE_REACHED", Err: sarama.ErrGroupMaxSizeReached}
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
		{Waiting, full, "o grupo g está cheio", "group g is full (GROUP_MAX_SIZE_REACHED)"},
		{failed, full, "o grupo g está cheio", "group g is full (GROUP_MAX_SIZE_REACHED)"},
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
		if problems[problem] == "" || pt == en || !strings.HasPrefix(pt, "broker-1:9092: ") || !strings.HasSuffix(pt, "(a detail)") {
			t.Errorf("%d: %q and %q", problem, pt, en)
		}
	}
}

// Every refusal that a client knows has a line in Portuguese. One that it does not know is the control.
func TestRefusalsInPortuguese(t *testing.T) {
	for code, want := range map[sarama.KError]string{
		sarama.ErrInconsistentGroupProtocol:          "o grupo id já tem membros com outra estratégia",
		sarama.ErrGroupMaxSizeReached:                "o grupo id está cheio",
		sarama.ErrInvalidSessionTimeout:              "não aceitam a sessão de 6 s deste programa no grupo id",
		sarama.ErrInvalidGroupId:                     `não aceitam o nome de grupo "id"`,
		sarama.ErrGroupAuthorizationFailed:           "não tem permissão no grupo id",
		sarama.ErrUnsupportedVersion:                 "a versão do protocolo de que este programa precisa no grupo id",
		sarama.ErrTransactionalIDAuthorizationFailed: `não tem permissão no TRANSACTIONAL_ID "id"`,
		sarama.ErrInvalidTransactionTimeout:          `não aceitam TRANSACTION_TIMEOUT para o TRANSACTIONAL_ID "id"`,
		sarama.ErrOffsetOutOfRange:                   "in English", // the control
	} {
		got := refused(service.Portuguese, &kafka.RefusedError{Name: "id", Reason: "in English", Code: "CODE", Err: code})
		if !strings.Contains(got, want) || !strings.HasSuffix(got, "(CODE)") {
			t.Errorf("%s: %q, want %q and the code", fmt.Sprint(int16(code)), got, want)
		}
	}
}
