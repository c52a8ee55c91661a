package nearest

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	all := []string{
		"transactions",
		"transactions.dlq",
		"scoreGame",
		"scoreBoard",
		"meu-topico",
		"at-most-once",
		"kill-leader",
		"BOOTSTRAP_SERVERS",
	}
	for name, want := range map[string]string{
		"transaction": "transactions transactions.dlq", "scoregame": "scoreGame", "meutopico": "meu-topico", "scoreBord": "scoreBoard",
		"atmost": "at-most-once", "kil-leader": "kill-leader", "bootstrap-server": "BOOTSTRAP_SERVERS",
		"x": "", "orders": "", "TRANSACTIONS": "transactions transactions.dlq",
	} {
		if got := strings.Join(Names(name, all), " "); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: near it are %q, want %q", name, got, want)
		}
	}
	if d := distance("kitten", "sitting"); d != 3 {
		t.Errorf("distance %d, want 3", d)
	}
}

func TestUnknown(t *testing.T) {
	for name, want := range map[string]string{
		"atmost": `there is no lab "atmost"; did you mean at-most-once? accepted: acks, at-most-once`,
		"xyz":    `there is no lab "xyz"; accepted: acks, at-most-once`,
	} {
		if got := Unknown("lab", name, []string{"acks", "at-most-once"}); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
