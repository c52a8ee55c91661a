package scoreboard

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
	"workshop.example/kit/service"
)

func startForBoards(t *testing.T) *kafkatest.Cluster {
	t.Helper()
	return kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1", "scoreBoard:1")
}

func onceEnv(t *testing.T, c *kafkatest.Cluster, more ...string) map[string]string {
	t.Helper()
	return env(c, append([]string{"DELIVERY", exactlyOnce, "STATE_DIR", t.TempDir(), "GROUP_INSTANCE_ID", "board"}, more...)...)
}

func records(t *testing.T, msgs []*sarama.ConsumerMessage) []event.BoardRecord {
	t.Helper()
	var all []event.BoardRecord
	for _, msg := range msgs {
		record, err := event.DecodeBoardRecord(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, record)
	}
	return all
}

const onceGuarantee = "exactly-once counts every goal once"

func record(t *testing.T, m reliability.Measurement) {
	t.Helper()
	if err := reliability.Record(m); err != nil {
		t.Error(err)
	}
}

// wantOnce checks that BOARD_TOPIC has every id from 1 to last once and in order, and the right tally
// of a match of goals(last-1). It returns what it has measured.
func wantOnce(t *testing.T, c *kafkatest.Cluster, last int) reliability.Measurement {
	t.Helper()
	m := reliability.Measurement{Guarantee: onceGuarantee, Ground: reliability.Embedded, Test: t.Name(), Events: last}
	all := records(t, c.ReadAll("scoreBoard"))
	var ids []int
	count := map[int]int{}
	for i, r := range all {
		ids = append(ids, r.ID)
		if count[r.ID]++; count[r.ID] > 1 {
			m.Duplicated++
		} else if r.ID < slices.Max(ids) {
			m.OutOfOrder++
		}
		if r.Tally != r.Score || r.Source.Offset != int64(r.ID-1) {
			t.Errorf("record %d is %+v", i, r)
		}
	}
	var want []int
	for id := range last {
		want = append(want, id+1)
	}
	if !slices.Equal(ids, want) {
		t.Errorf("ids on scoreBoard %v, want 1 to %d", ids, last)
	}
	if got := c.Committed("group1", "scoreGame", 0); got != int64(last) {
		t.Errorf("committed offset %d, want %d", got, last)
	}
	m.Lost = last - len(count)
	return m
}

func TestCrashExactlyOnce(t *testing.T) {
	t.Parallel()
	c := startForBoards(t)
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, goals(8)...)...)
	lines, crashes := until(t, 1, onceEnv(t, c, "FAIL_AT_ID", "5"))
	if crashes != 1 {
		t.Errorf("%d crashes, want 1", crashes)
	}
	wantOnce(t, c, 9)
	if got := shown(lines, 8); !slices.Equal(got, []int{1, 1, 1, 1, 1, 1, 1, 1}) {
		t.Errorf("shown %v, want each once", got)
	}
	if text := strings.Join(lines, "\n"); !strings.Contains(text,
		"(partida m1: o placar continua depois do id 4, com a contagem 4 a 0, como está em scoreBoard)") ||
		!strings.Contains(text, "contagem própria: 8 a 0, igual") {
		t.Errorf("the board did not go on where it was:\n%s", text)
	}
	// The control: the crash did strike between the send and the commit.
	count := map[int]int{}
	for _, r := range records(t, c.ReadUncommitted("scoreBoard")) {
		count[r.ID]++
	}
	if count[5] != 2 || len(count) != 9 {
		t.Errorf("read_uncommitted counts %v, want id 5 twice", count)
	}
	if got := c.GroupInfo("group1").Commits["scoreGame"][0].LeaderEpoch; got != -1 {
		t.Errorf("committed leader epoch %d, want -1: a Java client would rewind", got)
	}
}

// Id 2 is missing, so the tally differs from the announced score. It survives the restart.
func TestRestartResumesTheTally(t *testing.T) {
	t.Parallel()
	c := startForBoards(t)
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, a(1, 1, 0), a(3, 3, 0), a(4, 4, 0), a(5, 5, 0), end(a(6, 5, 0)))...)
	lines, _ := until(t, 1, onceEnv(t, c, "FAIL_AT_ID", "4"))
	text := strings.Join(lines, "\n")
	if !strings.Contains(text, "contagem própria: 4 a 0, DIFERENTE do placar anunciado de 5 a 0") {
		t.Errorf("the tally did not survive:\n%s", text)
	}
	if strings.Contains(text, "já estava em andamento") {
		t.Error("the board says that it came late, though it did not")
	}
}

// Twenty crashes at events chosen at random, each between the send and the commit.
func TestCrashesAtRandom(t *testing.T) {
	for _, batch := range []string{"1", "7"} {
		t.Run("TXN_BATCH="+batch, func(t *testing.T) { crashAtRandom(t, batch) })
	}
}

