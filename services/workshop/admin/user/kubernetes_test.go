package user

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"go.yaml.in/yaml/v3"
)

// kafkaUser is a user as Strimzi knows it. Without a type an ACL allows, without a host from everywhere.
type kafkaUser struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name   string
		Labels map[string]string
	}
	Spec struct {
		Authentication struct{ Type string }
		Authorization  struct {
			Type string
			ACLs []struct {
				Operations []string
				Resource   struct {
					Type, Name  string
					PatternType string `yaml:"patternType"`
				}
			} `yaml:"acls"`
		}
	}
}

func (u kafkaUser) rights() (all []binding, err error) {
	for _, acl := range u.Spec.Authorization.ACLs {
		r := sarama.Resource{ResourceName: cmp.Or(acl.Resource.Name, "kafka-cluster")}
		pattern := strings.Replace(cmp.Or(acl.Resource.PatternType, "literal"), "prefix", "prefixed", 1)
		err = errors.Join(err, r.ResourceType.UnmarshalText([]byte(acl.Resource.Type)), r.ResourcePatternType.UnmarshalText([]byte(pattern)))
		for _, word := range acl.Operations {
			b := binding{r, sarama.Acl{Principal: principal(u.Metadata.Name), Host: "*", PermissionType: sarama.AclPermissionAllow}}
			err = errors.Join(err, b.Operation.UnmarshalText([]byte(word)))
			all = append(all, b)
		}
	}
	return all, err
}

// differences are those between users for Strimzi and the table: in the login, and in each right.
func (t table) differences(manifests []byte) (all []string, err error) {
	in := yaml.NewDecoder(bytes.NewReader(manifests))
	in.KnownFields(true)
	for {
		var u kafkaUser
		if err := in.Decode(&u); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		name := u.Metadata.Name
		have, err := u.rights()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		wanted, _ := t[name].rights(name)
		if u.Spec.Authentication.Type != "scram-sha-512" || u.Spec.Authorization.Type != "simple" || len(wanted) == 0 {
			all = append(all, name+": login, authorization, or not in the table")
		}
		for _, b := range slices.Concat(have, wanted) {
			if !slices.Contains(have, b) || !slices.Contains(wanted, b) {
				all = append(all, name+": "+b.String())
			}
		}
	}
}

// Who logs in by Strimzi's users has the rights of compose/users.toml, and no others.
func TestKubernetesUsersHaveTheSameRights(t *testing.T) {
	users, err := readTable("../../../../compose/users.toml")
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := os.ReadFile("../../../../kubernetes/overlays/strimzi/users.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := users.differences(manifests); err != nil || len(got) > 0 {
		t.Errorf("they differ in %q (%v)", got, err)
	}
	for _, c := range []struct{ old, new, want string }{
		{
			"[Write], resource: {type: transactionalId", "[All], resource: {type: transactionalId",
			"scoreboard: All on transactional id group1-scoreboard-1",
		},
		{
			"      - {operations: [Read], resource: {type: group, name: cg-group-id, patternType: literal}}\n", "",
			"consumer: Read on group cg-group-id",
		},
		{"name: student-, patternType: prefix", "name: student-, patternType: literal", "student: All on topic student-*"},
		{"type: scram-sha-512", "type: tls", "teacher: login, authorization, or not in the table"},
		{"name: monitor\n", "name: watcher\n", "watcher: login, authorization, or not in the table"},
	} {
		other := strings.Replace(string(manifests), c.old, c.new, 1)
		if got, err := users.differences([]byte(other)); err != nil || !slices.Contains(got, c.want) || other == string(manifests) {
			t.Errorf("the control, %q for %q: %q is not in %q (%v)", c.new, c.old, c.want, got, err)
		}
	}
}
