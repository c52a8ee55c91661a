package scoreboard

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

func TestCloneSharesNothing(t *testing.T) {
	board := newBoard(portuguese)
	play(board, "m1", 1e9, a(1, 1, 0), a(4, 4, 0), a(4, 4, 0))
	before := fmt.Sprintf("%+v", *board.matches[0])
	clone := board.clone()
	if !reflect.DeepEqual(board, clone) || clone.shown != clone.matches[0] {
		t.Errorf("%+v is not a clone of %+v", clone, board)
	}
	play(clone, "m1", 1e9, a(2, 2, 0), a(4, 4, 0), a(7, 5, 0))
	if after := fmt.Sprintf("%+v", *board.matches[0]); after != before {
		t.Errorf("the original has become %s, it was %s", after, before)
	}
}

// Events of the original program have no match: after a restart id 1 still starts one.
func TestRestoreWithoutMatches(t *testing.T) {
	board := newBoard(portuguese)
	for id := 1; id <= 3; id++ {
		board.restore(event.BoardRecord{ID: id, Event: event.Goal, Score: event.Score{TeamA: id}, Tally: event.Score{TeamA: id}})
	}
	play(board, "", 1e9, a(4, 4, 0))
	if got := board.latest("").tally; got.TeamA != 4 {
		t.Errorf("tally %+v, want 4 goals", got)
	}
	play(board, "", 2e9, a(1, 1, 0))
	if got := board.latest("").tally; got.TeamA != 1 || len(board.matches) != 2 {
		t.Errorf("tally %+v in %d matches, want a new match", got, len(board.matches))
	}
}

// A board that goes on where another stopped says from which id it counts, so that its account is not
// taken for that of the whole match.
func TestRestoredBoardSaysSinceWhen(t *testing.T) {
	board := newBoard(english)
	for id := 1; id <= 3; id++ {
		board.restore(event.BoardRecord{ID: id, Match: "m1", Event: event.Goal, Score: event.Score{TeamA: id}, Tally: event.Score{TeamA: id}})
	}
	lines := play(board, "m1", 1e9, a(4, 4, 0), end(a(5, 4, 0)))
	if got, want := lines[len(lines)-1], "ids missed: none · ids repeated: none (counted since id 4)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	whole := newBoard(english)
	lines = play(whole, "m1", 1e9, a(1, 1, 0), end(a(2, 1, 0)))
	whole.restore(event.BoardRecord{ID: 2, Match: "m1", Event: event.Finished, Score: event.Score{TeamA: 1}, Tally: event.Score{TeamA: 1}})
	if got, want := lines[len(lines)-1], "ids missed: none · ids repeated: none"; got != want || whole.latest("m1").since != 0 {
		t.Errorf("of a whole match: got %q, want %q", got, want)
	}
}

// A commit whose answer was lost has happened all the same: the board learns it from BOARD_TOPIC, and
// does not wait for an end of the match that it has passed.
func TestBoardLearnsWhatItDidNotSee(t *testing.T) {
	t.Parallel()
	c := startForBoards(t)
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, a(1, 1, 0), a(2, 2, 0))...)
	r := kafkatest.StartRun(t, onceEnv(t, c), configure, run)
	r.WaitFor("2 - 0")
	c.ProduceValues("scoreBoard",
		`{"id":3,"match":"m1","event":"finished","score":{"TeamA":2,"TeamB":0},"tally":{"TeamA":2,"TeamB":0},"source":{"partition":0,"offset":2}}`)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, TopLevel: true, Count: 3}) // another session
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	r.WaitFor("(id 3 está confirmado em scoreBoard, mas a linha dele não saiu nesta tela)")
}

// Two boards share three partitions and come and go: every event is on BOARD_TOPIC once.
func TestExactlyOnceInAGroup(t *testing.T) {
	t.Parallel()
	const matches, last = 9, 30
	c := kafkatest.Start(t, "scoreGame:3", "scoreGame.dlq:1", "scoreBoard:3")
	start := func(instance string) *kafkatest.Run {
		return kafkatest.StartRun(t, onceEnv(t, c, "GROUP_INSTANCE_ID", instance, "MATCHES", "0"), configure, run)
	}
	boards := []*kafkatest.Run{start("a"), start("b")}
	producer := c.Producer()
	for id := range last {
		for m := range matches {
			name := fmt.Sprint("match", m)
			value := values(t, name, 1e9, a(id+1, id+1, 0))[0]
			if _, _, err := producer.SendMessage(&sarama.ProducerMessage{
				Topic: "scoreGame",
				Key:   sarama.StringEncoder(name),
				Value: sarama.StringEncoder(value),
			}); err != nil {
				t.Fatal(err)
			}
		}
		if id%10 == 5 {
			i := id / 10 % 2
			kafkatest.Eventually(t, "the board is a member", func() bool { return boards[i].Ops.Ready() == nil })
			if err := boards[i].Stop(); err != nil {
				t.Fatal(err)
			}
			boards[i] = start(string(rune('a' + i)))
		}
	}
	kafkatest.Eventually(t, "all is committed", func() bool {
		done := int64(0)
		for p := range int32(3) {
			done += max(0, c.Committed("group1", "scoreGame", p))
		}
		return done == matches*last
	})
	seen := map[event.Source]bool{}
	goals := map[string]int{}
	for _, msg := range c.ReadAll("scoreBoard") {
		record := records(t, []*sarama.ConsumerMessage{msg})[0]
		goals[record.Match]++
		if seen[record.Source] || record.ID != goals[record.Match] || record.Tally.TeamA != record.ID ||
			record.Source.Partition != msg.Partition || string(msg.Key) != record.Match {
			t.Errorf("%+v on partition %d with key %s after %d of its match, repeated: %v", record, msg.Partition, msg.Key, goals[record.Match]-1,
				seen[record.Source])
		}
		seen[record.Source] = true
	}
	if len(seen) != matches*last || len(goals) != matches {
		t.Errorf("%d events of %d matches, want %d of %d", len(seen), len(goals), matches*last, matches)
	}
	for _, b := range boards {
		if strings.Contains(b.Out.String(), "barrado") {
			t.Error("a member was fenced")
		}
	}
}

// A board that is given a partition reads the history of it: the matches of its other partitions that
// are being played are not forgotten over that.
func TestRestoreForgetsFinishedMatchesFirst(t *testing.T) {
	board := newBoard(portuguese)
	play(board, "playing", 1e9, a(1, 1, 0), a(2, 2, 0))
	for n := range 2 * remembered {
		match := fmt.Sprint("over", n)
		board.restore(event.BoardRecord{ID: 1, Match: match, Event: event.Goal, Score: event.Score{TeamA: 1}, Tally: event.Score{TeamA: 1}})
		board.restore(event.BoardRecord{ID: 2, Match: match, Event: event.Finished, Score: event.Score{TeamA: 1}, Tally: event.Score{TeamA: 1}})
	}
	play(board, "playing", 1e9, a(3, 3, 0))
	if got := board.latest("playing").tally; got.TeamA != 3 {
		t.Errorf("tally %+v, want 3 goals", got)
	}
	if got := len(board.matches); got != remembered {
		t.Errorf("%d matches are kept, want %d", got, remembered)
	}
}
