package user

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
	"workshop.example/workshop/admin/session"
)

// everywhere waits until every broker knows the users and their rights, and says for whom it waits for long. A change is acknowledged
// before that, and for a moment the other brokers refuse the login, or what it may do. With ZooKeeper brokers tell of logins what is in
// ZooKeeper: there the rights, which are set later, stand for both.
func everywhere(ctx context.Context, o *session.Options, s *session.Session, users table) error {
	for _, b := range s.Client.Brokers() {
		const long = 10 // questions
		for asked := 1; ; asked++ {
			lacks, err := kafka.Interruptible(ctx, func() (string, error) { return lacking(b, s.Client.Config(), users) })
			if err == nil && lacks == "" {
				break
			}
			if err != nil && !session.Retryable(err) {
				return fmt.Errorf("broker %d: %w", b.ID(), err)
			}
			if asked == long {
				o.Note("waiting for broker %d: %s", b.ID(), cmp.Or(lacks, fmt.Sprint(err)))
			}
			if err := wait.Sleep(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// lacking says what a broker does not know of the users yet; empty: nothing.
func lacking(b *sarama.Broker, conf *sarama.Config, users table) (string, error) {
	if err := b.Open(conf); err != nil && !errors.Is(err, sarama.ErrAlreadyConnected) {
		return "", err
	}
	question := &sarama.DescribeUserScramCredentialsRequest{}
	for _, name := range users.names() {
		question.DescribeUsers = append(question.DescribeUsers, sarama.DescribeUserScramCredentialsRequestUser{Name: name})
	}
	logins, err := b.DescribeUserScramCredentials(question)
	if err == nil && logins.ErrorCode != sarama.ErrNoError {
		err = logins.ErrorCode
	}
	if err != nil {
		return "", err
	}
	acls, err := kafka.ACLs(b)
	if err != nil {
		return "", err
	}
	have := map[string][]binding{}
	for _, r := range acls {
		for _, acl := range r.Acls {
			have[acl.Principal] = append(have[acl.Principal], binding{r.Resource, *acl})
		}
	}
	for _, name := range users.names() {
		if !slices.ContainsFunc(logins.Results, func(r *sarama.DescribeUserScramCredentialsResult) bool {
			return r.User == name && r.ErrorCode == sarama.ErrNoError
		}) {
			return "it does not know the login of " + name + " yet", nil
		}
		wanted, _ := users[name].rights(name)
		known := have[principal(name)]
		isNot := func(in []binding) func(binding) bool { return func(b binding) bool { return !slices.Contains(in, b) } }
		if slices.ContainsFunc(wanted, isNot(known)) || slices.ContainsFunc(known, isNot(wanted)) {
			return "it does not know the rights of " + name + " yet", nil
		}
	}
	return "", nil
}
