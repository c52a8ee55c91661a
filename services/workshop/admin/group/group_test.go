package group

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/admin/coordinator"
)

func TestGroupsOfAnEmptyCluster(t *testing.T) {
	c := kafkatest.Start(t)
	workshop(t, c.Kafka(), "groups", "list").Prints(t, "GROUP  STATE  TYPE  PROTOCOL  COORDINATOR\n")
	workshop(t, c.Kafka(), "groups", "list", "-o", "json").Prints(t, "[]\n")
	workshop(t, c.Kafka(), "groups", "describe", "--all-groups", "-o", "json").Prints(t, "[]\n")
}

// LAG is arithmetic on offsets; UNREAD is what a reader of committed messages gets.
func TestUnreadIsRightWhereLagIsNot(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.Transact("t", kafka.Transactional{ID: t.Name()}, "0", "-2", "4", "-6", "8")
	for _, at := range []struct{ committed, lag, unread int64 }{{0, 10, 3}, {1, 9, 2}, {2, 8, 2}, {8, 2, 1}, {9, 1, 0}, {10, 0, 0}} {
		admintest.Commit(t, c, "g", "t", 0, at.committed)
		got := workshop(t, c.Kafka(), "groups", "describe", "g").OK(t)
		want := fmt.Sprintf("g t 0 %d 10 %d %d - - - -", at.committed, at.lag, at.unread)
		admintest.Contains(t, admintest.Columns(got.Stdout), want)
	}
}

func TestDescribeGroupBesideAnOpenTransaction(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.Transact("t", kafka.Transactional{ID: t.Name()}, "0", "?2")
	c.ProduceValues("t", "3", "4")
	admintest.Commit(t, c, "g", "t", 0, 0)
	got := workshop(t, c.Kafka(), "groups", "describe", "g").OK(t)
	admintest.Contains(t, admintest.Columns(got.Stdout), "g t 0 0 5 5 1 -") // and not 1+: it did not wait for the transaction
	admintest.Contains(t, got.Stderr, "t/0: an open transaction holds back what is behind offset 2")
}

func TestDescribeGroupWithMembers(t *testing.T) {
	c := kafkatest.Start(t, "t:2", "other:1")
	c.ProduceValues("other", "a", "b", "c")
	admintest.Commit(t, c, "g", "other", 0, 1)
	admintest.Join(t, c, "g", "t")
	var groups []describedGroup
	got := workshop(t, c.Kafka(), "groups", "describe", "--all-groups", "-o", "json").OK(t)
	if err := json.Unmarshal([]byte(got.Stdout), &groups); err != nil {
		t.Fatal(err)
	}
	if len(groups) != 1 || len(groups[0].Members) != 1 || len(groups[0].Partitions) != 3 || groups[0].State != "Stable" {
		t.Fatalf("want one stable group, one member, three partitions:\n%s", got.Stdout)
	}
	m := groups[0].Members[0]
	if m.ClientID != "member" || m.Host != "127.0.0.1" || fmt.Sprint(m.Partitions) != "map[t:[0 1]]" {
		t.Errorf("member: %+v", m)
	}
	lines := strings.Split(admintest.Columns(workshop(t, c.Kafka(), "groups", "describe", "g").OK(t).Stdout), "\n")
	for i, want := range []string{
		"GROUP TOPIC", "g other 0 1 3 2 2 - - - -", "g t 0 - 0 - - " + m.MemberID + " 127.0.0.1 member -", "g t 1 -",
	} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d: %s, want %s", i, lines[i], want)
		}
	}
}

func TestDescribeGroupWhoseTopicWasMadeAnew(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	admintest.Commit(t, c, "g", "t", 0, 7)
	got := workshop(t, c.Kafka(), "groups", "describe", "g").OK(t)
	admintest.Contains(t, admintest.Columns(got.Stdout), "g t 0 7 0 -7 - -")
	admintest.Contains(t, got.Stderr, "beyond the end of the log")
}

func TestReset(t *testing.T) {
	c := kafkatest.Start(t, "t:1", "many:3")
	c.ProduceValues("t", "0", "1", "2")
	kafkatest.Eventually(t, "the clock has moved", func() bool { return time.Now().UnixMilli() > c.ReadAll("t")[2].Timestamp.UnixMilli() })
	later := time.Now()
	c.ProduceValues("t", "3", "4")
	admintest.Commit(t, c, "g", "t", 0, 1)
	for _, r := range []struct {
		to   string
		want int64
	}{
		{"earliest", 0}, {"latest", 5}, {"3", 3}, {"99", 5},
		{later.UTC().Format(time.RFC3339Nano), 3}, {time.Now().Add(time.Hour).Format(time.RFC3339), 5}, {"2001-01-01T00:00:00-03:00", 0},
	} {
		before := c.Committed("g", "t", 0)
		args := []string{"groups", "reset", "g", "--topic", "t", "--to", r.to}
		want := fmt.Sprintf("GROUP TOPIC PARTITION CURRENT-OFFSET NEW-OFFSET\ng t 0 %d %d", before, r.want)
		dry := workshop(t, c.Kafka(), args...).OK(t)
		admintest.Contains(t, admintest.Columns(dry.Stdout), want)
		admintest.Contains(t, dry.Stderr, "this was a dry run")
		if now := c.Committed("g", "t", 0); now != before {
			t.Errorf("a dry run to %s moved the offset to %d", r.to, now)
		}
		admintest.Contains(t, admintest.Columns(workshop(t, c.Kafka(), append(args, "--execute")...).OK(t).Stdout), want)
		if now := c.Committed("g", "t", 0); now != r.want {
			t.Errorf("reset to %s: offset %d, want %d", r.to, now, r.want)
		}
	}
	workshop(t, c.Kafka(), "groups", "reset", "g", "--topic", "many:2,0", "--to", "earliest", "--execute").OK(t)
	for partition, want := range []int64{0, -1, 0} {
		if got := c.Committed("g", "many", int32(partition)); got != want {
			t.Errorf("many/%d: offset %d, want %d", partition, got, want)
		}
	}
}

