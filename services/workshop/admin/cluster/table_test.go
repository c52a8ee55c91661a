package cluster

import (
	"errors"
	"strings"
	"testing"

	"workshop.example/workshop/admin/session"
)

// Who is the controller: a broker, in the table; a process of its own, as after a migration from ZooKeeper; nobody; or it is not told.
func TestControllerInTheTable(t *testing.T) {
	const none, apart = "no controller at the moment", "the controller is 3001, a process of its own"
	for name, c := range map[string]struct {
		d    describedCluster
		says string // empty: neither
	}{
		"a broker":                    {describedCluster{Controller: 1, named: 1}, ""},
		"a broker, Metadata another":  {describedCluster{Controller: 1, named: 2}, ""},
		"a process of its own":        {describedCluster{Controller: 3001, named: 1}, apart},
		"a broker that is down":       {describedCluster{Controller: 3, named: 3}, none},
		"no controller with a quorum": {describedCluster{Controller: -1, named: 1}, none},
		"not told":                    {describedCluster{Controller: -1, named: 1, untold: errors.New("x")}, ""},
	} {
		c.d.Brokers = []describedBroker{{ID: 1}, {ID: 2}}
		var table strings.Builder
		c.d.table(&table, &session.Tool{})
		for _, text := range []string{none, apart} {
			if strings.Contains(table.String(), text) != (text == c.says) {
				t.Errorf("%s: want %q in\n%s", name, c.says, table.String())
			}
		}
	}
}
