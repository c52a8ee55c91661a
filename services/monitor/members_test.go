package monitor

import (
	"bufio"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"

	"workshop.example/monitor/board"
	"workshop.example/monitor/window"
)

// Three members share the partitions, and one after the other ends and comes back while transactions come. Each page adds up all of
// them.
func TestThreeMembers(t *testing.T) {
	t.Parallel()
	c := start(t)
	m := newMarket(t, c)
	var members [3]*kafkatest.Run
	join := func(n int) {
		members[n] = startMonitor(t, env(t, c, "GROUP_INSTANCE_ID", ""))
		members[n].WaitFor("partições observadas: ") // a stop before that would be no rebalance
	}
	for n := range members {
		join(n)
		m.send(100)
	}
	for n := range members {
		m.send(100)
		// A dynamic member that ends while the group is joining leaves a ghost, and kfake's wait for it begins anew with every member
		// that joins.
		kafkatest.Eventually(t, "the group is stable", func() bool { return c.GroupInfo("monitor").State == "Stable" })
		if err := members[n].Stop(); err != nil {
			t.Fatal(err)
		}
		m.send(100)
		join(n)
	}
	m.send(100)
	watched(t, c)
	if v := judge(t, c, testRules); !v.clean() || v.wanted < 50 {
		t.Error(v)
	}
	for _, member := range members {
		// The one that came last may be rebuilding its partition.
		kafkatest.Eventually(t, "each member has a partition, and the page all three", func() bool {
			s := stateOf(t, member)
			return len(s.Partitions) == 3 && s.Error == ""
		})
		wantState(t, c, stateOf(t, member))
		wantBoard(t, member)
	}
	if err := members[0].Stop(); err != nil {
		t.Fatal(err)
	}
	kafkatest.Eventually(t, "two members have all", func() bool { return len(stateOf(t, members[1]).Partitions) == 3 })
	wantState(t, c, stateOf(t, members[2]))
}

// wantBoard wants a member's board to add up all three partitions too.
func wantBoard(t *testing.T, member *kafkatest.Run) {
	t.Helper()
	resp, err := http.Get(pageOf(t, member) + "/api/board")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	var b board.Snapshot
	var s state
	kafkatest.Eventually(t, "the board has what the state has", func() bool { // the first frames may lack what takes long
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			return false
		}
		if err := json.Unmarshal([]byte(data), &b); err != nil {
			t.Fatal(err)
		}
		s = stateOf(t, member)
		return maps.Equal(b.Traffic.Minute, s.Windows[0].Kinds) && b.Traffic.Time == s.Time && len(b.Traffic.Missing) == 0
	})
	for kind, sum := range s.Windows[0].Kinds {
		var series window.Sum
		for i, n := range b.Traffic.Recent[kind].Count {
			series.Count += n
			series.Cents += b.Traffic.Recent[kind].Cents[i]
		}
		if series != sum {
			t.Errorf("%s: the seconds add up to %+v, want %+v", kind, series, sum)
		}
	}
}

// A member whose page cannot be reached is missing on the others', which say so.
func TestMemberThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	c := start(t)
	newMarket(t, c).send(100)
	one := startMonitor(t, env(t, c, "GROUP_INSTANCE_ID", "one"))
	startMonitor(t, env(t, c, "GROUP_INSTANCE_ID", "two", "HTTP_ADVERTISED", kafkatest.Silent(t)))
	kafkatest.Eventually(t, "one says what is missing", func() bool {
		s := stateOf(t, one)
		return len(s.Missing) > 0 && len(s.Partitions) == 3-len(s.Missing) && s.Error != ""
	})
}

// The topic is deleted and created again: the group's offsets are beyond its end, and the same offsets have other records.
func TestRecreatedTopic(t *testing.T) {
	t.Parallel()
	c := start(t)
	m := newMarket(t, c)
	m.send(600)
	r := startMonitor(t, env(t, c))
	watched(t, c)
	before := judge(t, c, testRules)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	c.DeleteTopic("transactions")
	c.CreateTopic("transactions:3")
	m.send(300)
	startMonitor(t, env(t, c))
	watched(t, c)
	after := judge(t, c, testRules)
	if !before.clean() || after.lost+after.duplicated > 0 || after.wanted == 0 || after.unfounded != before.wanted {
		t.Errorf("before %v; after %v; want nothing lost or duplicated, and those of the first topic unfounded now", before, after)
	}
}

// Retention has deleted a part of the windows: they are rebuilt from what is left, and the monitor goes on.
func TestRetentionWithinTheWindow(t *testing.T) {
	t.Parallel()
	c := start(t)
	m := newMarket(t, c)
	m.send(600)
	r := startMonitor(t, env(t, c))
	watched(t, c)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	deleted := map[int32]int64{}
	for _, p := range c.PartitionInfos("transactions") {
		deleted[p.Partition] = p.HighWatermark - 10
	}
	admin, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := admin.DeleteRecords("transactions", deleted); err != nil {
		t.Fatal(err)
	}
	r = startMonitor(t, env(t, c))
	kafkatest.Eventually(t, "what is left is on the page", func() bool {
		partitions := 0
		for _, p := range stateOf(t, r).Partitions {
			// Of the ten that are left those before the last five minutes are not read.
			if read := p.Read + p.Late + p.Unreadable; read > 0 && read <= 10 {
				partitions++
			}
		}
		return partitions == 3
	})
	m.send(100)
	watched(t, c)
}
