package user

import (
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

// everywhere waits until every broker knows the users and their rights. A change is acknowledged before that, and for a moment the other
// brokers refuse the login, or what it may do.
func everywhere(ctx context.Context, s *session.Session, users table) error {
	for _, b := range s.Client.Brokers() {
		for {
			lacks, err := kafka.Interruptible(ctx, func() (string, error) { return lacking(b, s.Client.Config(), users) })
			if err != nil && !session.Retryable(err) {
				return fmt.Errorf("broker %d: %w", b.ID(), err)
			}
			if err == nil && lacks == "" {
				break
			}
			if wait.Sleep(ctx, 100*time.Millisecond) != nil {
				return errors.Join(fmt.Errorf("broker %d does not know %s yet", b.ID(), lacks), err)
			}
		}
	}
	return nil
}

// lacking names what a broker does not know of the users yet; empty: nothing.
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
	acls, err := b.DescribeAcls(&sarama.DescribeAclsRequest{Version: 1, AclFilter: sarama.AclFilter{
		ResourceType: sarama.AclResourceAny, ResourcePatternTypeFilter: sarama.AclPatternAny,
		Operation: sarama.AclOperationAny, PermissionType: sarama.AclPermissionAny,
	}})
	if err == nil && acls.Err != sarama.ErrNoError {
		err = acls.Err
	}
	if err != nil {
		return "", err
	}
	have := map[string][]binding{}
	for _, r := range acls.ResourceAcls {
		for _, acl := range r.Acls {
			have[acl.Principal] = append(have[acl.Principal], binding{r.Resource, *acl})
		}
	}
	for _, name := range users.names() {
		if !slices.ContainsFunc(logins.Results, func(r *sarama.DescribeUserScramCredentialsResult) bool {
			return r.User == name && r.ErrorCode == sarama.ErrNoError
		}) {
			return "the login of " + name, nil
		}
		wanted, _ := users[name].rights(name)
		known := have[principal(name)]
		isNot := func(in []binding) func(binding) bool { return func(b binding) bool { return !slices.Contains(in, b) } }
		if slices.ContainsFunc(wanted, isNot(known)) || slices.ContainsFunc(known, isNot(wanted)) {
			return "the rights of " + name, nil
		}
	}
	return "", nil
}
