package user

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func parse(t *testing.T, text string) (table, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return readTable(file)
}

func TestRights(t *testing.T) {
	users, err := parse(t, `
[ana]
topics = { "a" = ["Read"], "ana-*" = ["All"], "*" = ["Describe"] }
groups = { "g" = ["Read"] }
transactional_ids = { "t" = ["Write"] }
cluster = ["Create"]`)
	if err != nil {
		t.Fatal(err)
	}
	rights, _ := users["ana"].rights("ana")
	var got []string
	for _, b := range rights {
		got = append(got, b.Principal+" "+b.String()+" "+b.ResourcePatternType.String())
	}
	slices.Sort(got)
	want := []string{
		"User:ana All on topic ana-* Prefixed", "User:ana Create on cluster kafka-cluster Literal", "User:ana Describe on topic * Literal",
		"User:ana Read on group g Literal", "User:ana Read on topic a Literal", "User:ana Write on transactional id t Literal",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Every mistake is named at once.
func TestMistakes(t *testing.T) {
	_, err := parse(t, `
[Ana]
topics = { "a" = ["read"] }
groups = { "g" = ["Write"] }
topic = {}`)
	for _, want := range []string{`"Ana" is not a user's name`, `operation "read" on a topic; accepted: All`, `operation "Write" on a group`,
		"Ana.topic: no such key; accepted: group_id"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if _, err := parse(t, ""); err == nil {
		t.Error("a table without users is taken")
	}
}

// The stack's own table: the services that compose/secure.yaml gives a login are in it, each with files of its own, and none may do
// everything but who teaches.
func TestTableOfTheStack(t *testing.T) {
	users, err := readTable("../../../../compose/users.toml")
	if err != nil {
		t.Fatal(err)
	}
	compose, err := os.ReadFile("../../../../compose/secure.yaml")
	if err != nil {
		t.Fatal(err)
	}
	groups := map[int]string{}
	for name, u := range users {
		if other, taken := groups[u.GroupID]; taken || u.GroupID == 0 {
			t.Errorf("%s and %s have the group %d", name, other, u.GroupID)
		}
		groups[u.GroupID] = name
		rights, _ := u.rights(name)
		for _, b := range rights {
			if operation := b.Operation.String(); name != "teacher" && !strings.HasPrefix(b.ResourceName, name) &&
				(operation == "All" || operation == "Alter" || operation == "Delete" || b.ResourceName == "*" && operation == "Write") {
				t.Errorf("%s: %s", name, b)
			}
		}
	}
	logins := 0
	for line := range strings.Lines(string(compose)) {
		_, after, ok := strings.Cut(line, "KAFKA_SASL_USERNAME: ")
		if name, _, _ := strings.Cut(after, ","); ok {
			logins++
			if _, ok := users[name]; !ok {
				t.Errorf("secure.yaml names the user %s, and users.toml does not", name)
			}
		}
	}
	if logins < 15 {
		t.Errorf("%d logins in secure.yaml", logins)
	}
}
