package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// acls are the ACLs of the user who logs in, on groups and transactional ids too, of which [say.rights] hears nothing. There is no line
// where the brokers have no authorizer. They tell only a user who may describe the cluster.
func (s say) acls(ctx context.Context, addr string, conf *sarama.Config, user string) []Line {
	const check = "acls"
	all, err := kafka.Interruptible(ctx, func() ([]*sarama.ResourceAcls, error) {
		broker := sarama.NewBroker(addr)
		defer broker.Close()
		if err := broker.Open(conf); err != nil {
			return nil, err
		}
		return kafka.ACLs(broker)
	})
	switch {
	case errors.Is(err, sarama.ErrSecurityDisabled):
		return nil
	case errors.Is(err, sarama.ErrClusterAuthorizationFailed):
		return []Line{s.ok(check, "de grupos e ids transacionais os brokers só falam a quem tem Describe no cluster",
			"of groups and transactional ids the brokers tell only who has Describe on the cluster")}
	case err != nil:
		return []Line{warn(check,
			s.text("os brokers não dizem que ACLs este usuário tem: %v", "the brokers do not tell which ACLs this user has: %v", err),
			s.text("veja o log deles", "look at their logs"))}
	}
	own := ownACLs(all, user)
	if len(own) == 0 {
		return []Line{s.ok(check, "nenhuma: um superusuário, ou ninguém", "none: a super user, or nobody")}
	}
	return []Line{s.ok(check, "%s", "%s", strings.Join(own, "; "))}
}

// ownACLs are those of a user and of everyone, a text for each resource; a name that ends with an asterisk is a prefix.
func ownACLs(all []*sarama.ResourceAcls, user string) (own []string) {
	for _, r := range all {
		var may []string
		for _, acl := range r.Acls {
			if acl.Principal != "User:"+user && acl.Principal != "User:*" {
				continue
			}
			word := acl.Operation.String()
			if acl.PermissionType == sarama.AclPermissionDeny {
				word = "not " + word
			}
			may = append(may, word)
		}
		if len(may) == 0 {
			continue
		}
		slices.Sort(may)
		name := r.ResourceType.String()
		if r.ResourceType != sarama.AclResourceCluster {
			name += " " + r.ResourceName
		}
		if r.ResourcePatternType == sarama.AclPatternPrefixed {
			name += "*"
		}
		own = append(own, name+" ("+strings.Join(slices.Compact(may), ", ")+")")
	}
	slices.Sort(own)
	return own
}
