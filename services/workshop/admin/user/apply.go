package user

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/IBM/sarama"
)

func (t table) names() []string { return slices.Sorted(maps.Keys(t)) }

// iterations of the hash: what a password costs to guess. Ours have 128 bits, and the least that brokers take is enough.
const iterations = 4096

// credentials are what a user logs in with. The password itself does not leave this machine.
func credentials(name, password string) (sarama.AlterUserScramCredentialsUpsert, error) {
	salt := make([]byte, 24)
	if _, err := rand.Read(salt); err != nil {
		return sarama.AlterUserScramCredentialsUpsert{}, err
	}
	return sarama.AlterUserScramCredentialsUpsert{
		Name: name, Mechanism: sarama.SCRAM_MECHANISM_SHA_512, Iterations: iterations, Salt: salt, Password: []byte(password),
	}, nil
}

func upsert(admin sarama.ClusterAdmin, users []sarama.AlterUserScramCredentialsUpsert) error {
	results, err := admin.UpsertUserScramCredentials(users)
	return errors.Join(err, outcome(results))
}

func outcome(results []*sarama.AlterUserScramCredentialsResult) error {
	var errs []error
	for _, r := range results {
		if !errors.Is(r.ErrorCode, sarama.ErrNoError) {
			detail := ""
			if r.ErrorMessage != nil {
				detail = ": " + *r.ErrorMessage
			}
			errs = append(errs, fmt.Errorf("%s: %w%s", r.User, r.ErrorCode, detail))
		}
	}
	return errors.Join(errs...)
}

// applyRights gives a user exactly the rights of the table.
func applyRights(admin sarama.ClusterAdmin, name string, u user) (granted, revoked []binding, err error) {
	wanted, _ := u.rights(name)
	have, err := rightsOf(admin, name)
	if err != nil {
		return nil, nil, err
	}
	var creations []*sarama.ResourceAcls
	for _, b := range wanted {
		if !slices.Contains(have, b) {
			granted = append(granted, b)
			creations = append(creations, &sarama.ResourceAcls{Resource: b.Resource, Acls: []*sarama.Acl{&b.Acl}})
		}
	}
	if len(creations) > 0 {
		if err := admin.CreateACLs(creations); err != nil {
			return nil, nil, err
		}
	}
	for _, b := range have {
		if slices.Contains(wanted, b) {
			continue
		}
		if _, err := admin.DeleteACL(only(b), false); err != nil {
			return granted, revoked, err
		}
		revoked = append(revoked, b)
	}
	slices.SortFunc(granted, func(a, b binding) int { return strings.Compare(a.String(), b.String()) })
	return granted, revoked, nil
}

// rightsOf are the rights that a user has on the cluster.
func rightsOf(admin sarama.ClusterAdmin, name string) (all []binding, err error) {
	who := principal(name)
	resources, err := admin.ListAcls(sarama.AclFilter{
		ResourceType: sarama.AclResourceAny, ResourcePatternTypeFilter: sarama.AclPatternAny, Principal: &who,
		Operation: sarama.AclOperationAny, PermissionType: sarama.AclPermissionAny,
	})
	for _, r := range resources {
		for _, acl := range r.Acls {
			all = append(all, binding{r.Resource, *acl})
		}
	}
	return all, err
}

func only(b binding) sarama.AclFilter {
	return sarama.AclFilter{
		ResourceType: b.ResourceType, ResourceName: &b.ResourceName, ResourcePatternTypeFilter: b.ResourcePatternType,
		Principal: &b.Principal, Host: &b.Host, Operation: b.Operation, PermissionType: b.PermissionType,
	}
}
