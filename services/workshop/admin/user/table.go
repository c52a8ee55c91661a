package user

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/IBM/sarama"

	"workshop.example/kit/service"
)

// user is who may log in, and what for.
type user struct {
	// GroupID is of those who may read this user's files besides their owner, where root writes them.
	GroupID int `toml:"group_id"`

	// Operations by resource. A name that ends in * is all that begin so.
	Topics           map[string][]string `toml:"topics"`
	Groups           map[string][]string `toml:"groups"`
	TransactionalIDs map[string][]string `toml:"transactional_ids"`
	Cluster          []string            `toml:"cluster"`
}

// binding is one right of one user.
type binding struct {
	sarama.Resource
	sarama.Acl
}

func (b binding) String() string {
	name := b.ResourceName
	if b.ResourcePatternType == sarama.AclPatternPrefixed {
		name += "*"
	}
	return fmt.Sprintf("%s on %s %s", b.Operation.String(), kinds[b.ResourceType], name)
}

// kinds are what messages call a resource.
var kinds = map[sarama.AclResourceType]string{
	sarama.AclResourceTopic: "topic", sarama.AclResourceGroup: "group", sarama.AclResourceTransactionalID: "transactional id",
	sarama.AclResourceCluster: "cluster",
}

// table is the users by their names.
type table map[string]user

var userName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// readTable reads the file of users, and names every mistake at once.
func readTable(path string) (table, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, service.UsageError(fmt.Sprintf("%v; accepted by --users: a file such as compose/users.toml", err))
	}
	users := table{}
	meta, err := toml.Decode(string(text), &users)
	if err != nil {
		return nil, service.UsageError(fmt.Sprintf("%s: %v", path, err))
	}
	var wrong []string
	for _, key := range meta.Undecoded() {
		wrong = append(wrong, fmt.Sprintf("%s: no such key; accepted: group_id, topics, groups, transactional_ids, cluster", key))
	}
	for _, name := range slices.Sorted(maps.Keys(users)) {
		if !userName.MatchString(name) {
			wrong = append(wrong, fmt.Sprintf("%q is not a user's name; accepted: a-z 0-9 -, 63 at most", name))
		}
		_, mistakes := users[name].rights(name)
		wrong = append(wrong, mistakes...)
	}
	if len(users) == 0 {
		wrong = append(wrong, "there is no user in it")
	}
	if len(wrong) > 0 {
		return nil, service.UsageError(path + ": " + strings.Join(wrong, "\n"+path+": "))
	}
	return users, nil
}

// accepted are the operations that Kafka has on a kind of resource.
var accepted = map[sarama.AclResourceType][]string{
	sarama.AclResourceTopic:           {"All", "Alter", "AlterConfigs", "Create", "Delete", "Describe", "DescribeConfigs", "Read", "Write"},
	sarama.AclResourceGroup:           {"All", "Delete", "Describe", "Read"},
	sarama.AclResourceTransactionalID: {"All", "Describe", "Write"},
	sarama.AclResourceCluster: {"All", "Alter", "AlterConfigs", "ClusterAction", "Create", "Describe", "DescribeConfigs",
		"IdempotentWrite"},
}

// rights are what a user may do, as brokers keep it.
func (u user) rights(name string) (all []binding, mistakes []string) {
	add := func(kind sarama.AclResourceType, resource string, operations []string) {
		for _, word := range operations {
			var operation sarama.AclOperation
			if !slices.Contains(accepted[kind], word) || operation.UnmarshalText([]byte(word)) != nil {
				mistakes = append(mistakes, fmt.Sprintf("%s: operation %q on a %s; accepted: %s", name, word, kinds[kind],
					strings.Join(accepted[kind], ", ")))
				continue
			}
			all = append(all, binding{resourceOf(kind, resource), sarama.Acl{
				Principal: principal(name), Host: "*", Operation: operation, PermissionType: sarama.AclPermissionAllow,
			}})
		}
	}
	for kind, named := range map[sarama.AclResourceType]map[string][]string{
		sarama.AclResourceTopic: u.Topics, sarama.AclResourceGroup: u.Groups, sarama.AclResourceTransactionalID: u.TransactionalIDs,
	} {
		for resource, operations := range named {
			add(kind, resource, operations)
		}
	}
	add(sarama.AclResourceCluster, "kafka-cluster", u.Cluster)
	return all, mistakes
}

func resourceOf(kind sarama.AclResourceType, name string) sarama.Resource {
	prefix, starred := strings.CutSuffix(name, "*")
	if !starred || prefix == "" { // to Kafka * alone is a literal name, for all
		return sarama.Resource{ResourceType: kind, ResourceName: name, ResourcePatternType: sarama.AclPatternLiteral}
	}
	return sarama.Resource{ResourceType: kind, ResourceName: prefix, ResourcePatternType: sarama.AclPatternPrefixed}
}

func principal(name string) string { return "User:" + name }
