package admin

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/admintest"
)

// onTopics and onGroups are every command that takes a name, in the place of NAME.
var (
	onTopics = []string{
		"topics create NAME", "topics describe NAME", "topics alter NAME --partitions 9", "topics delete NAME",
		"topics reassign NAME --brokers 1", "produce NAME", "consume NAME", "dlq show NAME", "dlq replay NAME",
	}
	onGroups = []string{"groups describe NAME", "groups delete NAME", "groups reset NAME --topic t --to earliest --execute"}
)

// with puts a name into a command, which may be empty or have blanks.
func with(command, name string) []string {
	args := strings.Fields(command)
	args[slices.Index(args, "NAME")] = name
	return args
}

// refuses wants wrong use, or else a failure, with all of the texts.
func refuses(t *testing.T, cluster kafka.Cluster, usage bool, args []string, texts ...string) {
	t.Helper()
	got := workshop(t, cluster, args...)
	for _, text := range texts {
		got.Fails(t, text)
	}
	if admintest.IsUsage(got.Err) != usage {
		t.Errorf("%q: wrong use %t, want %t: %v", args, admintest.IsUsage(got.Err), usage, got.Err)
	}
}

// A name that cannot be is refused before anybody is asked: there is no cluster here.
func TestNamesThatCannotBe(t *testing.T) {
	for name, want := range map[string]string{
		"":                       `"" is not a topic's name: it is empty: is a variable not set?`,
		".":                      `"." is not a topic's name: to the brokers it is a folder's`,
		"..":                     `".." is not a topic's name: to the brokers`,
		"a b":                    `"a b" is not a topic's name: accepted: 1 to 249 of a-z A-Z 0-9 . _ -`,
		" a":                     `" a" is not a topic's name: accepted`,
		"ação":                   `"ação" is not a topic's name: accepted`,
		"trans*":                 `"trans*" is not a topic's name: accepted`,
		strings.Repeat("x", 250): `"xxxxxxxxxxxxxxxxxxxx..." is not a topic's name: it has 250 characters, and 249 are the most`,
	} {
		for _, command := range onTopics {
			refuses(t, kafka.Cluster{}, true, with(command, name), want)
		}
		refuses(t, kafka.Cluster{}, true, []string{"groups", "reset", "g", "--topic", name, "--to", "latest"}, want)
	}
	for _, command := range onGroups {
		refuses(t, kafka.Cluster{}, true, with(command, ""), "a group's name is empty")
	}
	if !service.LegalTopic(strings.Repeat("x", 249)) {
		t.Error("249 characters are refused")
	}
}

// What does not exist is named, with what was perhaps meant, and nothing is changed beside it.
func TestNamesThatAreNotThere(t *testing.T) {
	c := kafkatest.Start(t, "transactions:3", "transactions.dlq:1", "t:1")
	admintest.Commit(t, c, "cg-group-id", "t", 0, 0)
	for _, command := range onTopics[1:] {
		if strings.HasPrefix(command, "topics reassign") {
			continue // the embedded cluster refuses it before; on real brokers: acceptance
		}
		want := "topic transaction does not exist; did you mean transactions"
		if strings.HasPrefix(command, "dlq") {
			refuses(t, c.Kafka(), false, with(command, "transactions.dql"), "topic transactions.dql does not exist; did you mean transactions.dlq")
		}
		refuses(t, c.Kafka(), false, with(command, "transaction"), want)
		refuses(t, c.Kafka(), false, with(command, "pedidos"), "topic pedidos does not exist; «workshop topics list» names all")
	}
	for _, command := range onGroups {
		refuses(t, c.Kafka(), false, with(command, "cg-group"), "group cg-group does not exist; did you mean cg-group-id?")
		refuses(t, c.Kafka(), false, with(command, "outro"), "group outro does not exist; «workshop groups list» names all")
	}
	if len(c.PartitionInfos("transactions")) != 3 || c.Committed("cg-group-id", "t", 0) != 0 || len(c.ReadAll("transactions")) != 0 {
		t.Error("something was changed")
	}
}

func TestCollidingNames(t *testing.T) {
	c := kafkatest.Start(t, "meu_topico:1")
	refuses(t, c.Kafka(), false, []string{"topics", "create", "meu.topico"},
		"topic meu.topico collides with meu_topico", "choose another name")
	refuses(t, c.Kafka(), false, []string{"topics", "create", "meu_topico"}, "topic meu_topico exists")
	workshop(t, c.Kafka(), "topics", "create", "meu-topico").OK(t)
}

