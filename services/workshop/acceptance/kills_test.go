//go:build brokers

package acceptance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

var (
	boardKills  = sized(8, 20) // of each scoreboard
	leaderKills = sized(2, 5)

	// Of a board's kills this is how many are no matter of chance: see blow. All others are at random.
	boardBlows = sized(2, 5)
)

// Four scoreboards, one for each guarantee, read one stream of matches in groups of their own. Each is
// killed twenty times in a campaign, and the partition's leader five times, most at moments chosen at random, and some
// where it must hurt. What all lives of a board have shown, and BOARD_TOPIC, tell whether it has kept its
// word; what the blows have done, whether there was anything to keep.
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
		killing.Go(func() { b.killOften(rng) })
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
		b.committed = awaitCommitted(t, b.group, name, int64(len(events)))
		t.Logf("%s has read all %d events %s after the last kill", b.delivery, len(events), (time.Since(began) - took).Round(time.Second))
	}
	for _, b := range boards {
		b.now.terminate()
	}
	for _, b := range boards {
		m := b.judge(events)
		m.Seed, m.Events = seed, len(events)
		m.Faults = map[string]int{"kill -9 of a scoreboard": b.kills, killedBroker: leaderKills}
		recordOnBrokers(t, began, m)
	}
}

// killedBoard is a scoreboard that is killed and started again.
type killedBoard struct {
	t         testing.TB
	delivery  string
	group     string
	topic     string // that exactly-once writes
	vars      []string
	now       *program
	past      []*program
	kills     int
	struck    []int64 // the offsets of the events at which the blows met it
	committed int64   // in the end
}

func startKilledBoard(t testing.TB, topic, boardTopic, delivery string) *killedBoard {
	t.Helper()
	b := &killedBoard{t: t, delivery: delivery, group: topic + "-" + delivery, topic: boardTopic}
	// A static member: without its name the group would wait for each dead one.
	b.vars = []string{
		"TOPIC=" + topic,
		"BOARD_TOPIC=" + boardTopic,
		"CONSUMER_GROUP=" + b.group,
		"GROUP_INSTANCE_ID=one",
		"DELIVERY=" + delivery,
		"MATCHES=0",
	}
	b.now = service(t, "scoreboard", b.vars...)
	return b
}

// killOften kills the board, and starts it at once, as often as boardKills says. Some of its lives are
// too short to join the group, and some last for a few seconds; every fourth ends by a blow.
func (b *killedBoard) killOften(rng *rand.Rand) {
	var coming *blow // for the life that runs
	for n := range boardKills {
		if coming != nil {
			at, ok := coming.land(b.now)
			if ok {
				b.struck = append(b.struck, at)
			} else {
				b.t.Errorf("the board %s was not met by its blow (%v):\n%s", b.delivery, coming.problem, tail(b.now.Logs()))
			}
		} else {
			select {
			case <-time.After(within(rng, 6*time.Second)):
			case <-b.now.ended:
				b.t.Errorf("the board %s ended by itself, with exit code %d:\n%s", b.delivery, b.now.ProcessState.ExitCode(), tail(b.now.Logs()))
			}
			b.now.crash()
		}
		b.kills++
		b.past = append(b.past, b.now)
		vars := b.vars
		if coming = nil; b.delivery != "auto" && n%(boardKills/boardBlows) == 2 {
			var err error
			if coming, err = newBlow(b.delivery, rng.IntN(20)); err != nil {
				b.t.Error(err)
				return
			}
			vars = append(slices.Clone(vars), "KAFKA_PROXY="+coming.URL())
		}
		b.now = service(b.t, "scoreboard", vars...)
	}
}

// within is a moment in the next d.
func within(rng *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(d)))
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
	t.Logf("broker %d was killed; another led %s later, and all were in sync after %s", dead, elected.Round(100*time.Millisecond),
		time.Since(began).Round(100*time.Millisecond))
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
func awaitCommitted(t testing.TB, group, topic string, offset int64) (committed int64) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for committed = -1; committed < offset; {
		before := committed
		kafkatest.Eventually(t, fmt.Sprintf("%s has committed more than %d of %d", group, before, offset), func() bool {
			resp, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {0}})
			if err == nil && resp.GetBlock(topic, 0) != nil {
				committed = resp.GetBlock(topic, 0).Offset
			}
			return committed > before
		})
	}
	return committed
}
