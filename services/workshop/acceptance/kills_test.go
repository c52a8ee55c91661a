//go:build brokers

package acceptance

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

const (
	boardKills  = 20 // of each scoreboard
	leaderKills = 5
)

// Four scoreboards, one for each guarantee, read one stream of matches in groups of their own. Each is
// killed twenty times, and the partition's leader five times, at moments chosen at random. What all
// lives of a board have shown, and BOARD_TOPIC, tell whether it has kept its word.
func TestGuaranteesSurviveKills(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	name, boardTopic := topic(t, "scoreGame", 1), topic(t, "scoreBoard", 1)
	var boards []*killedBoard
	for _, delivery := range []string{"auto", "at-most-once", "at-least-once", "exactly-once"} {
		boards = append(boards, startKilledBoard(t, name, boardTopic, delivery))
	}
	simulator := service(t, "score-simulator", "TOPIC="+name, "PACE=30ms", "MATCHES=0", "SEED=8")
	began := time.Now()
	var killing sync.WaitGroup
	for i, b := range boards {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		killing.Go(func() { b.killAtRandom(rng) })
	}
	rng := rand.New(rand.NewPCG(seed, uint64(len(boards))))
	for range leaderKills {
		time.Sleep(within(rng, 3*time.Second)) // not to wait for a state: to meet any
		bounceLeader(t, name, boardTopic)
	}
	killing.Wait()
	took := time.Since(began)
	simulator.terminate()

	events := matchEvents(t, name)
	for _, b := range boards {
		awaitCommitted(t, b.group, name, int64(len(events)))
		t.Logf("%s has read all %d events %s after the last kill", b.delivery, len(events), (time.Since(began) - took).Round(time.Second))
	}
	for _, b := range boards {
		b.now.terminate()
	}
	for _, b := range boards {
		shown := b.shown()
		lost, repeated, times := 0, 0, 0
		for _, e := range events {
			n := shown[goalOf(e)]
			if n == 0 {
				lost++
			}
			if n > 1 {
				repeated++
				times += n - 1
			}
		}
		t.Logf("%-13s %d kills: %d events not on the screen, %d shown again (%d times)", b.delivery+":", b.kills, lost, repeated, times)
		if b.kills != boardKills {
			t.Errorf("%s: %d kills, want %d", b.delivery, b.kills, boardKills)
		}
		if b.delivery == "auto" && repeated == 0 { // the control: the kills did strike
			t.Errorf("auto: nothing was shown again: the kills did not strike")
		}
		if (b.delivery == "auto" || b.delivery == "at-least-once") && lost > 0 {
			t.Errorf("%s: %d events were lost", b.delivery, lost)
		}
		// The screen of exactly-once is outside of its transactions: a line may be missing.
		if (b.delivery == "at-most-once" || b.delivery == "exactly-once") && repeated > 0 {
			t.Errorf("%s: %d events were shown again", b.delivery, repeated)
		}
	}
	checkBoardTopic(t, boardTopic, events)
}

// killedBoard is a scoreboard that is killed and started again.
type killedBoard struct {
	t        testing.TB
	delivery string
	group    string
	vars     []string
	now      *program
	past     []*program
	kills    int
}

func startKilledBoard(t testing.TB, topic, boardTopic, delivery string) *killedBoard {
	t.Helper()
	b := &killedBoard{t: t, delivery: delivery, group: topic + "-" + delivery}
	// A static member: without its name the group would wait for each dead one.
	b.vars = []string{"TOPIC=" + topic, "BOARD_TOPIC=" + boardTopic, "CONSUMER_GROUP=" + b.group, "GROUP_INSTANCE_ID=one", "DELIVERY=" + delivery, "MATCHES=0"}
	b.now = service(t, "scoreboard", b.vars...)
	return b
}

// killAtRandom kills the board, and starts it at once, as often as boardKills says. Some of its lives
// are too short to join the group, and some last for a few seconds.
func (b *killedBoard) killAtRandom(rng *rand.Rand) {
	for range boardKills {
		select {
		case <-time.After(within(rng, 6*time.Second)):
		case <-b.now.ended:
			b.t.Errorf("the board %s ended by itself, with exit code %d:\n%s", b.delivery, b.now.ProcessState.ExitCode(), tail(b.now.Logs()))
		}
		b.now.crash()
		b.kills++
		b.past = append(b.past, b.now)
		b.now = service(b.t, "scoreboard", b.vars...)
	}
}

// within is a moment in the next d.
func within(rng *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(d)))
}

// goal is an event as a screen shows it; the end of a match has no score there.
type goal struct {
	match string
	score event.Score
	ended bool
}