func TestResetAndDeleteRefuseActiveGroups(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "0")
	leave := admintest.Join(t, c, "g", "t")
	workshop(t, c.Kafka(), "groups", "reset", "g", "--topic", "t", "--to", "latest", "--execute").
		Fails(t, "it has 1 active member (member@127.0.0.1): stop them first")
	workshop(t, c.Kafka(), "groups", "delete", "g").Fails(t, "it has 1 active member")
	if at := c.Committed("g", "t", 0); at != -1 {
		t.Errorf("the offset was moved to %d", at)
	}
	leave()
	workshop(t, c.Kafka(), "groups", "reset", "g", "--topic", "t", "--to", "latest", "--execute").OK(t)
	workshop(t, c.Kafka(), "groups", "delete", "g").Prints(t, "g deleted\n")
	workshop(t, c.Kafka(), "groups", "describe", "g").Fails(t, "group g does not exist")
}

func TestGroupsThatDoNotExist(t *testing.T) {
	c := kafkatest.Start(t, "scoreGame:1")
	admintest.Commit(t, c, "cg-group-id", "scoreGame", 0, 0)
	admintest.Commit(t, c, "group1", "scoreGame", 0, 0)
	for _, r := range []struct{ args, want string }{
		{"describe group", "did you mean group1?"},
		{"describe cg-group-id gruop1", "group gruop1 does not exist; did you mean group1?"},
		{"delete cg-group-id CG-GROUP-IDS", "did you mean cg-group-id?"},
		{"reset group2 --topic scoreGame --to earliest", "did you mean group1?"},
		{"reset group1 --topic scoregame --to earliest", "topic scoregame does not exist; did you mean scoreGame?"},
		{"reset group1 --topic quite-another --to earliest", "topic quite-another does not exist; «workshop topics list»"},
		{"reset group1 --topic scoreGame:1 --to earliest", "topic scoreGame has no partition 1: it has 1 partition"},
	} {
		workshop(t, c.Kafka(), append([]string{"groups"}, strings.Fields(r.args)...)...).Fails(t, r.want)
	}
	if c.Committed("cg-group-id", "scoreGame", 0) != 0 {
		t.Error("a group was deleted beside one that does not exist")
	}
}

func TestWrongUseOfGroups(t *testing.T) {
	for _, r := range []struct{ args, want string }{
		{"describe", "name the groups, or give --all-groups"},
		{"describe g --all-groups", "name the groups, or give --all-groups"},
		{"reset g --topic t --to yesterday", `--to "yesterday": accepted: earliest, latest`},
		{"reset g --topic t --to -1", `--to "-1": accepted`},
		{"reset g --topic t:x --to latest", "accepted: TOPIC, or TOPIC:PARTITION"},
		{"reset g --topic a/b --to latest", `"a/b" is not a topic's name`},
		{"list -o xml", "accepted: table, json"},
		{"list --timeout 0s", "--timeout has to be greater than 0"},
	} {
		got := workshop(t, kafka.Cluster{}, append([]string{"groups"}, strings.Fields(r.args)...)...)
		got.Fails(t, r.want)
		if !admintest.IsUsage(got.Err) {
			t.Errorf("%s: exits with 1, want 2", r.args)
		}
	}
}

// The table fits the terminal, and what has no room is told.
func TestGroupTableFits(t *testing.T) {
	unread := int64(7)
	member := "consumer-2f8f9a52-7a0e-4a40-a5ab-7c34e1a6a111"
	group := describedGroup{
		Group:      "cg-group-id",
		Members:    []coordinator.Member{{MemberID: member, Host: "/172.18.0.12", ClientID: "consumer"}},
		Partitions: []groupPartition{{Topic: "transactions", Unread: &unread, MemberID: &member}},
	}
	for _, width := range []int{60, 80, 120} {
		stdout, stderr := admintest.PrintOn(t, width, func(w io.Writer) { groupTable(w, []describedGroup{group}) })
		admintest.Contains(t, stdout, "cg-group-id  transactions")
		if width == 80 {
			admintest.Contains(t, stderr, "the terminal is too narrow for CLIENT-ID, HOST")
		}
	}
}
