//go:build brokers

package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

type groupJSON struct {
	Group, Type, State string
	Members            []struct {
		MemberID, ClientID, Host string
		Partitions               map[string][]int32
	}
	Partitions []struct {
		Topic                                    string
		Partition                                int
		CurrentOffset, LogEndOffset, Lag, Unread *int64
		MemberID                                 *string
	}
}

// groupLines is what kafka-consumer-groups and we say of a group: one line a partition.
func groupLines(t testing.TB, group string) (kafka, we []string) {
	t.Helper()
	kafka = kafkasLines(theirs(t, "", "kafka-consumer-groups.sh", "--describe", "--group", group), group)
	return kafka, ours[[]groupJSON](t, "groups", "describe", group)[0].lines()
}

func kafkasLines(table, group string) (lines []string) {
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) == 9 && f[0] == group {
			lines = append(lines, strings.Join(f[1:], " "))
		}
	}
	slices.Sort(lines)
	return lines
}

func (g groupJSON) lines() (lines []string) {
	for _, p := range g.Partitions {
		member := "- - -"
		for _, m := range g.Members {
			if p.MemberID != nil && m.MemberID == *p.MemberID {
				member = m.MemberID + " /" + m.Host + " " + m.ClientID
			}
		}
		lines = append(lines,
			fmt.Sprintf("%s %d %s %s %s %s", p.Topic, p.Partition, offsetText(p.CurrentOffset), offsetText(p.LogEndOffset),
				offsetText(p.Lag), member))
	}
	slices.Sort(lines)
	return lines
}

// offsetText is an offset or a lag as Kafka's tools print it.
func offsetText(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}

func TestGroupsAsKafkaDescribesThem(t *testing.T) {
	t.Parallel()
	name := topic(t, "transactions", 3)
	service(t, "producer", "TOPIC="+name, "PACE=0", "COUNT=200").exit(kafkatest.Deadline)
	consumer := service(t, "consumer", "TOPIC="+name, "CONSUMER_GROUP="+name)
	kafkatest.Eventually(t, "everything is consumed", func() bool { return len(consumed(consumer)) == 200 })
	kafkatest.Eventually(t, "everything is committed", func() bool {
		left := int64(0)
		for _, p := range ours[[]groupJSON](t, "groups", "describe", name)[0].Partitions {
			if p.Unread == nil {
				return false
			}
			left += *p.Unread
		}
		return left == 0
	})
	kafka, we := groupLines(t, name)
	sameLines(t, "a group with a member", kafka, we)
	if !strings.Contains(strings.Join(we, "\n"), "/127.0.0.1 consumer") {
		t.Errorf("the member is missing:\n%s", strings.Join(we, "\n"))
	}
	for _, args := range []string{"groups delete " + name, "groups reset " + name + " --topic " + name + " --to earliest --execute"} {
		if _, errs, code := tryTool(t, "", strings.Fields(args)...); code != 1 ||
			!strings.Contains(errs, "1 active member (consumer@127.0.0.1)") {
			t.Errorf("%s while it is active: exit code %d\n%s", args, code, errs)
		}
	}
	consumer.terminate()
	service(t, "producer", "TOPIC="+name, "PACE=0", "COUNT=50").exit(kafkatest.Deadline)
	kafka, we = groupLines(t, name)
	sameLines(t, "a group without members", kafka, we)
}

// Markers and aborted messages count for LAG, here and there; UNREAD is what kcat reads.
func TestUnreadIsWhatAReaderGets(t *testing.T) {
	t.Parallel()
	name := topic(t, "scoreGame", 1)
	if code := service(t, "score-simulator", "TOPIC="+name, "PACE=0", "TRANSACTIONAL_ID="+name, "ABORT_EVERY=3",
		"SEED=9").exit(kafkatest.Deadline); code != 0 {
		t.Fatalf("simulator: exit code %d", code)
	}
	tool(t, "", "consume", name, "--group", name, "--from-beginning", "--max", "4")
	kafka, we := groupLines(t, name)
	sameLines(t, "a group on a topic with transactions", kafka, we)
	p := ours[[]groupJSON](t, "groups", "describe", name)[0].Partitions[0]
	got := theirs(t, "", "kcat", "-C", "-t", name, "-p", "0", "-o", fmt.Sprint(*p.CurrentOffset), "-e", "-q", "-X",
		"isolation.level=read_committed")
	if read := int64(strings.Count(got, "\n")); *p.Unread != read || *p.Lag <= read {
		t.Errorf("UNREAD %d, LAG %d; kcat reads %d", *p.Unread, *p.Lag, read)
	}
	t.Logf("LAG %d, UNREAD %d", *p.Lag, *p.Unread)
}

// timesOfMessages are two times for a topic: at or before every partition's last message, and after all of them.
func timesOfMessages(t testing.TB, topic string) (within, behind string) {
	t.Helper()
	last := map[int]time.Time{}
	for line := range strings.Lines(tool(t, "", "consume", topic, "--from-beginning", "--to-end", "-o", "json")) {
		var m struct {
			Partition int
			Timestamp time.Time
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		if m.Timestamp.After(last[m.Partition]) {
			last[m.Partition] = m.Timestamp
		}
	}
	if len(last) != 3 {
		t.Fatalf("messages are in %d partitions, want 3", len(last))
	}
	sorted := slices.SortedFunc(maps.Values(last), time.Time.Compare)
	const layout = "2006-01-02T15:04:05.000Z"
	return sorted[0].UTC().Format(layout), sorted[2].UTC().Add(time.Second).Format(layout)
}

func TestResetAsKafkaDoes(t *testing.T) {
	t.Parallel()
	name := topic(t, "transactions", 3)
	service(t, "producer", "TOPIC="+name, "PACE=0", "COUNT=90").exit(kafkatest.Deadline)
	tool(t, "", "consume", name, "--group", name, "--from-beginning", "--max", "45")
	within, behind := timesOfMessages(t, name)
	// It forgets to end its lines, and warns of a partition without a message since a time.
	row := regexp.MustCompile(name + ` +` + name + ` +(\d+) +(\d+)`) // group, topic, partition, offset
	for _, to := range [][]string{
		{"earliest", "--to-earliest"}, {"latest", "--to-latest"}, {"7", "--to-offset", "7"},
		{within, "--to-datetime", strings.TrimSuffix(within, "Z")}, {behind, "--to-datetime", strings.TrimSuffix(behind, "Z")},
	} {
		var kafka, we []string
		args := append([]string{"--reset-offsets", "--dry-run", "--group", name, "--topic", name}, to[1:]...)
		for _, m := range row.FindAllStringSubmatch(theirs(t, "", "kafka-consumer-groups.sh", args...), -1) {
			kafka = append(kafka, m[1]+" "+m[2])
		}
		for _, o := range ours[struct {
			Offsets []struct{ Partition, NewOffset int64 }
		}](t, "groups", "reset", name, "--topic", name, "--to", to[0], "--execute").Offsets {
			we = append(we, fmt.Sprint(o.Partition, " ", o.NewOffset))
		}
		slices.Sort(kafka)
		sameLines(t, "reset to "+to[0], kafka, we)
		kafka, we = groupLines(t, name)
		sameLines(t, "after the reset to "+to[0], kafka, we)
	}
	tool(t, "", "groups", "delete", name)
	if strings.Contains(theirs(t, "", "kafka-consumer-groups.sh", "--list"), name) {
		t.Error("the group is still there")
	}
}