func goalOf(e event.ScoreEvent) goal {
	if e.Event == event.Finished {
		return goal{match: e.Match, ended: true}
	}
	return goal{match: e.Match, score: e.Score}
}

var (
	matchLine = regexp.MustCompile(`^partida (\S+)$`)
	scoreLine = regexp.MustCompile(`^ *(\d+) - (\d+)$`)
)

// shown counts how often the board's lives have shown each event.
func (b *killedBoard) shown() map[goal]int {
	times := map[goal]int{}
	for _, life := range append(b.past, b.now) {
		match := ""
		for _, line := range life.Lines() {
			if m := matchLine.FindStringSubmatch(line); m != nil {
				match = m[1]
			} else if m := scoreLine.FindStringSubmatch(line); m != nil {
				teamA, _ := strconv.Atoi(m[1])
				teamB, _ := strconv.Atoi(m[2])
				times[goal{match: match, score: event.Score{TeamA: teamA, TeamB: teamB}}]++
			} else if strings.HasPrefix(line, "Partida finalizada!") {
				times[goal{match: match, ended: true}]++
			}
		}
	}
	return times
}

// bounceLeader kills -9 the leader of a topic's one partition, and starts it again once another leads.
// It returns when all replicas are in sync again.
func bounceLeader(t testing.TB, topics ...string) {
	t.Helper()
	began := time.Now()
	dead := leader(t, topics[0], 0)
	native(t, "kill", strconv.Itoa(int(dead)))
	start := func() { native(t, "start", strconv.Itoa(int(dead))) }
	t.Cleanup(start) // where the test ends before
	kafkatest.Eventually(t, "another broker leads", func() bool { return leader(t, topics[0], 0) != dead })
	elected := time.Since(began)
	start()
	for _, topic := range topics {
		awaitInSync(t, topic)
	}
	t.Logf("broker %d was killed; another led %s later, and all were in sync after %s", dead, elected.Round(100*time.Millisecond), time.Since(began).Round(100*time.Millisecond))
}

// matchEvents are the events of a topic's one partition, and each one's offset is its index.
func matchEvents(t testing.TB, topic string) []event.ScoreEvent {
	t.Helper()
	msgs, err := kafkatest.ReadAll(stack, topic)
	if err != nil {
		t.Fatal(err)
	}
	var events []event.ScoreEvent
	for i, msg := range msgs {
		e, err := event.DecodeScoreEvent(msg.Value)
		if err != nil || msg.Offset != int64(i) {
			t.Fatalf("event %d of %s has offset %d, %v", i, topic, msg.Offset, err)
		}
		events = append(events, e)
	}
	return events
}

// awaitCommitted waits until a group has committed an offset of a topic's one partition. It may take
// any time, but not a minute without any progress.
func awaitCommitted(t testing.TB, group, topic string, offset int64) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for committed := int64(-1); committed < offset; {
		before := committed
		kafkatest.Eventually(t, fmt.Sprintf("%s has committed more than %d of %d", group, before, offset), func() bool {
			resp, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {0}})
			if err == nil && resp.GetBlock(topic, 0) != nil {
				committed = resp.GetBlock(topic, 0).Offset
			}
			return committed > before
		})
	}
}

// checkBoardTopic wants every event on BOARD_TOPIC once, in order, with a tally that is its score.
func checkBoardTopic(t testing.TB, topic string, events []event.ScoreEvent) {
	t.Helper()
	msgs, err := kafkatest.ReadAll(stack, topic)
	if err != nil {
		t.Fatal(err)
	}
	times := make([]int, len(events))
	last, disordered, wrong := int64(-1), 0, 0
	for _, msg := range msgs {
		r, err := event.DecodeBoardRecord(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		at := r.Source.Offset
		times[at]++
		if at <= last && times[at] == 1 {
			disordered++
		}
		last = at
		if e := events[at]; r.ID != e.ID || r.Match != e.Match || r.Tally != e.Score {
			wrong++
		}
	}
	lost, duplicated := 0, 0
	for _, n := range times {
		if n == 0 {
			lost++
		}
		duplicated += max(0, n-1)
	}
	aborted, err := kafkatest.ReadAllAs(stack, topic, sarama.ReadUncommitted)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d events, %d lost, %d duplicated, %d out of order, %d wrong; %d transactions were aborted",
		topic, len(events), lost, duplicated, disordered, wrong, len(aborted)-len(msgs))
	if lost+duplicated+disordered+wrong > 0 {
		t.Error("exactly-once was not kept on BOARD_TOPIC")
	}
}