// More partitions of Kafka's own topics would send groups to others than their offsets are in.
func TestKafkasOwnTopicsKeepTheirPartitions(t *testing.T) {
	c := kafkatest.Start(t, "__consumer_offsets:2")
	refuses(t, c.Kafka(), true, []string{"topics", "alter", "__consumer_offsets", "--partitions", "3"},
		"it is Kafka's own", "Nothing was changed")
	if n := len(c.PartitionInfos("__consumer_offsets")); n != 2 {
		t.Errorf("__consumer_offsets has %d partitions", n)
	}
}

// Of every command: without a cluster an error in time that says what to do.
func TestNobodyAnswers(t *testing.T) {
	refusing := kafka.Cluster{Brokers: []string{fmt.Sprint("127.0.0.1:", kafkatest.FreePort(t))}}
	nameless := kafka.Cluster{Brokers: []string{"broker.invalid:9092"}}
	silent := kafka.Cluster{Brokers: []string{kafkatest.Silent(t)}}
	commands := []string{"cluster", "topics list", "groups list", "groups describe --all-groups", "dlq list"}
	for _, command := range slices.Concat(onTopics, onGroups) {
		commands = append(commands, strings.Replace(command, "NAME", "n", 1))
	}
	for _, command := range commands {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(command)
			began := time.Now()
			refuses(t, refusing, false, args, refusing.Brokers[0]+": connection refused; start the cluster",
				"«workshop doctor --bootstrap-servers "+refusing.Brokers[0]+"» says more")
			refuses(t, nameless, false, args, "broker.invalid:9092: no such host; start the cluster")
			if args[0] == "consume" { // its --timeout is for messages
				return
			}
			refuses(t, silent, false, append(args, "--timeout", "300ms"), "no answer within 300ms", "allow more with --timeout")
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestNumbersAndAddressesThatCannotBe(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	admintest.Commit(t, c, "g", "t", 0, 0)
	for _, r := range []struct{ args, want string }{
		{"topics create n --partitions -1", "--partitions has to be from 1 to 10000"},
		{"topics create n --partitions 10001", "--partitions has to be from 1 to 10000"},
		{"topics create n --replication-factor -1", "--replication-factor from 1"},
		{"topics alter t --partitions -1", "--partitions has to be from 1 to 10000"},
		{"topics reassign t --replication-factor -1", "--replication-factor has to be from 1"},
		{"topics apply --min-brokers -1", "--min-brokers and --timeout have to be greater than 0"},
		{"topics apply --topic n:-1", "accepted: NAME:PARTITIONS"},
		{"produce t --partition -1", "--partition cannot be less than 0"},
		{"produce t --timeout -1s", "--timeout has to be greater than 0"},
		{"consume t --max -1", "--max, --timeout and --partition cannot be less than 0"},
		{"consume t --partition -1", "--max, --timeout and --partition cannot be less than 0"},
		{"consume t --timeout -1s", "--max, --timeout and --partition cannot be less than 0"},
		{"consume t --partition 0 --offset -x", `--offset "-x": accepted`},
		{"consume t --group=", "--group is empty"},
		{"groups reset g --topic t --to -1 --execute", `--to "-1": accepted`},
		{"groups reset g --topic t --to 2026-13-01T00:00:00Z --execute", "or a time such as 2026-05-04T09:30:00-03:00"},
		{"groups reset g --topic t --to 2026-05-04 --execute", "or a time such as 2026-05-04T09:30:00-03:00"},
		{"groups reset g --topic t --to 99999999999999999999 --execute", "accepted: earliest, latest, an offset"},
		{"groups reset g --topic t:-1 --to latest --execute", "accepted: TOPIC, or TOPIC:PARTITION"},
		{"dlq show t.dlq --max 0", "--max has to be at least 1"},
		{"dlq replay t.dlq --max -1", "--max cannot be less than 0"},
		{"topics list --bootstrap-servers=", "--bootstrap-servers is empty"},
		{"topics delete t --bootstrap-servers=", "--bootstrap-servers is empty"},
		{"topics apply --bootstrap-servers=", "--bootstrap-servers is empty"},
		{"consume t --bootstrap-servers=", "--bootstrap-servers is empty"},
	} {
		refuses(t, c.Kafka(), true, strings.Fields(r.args), r.want)
	}
	if len(c.PartitionInfos("t")) != 1 || c.PartitionInfos("n") != nil || c.Committed("g", "t", 0) != 0 {
		t.Error("something was changed")
	}
}

// A default that stands for "not given" is no default to a reader.
func TestHelpShowsNoEmptyDefault(t *testing.T) {
	for _, command := range []string{"consume", "produce", "topics create", "topics alter", "topics reassign", "dlq replay"} {
		got := workshop(t, kafka.Cluster{}, append(strings.Fields(command), "--help")...)
		if strings.Contains(got.Stdout, "(default )") || strings.Contains(got.Stdout, "(default -1)") {
			t.Errorf("%s --help:\n%s", command, got.Stdout)
		}
	}
}