func crashAtRandom(t *testing.T, batch string) {
	t.Parallel()
	const last = 60
	began := time.Now()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := startForBoards(t)
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, goals(last)...)...)
	vars := onceEnv(t, c, "TXN_BATCH", batch)
	at := rand.New(rand.NewPCG(seed, 0)).Perm(last)[:20]
	slices.Sort(at)
	var lines []string
	for _, n := range at {
		vars["FAIL_AT_ID"] = fmt.Sprint(n + 1)
		r, codes := startCrashing(t, vars)
		if code := <-codes; code != 137 {
			t.Fatalf("exit code %d", code)
		}
		if err := r.Wait(); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, r.Out.Lines()...)
	}
	rest, _ := until(t, 0, vars)
	m := wantOnce(t, c, last+1)
	m.Seed, m.Seconds, m.Faults = seed, time.Since(began).Seconds(), map[string]int{"crash between the send and the commit": len(at)}
	record(t, m)
	for i, n := range shown(append(lines, rest...), last) {
		if n != 1 {
			t.Errorf("id %d shown %d times", i+1, n)
		}
	}
	// The control. Of a batch every record is aborted.
	if got := len(c.ReadUncommitted("scoreBoard")); got < last+1+20 || batch == "1" && got > last+1+20 {
		t.Errorf("%d records with the aborted ones, want %d or, of batches, more", got, last+1+20)
	}
}

// Events that are waiting share a transaction, and each has its own record and line all the same. The board stops at the end of
// its match: what is behind it in the same batch is left to the next.
func TestEventsShareATransaction(t *testing.T) {
	t.Parallel()
	const last = 300
	c := startForBoards(t)
	commits := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Count: -1, Observe: true})
	c.ProduceValues("scoreGame", append(values(t, "m1", 1e9, goals(last)...), values(t, "m2", 2e9, goals(5)...)...)...)
	lines, _ := until(t, 0, onceEnv(t, c, "TXN_BATCH", "100"))
	wantOnce(t, c, last+1)
	if n := commits.Hits(); n < 4 || n > last/3 {
		t.Errorf("%d transactions for %d events", n, last+1)
	}
	for i, n := range shown(lines, last) {
		if n != 1 {
			t.Errorf("id %d shown %d times", i+1, n)
		}
	}
}

// What cannot be read is a dead letter once, in the transaction that passes it.
func TestUnreadableEventExactlyOnce(t *testing.T) {
	t.Parallel()
	c := startForBoards(t)
	events := values(t, "m1", 1e9, a(1, 1, 0), a(2, 2, 0), end(a(3, 2, 0)))
	c.ProduceValues("scoreGame", events[0], `{"id": 2, "event": "penalty"}`, events[1], events[2])
	// The first try of the dead letter is aborted, with its offset.
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.UnknownMemberID, Count: 1,
		When: func(req kmsg.Request) bool {
			return req.(*kmsg.TxnOffsetCommitRequest).Topics[0].Partitions[0].Offset == 2
		}})
	r := kafkatest.StartRun(t, onceEnv(t, c), configure, run)
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	if fault.Hits() != 1 {
		t.Errorf("%d faults, want 1", fault.Hits())
	}
	if got, all := len(c.ReadAll("scoreGame.dlq")), len(c.ReadUncommitted("scoreGame.dlq")); got != 1 || all != 2 {
		t.Errorf("%d dead letters of %d tries, want 1 of 2", got, all)
	}
	r.WaitFor("resumo: 3 lidas · 1 ignoradas")
	if got := c.Committed("group1", "scoreGame", 0); got != 4 {
		t.Errorf("committed offset %d, want 4", got)
	}
}

// Two boards with one transactional id: the older ends, and says why.
func TestFencedBoardSaysSo(t *testing.T) {
	t.Parallel()
	c := startForBoards(t)
	older := kafkatest.StartRun(t, onceEnv(t, c, "CONSUMER_GROUP", "one", "TRANSACTIONAL_ID", "same"), configure, run)
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, a(1, 1, 0))...)
	older.WaitFor("1 - 0")
	newer := kafkatest.StartRun(t, onceEnv(t, c, "CONSUMER_GROUP", "two", "TRANSACTIONAL_ID", "same"), configure, run)
	newer.WaitFor("1 - 0")
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, a(2, 2, 0))...)
	if err := older.Wait(); err == nil || !strings.Contains(err.Error(), "fenced") {
		t.Errorf("the older ended with %v", err)
	}
	older.WaitFor(`este programa foi barrado (fenced): outro programa começou com o mesmo TRANSACTIONAL_ID "same"`)
	newer.WaitFor("2 - 0")
}

func TestExactlyOnceNamesMistakes(t *testing.T) {
	for _, c := range []struct{ set, value, want string }{
		{"ISOLATION", "read_uncommitted", "ISOLATION"},
		{"BOARD_TOPIC", "scoreGame", "BOARD_TOPIC"},
		{"TRANSACTION_TIMEOUT", "0", "TRANSACTION_TIMEOUT"},
		{"TXN_BATCH", "0", "TXN_BATCH"},
		{"TXN_BATCH", "10001", "TXN_BATCH"},
		{"FAIL_MODE", "twice", "FAIL_MODE"},
		{"DELIVERY", "Exactly-once", "DELIVERY"},
	} {
		vars := map[string]string{"DELIVERY": exactlyOnce}
		vars[c.set] = c.value
		e := service.EnvOf(vars)
		configure(e)
		if err := e.Err(); err == nil || !strings.Contains(err.Error(), c.want+"=") {
			t.Errorf("%s=%s: %v", c.set, c.value, err)
		}
	}
	e := service.EnvOf(map[string]string{"DELIVERY": exactlyOnce, "CONSUMER_GROUP": "g", "GROUP_INSTANCE_ID": "i"})
	if cfg := configure(e); e.Err() != nil || cfg.transactional.ID != "g-i" {
		t.Errorf("transactional id %q, %v, want g-i", cfg.transactional.ID, e.Err())
	}
}
