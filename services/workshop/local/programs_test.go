package local

import (
	"slices"
	"strings"
	"testing"
)

func TestUpGivesEachServiceItsEnvironment(t *testing.T) {
	user := []string{"PACE=5ms", "TOPIC=mine", "OPS_ADDR=:9400", "kafka_host_url=x:1", "MATCHES=3", "MATCH_PAUSE=", "DELIVERY=at-most-once",
		"BOOTSTRAP_SERVERS=other:1", "CONSUMER_GROUP=mine", "GROUP_INSTANCE_ID=mine", "TRANSACTIONAL_ID=mine", "DEAD_LETTER_TOPIC=none"}
	both := []string{"BOOTSTRAP_SERVERS=b:1", "DELIVERY=at-most-once", "MATCHES=3", "PACE=5ms"}
	for name, own := range map[string][]string{
		"producer":        {"MATCH_PAUSE=", "TOPIC=transactions"},
		"consumer":        {"CONSUMER_GROUP=cg-group-id", "GROUP_INSTANCE_ID=consumer", "MATCH_PAUSE=", "TOPIC=transactions"},
		"score-simulator": {"MATCH_PAUSE=", "MATCH_PAUSE=10s", "TOPIC=scoreGame"}, // exec takes the last of a name
		"monitor": {"CONSUMER_GROUP=monitor", "GROUP_INSTANCE_ID=monitor", "ISOLATION=read_committed", "MATCH_PAUSE=",
			"TOPIC=transactions"},
		"scoreboard": {"CONSUMER_GROUP=group1", "GROUP_INSTANCE_ID=scoreboard", "MATCH_PAUSE=", "TOPIC=scoreGame"},
	} {
		chosen, err := choose(name, false)
		if err != nil {
			t.Fatal(err)
		}
		got := chosen[0].environment(user, "b:1")
		if last := slices.Index(got, "MATCH_PAUSE=10s"); last >= 0 && last != len(got)-1 {
			t.Errorf("%s: the default is not the last of its name: %q", name, got)
		}
		slices.Sort(got)
		want := slices.Concat(both, own)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, want)
		}
	}
	const want = "BOOTSTRAP_SERVERS CONSUMER_GROUP DEAD_LETTER_TOPIC GROUP_INSTANCE_ID OPS_ADDR TOPIC TRANSACTIONAL_ID kafka_host_url"
	if got := strings.Join(ignored(user), " "); got != want {
		t.Errorf("ignored: %s, want %s", got, want)
	}
}

func TestWorkersAreForEmailsAndReports(t *testing.T) {
	for _, p := range ecommercePrograms {
		env := p.environment([]string{"WORKERS=7"}, "b:1")
		want := "WORKERS=1"
		if p.name == "email-service" || p.name == "reading-report" {
			want = "WORKERS=7"
		}
		env = slices.DeleteFunc(env, func(entry string) bool { return !strings.HasPrefix(entry, "WORKERS=") })
		if p.name != gateway && env[len(env)-1] != want {
			t.Errorf("%s gets %q, want %s last", p.name, env, want)
		}
	}
}
