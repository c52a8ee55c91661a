package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/kit/wait"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var consumerGroupsText = Labs.Texts("consumer-groups")

var consumerGroups = add(Lab{
	Name:     "consumer-groups",
	Pace:     50 * time.Millisecond,
	ByHand:   experiment.ByHand{Topics: []string{"transactions"}, Groups: []string{"cg-group-id", "mesa"}},
	run:      runConsumerGroups,
	Controls: []Control{sameGroup},
})

const (
	mostMembers = 4
	// stageLength is how many messages a group shows before it is changed again: enough to see who shows what.
	stageLength = 8
)

// memberGroup is a group of consumers, and what it was given at each stage.
type memberGroup struct {
	bench   *rig.Bench
	topic   string
	group   string
	members []*rig.Process // all that there ever were
	stages  []stage
}

// stage is a time in which the group does not change.
type stage struct {
	living      []string
	shares      map[string][]int32 // by the member's name; as the coordinator says
	began, over time.Time
	orphaned    int32 // the partition whose owner has died just before; -1: none has
}

func runConsumerGroups(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	topic := b.Name("transactions")
	if err := b.Topics(ctx, kafka.Topic{Name: topic, Partitions: threePartitions, Replicas: 3}.WithDeadLetters()...); err != nil {
		return nil, err
	}
	producer, err := b.Quietly("producer", "producer", "TOPIC="+topic, "PACE="+max(b.Pace, 10*time.Millisecond).String(), "COUNT=0",
		fmt.Sprint("SEED=", b.Seed))
	if err != nil {
		return nil, err
	}
	a := &memberGroup{bench: b, topic: topic, group: b.Group("group-a")}
	other := &memberGroup{bench: b, topic: topic, group: b.Group("group-b")}
	if err := other.join("other"); err != nil {
		return nil, err
	}
	for n := 1; n <= mostMembers; n++ {
		if err := a.join(fmt.Sprint("member-", n)); err != nil {
			return nil, err
		}
		if err := a.settle(ctx, -1); err != nil {
			return nil, err
		}
	}
	killed, partition, err := a.killOne()
	if err != nil {
		return nil, err
	}
	again, err := a.unconfirmed(ctx, killed, partition)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, partition); err != nil {
		return nil, err
	}
	producer.Stop()
	if code := producer.ExitCode(); code != 0 {
		return nil, &rig.NotRun{Cause: fmt.Sprintf("the producer ended with exit code %d", code)}
	}
	return judgeGroups(ctx, a, other, killed, again)
}

// join starts one more member. It is a static one: then the coordinator calls it by its name.
func (c *memberGroup) join(name string) error {
	p, err := c.bench.Quietly(name, "consumer", "TOPIC="+c.topic, "CONSUMER_GROUP="+c.group, "GROUP_INSTANCE_ID="+name)
	c.members = append(c.members, p)
	return err
}

// settle waits until the group has dealt out the partitions among the living, and has worked so for a while.
func (c *memberGroup) settle(ctx context.Context, orphaned int32) error {
	s := stage{orphaned: orphaned}
	var dead []string
	for _, m := range c.members {
		select {
		case <-m.Ended():
			dead = append(dead, m.Name)
		default:
			s.living = append(s.living, m.Name)
		}
	}
	err := rig.Await(ctx, fmt.Sprintf("the group has dealt out its partitions among %d members", len(s.living)), func() bool {
		s.shares = shares(c.bench, c.group, c.topic)
		in := func(name string) bool { _, in := s.shares[name]; return in }
		return !slices.ContainsFunc(dead, in) && !slices.ContainsFunc(s.living, func(name string) bool { return !in(name) })
	})
	if err != nil {
		return err
	}
	s.began = time.Now()
	c.bench.Say(consumerGroupsText("group-a", s.text()))
	before := c.shownSoFar()
	if err := rig.Await(ctx, "the group shows messages", func() bool { return c.shownSoFar() >= before+stageLength }); err != nil {
		return err
	}
	s.over = time.Now()
	c.stages = append(c.stages, s)
	return nil
}

func (c *memberGroup) shownSoFar() int {
	n := 0
	for _, m := range c.members {
		n += rig.Count(m.Lines(), `"id_sequencia"`)
	}
	return n
}

// text is who has what.
func (s stage) text() service.Text {
	var text service.Text
	for i, name := range s.living {
		if i > 0 {
			text.PT, text.EN = text.PT+" · ", text.EN+" · "
		}
		share := service.Text{PT: numbered(s.shares[name]), EN: numbered(s.shares[name])}
		if len(s.shares[name]) == 0 {
			share = consumerGroupsText("none")
		}
		text.PT, text.EN = text.PT+name+" "+share.PT, text.EN+name+" "+share.EN
	}
	if len(s.living) == 1 {
		return consumerGroupsText("one-member", text)
	}
	return consumerGroupsText("members", len(s.living), text)
}

// shares are the partitions of each member, by the name that it gave itself; none while the group has
// not dealt them out.
func shares(b *rig.Bench, group, topic string) map[string][]int32 {
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return nil
	}
	groups, err := admin.DescribeConsumerGroups([]string{group})
	if err != nil || len(groups) != 1 || groups[0].State != "Stable" {
		return nil
	}
	shares := map[string][]int32{}
	dealt := 0
	for _, m := range groups[0].Members {
		assignment, err := m.GetMemberAssignment()
		if err != nil || m.GroupInstanceId == nil {
			return nil
		}
		var own []int32
		if assignment != nil {
			own = slices.Sorted(slices.Values(assignment.Topics[topic]))
		}
		shares[*m.GroupInstanceId] = own
		dealt += len(own)
	}
	if dealt < threePartitions {
		return nil
	}
	return shares
}

// killOne kills the second member, or else the first that has something to lose.
func (c *memberGroup) killOne() (*rig.Process, int32, error) {
	shares := c.stages[len(c.stages)-1].shares
	for _, m := range append([]*rig.Process{c.members[1]}, c.members...) {
		if len(shares[m.Name]) == 0 {
			continue
		}
		m.Kill()
		partition := shares[m.Name][0]
		c.bench.Say(consumerGroupsText("killed", m.Name, partition))
		return m, partition, nil
	}
	return nil, 0, &rig.NotRun{Cause: "no member has a partition"}
}

// unconfirmed are the numbers of what the dead member has shown, and not committed. Nobody else commits
// for its partition until its session ends.
func (c *memberGroup) unconfirmed(ctx context.Context, dead *rig.Process, partition int32) ([]int, error) {
	log, err := c.log(ctx)
	if err != nil {
		return nil, err
	}
	committed, err := c.bench.Committed(c.group, c.topic, partition)
	if err != nil {
		return nil, err
	}
	shown := transactionsOf(dead.Lines())
	var again []int
	for _, r := range log {
		if _, was := shown[r.Number]; was && r.Partition == partition && r.Offset >= committed {
			again = append(again, r.Number)
		}
	}
	slices.Sort(again)
	return again, nil
}

// log is what is on the topic, by the numbers that the producer gave.
func (c *memberGroup) log(ctx context.Context) ([]verdict.Record, error) {
	log, err := c.bench.Transactions(ctx, c.topic, threePartitions, kafka.ReadToEnd)
	for i := range log {
		log[i].Stream = "" // a consumer's line does not name the key
	}
	return log, err
}

// transactionsOf are the transactions among a consumer's lines, by number, with the time of the first.
func transactionsOf(lines []rig.Line) map[int]time.Time {
	shown := map[int]time.Time{}
	for _, l := range lines {
		if n, ok := transaction(l.Text); ok && shown[n].IsZero() {
			shown[n] = l.At
		}
	}
	return shown
}

// transaction reads the number of a line that is a transaction.
func transaction(line string) (int, bool) {
	var tx struct {
		Number int `json:"id_sequencia"`
	}
	return tx.Number, strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &tx) == nil && tx.Number > 0
}

// catchUp waits until the group has shown all of the log, but not for ever: what is missing then is lost.
func (c *memberGroup) catchUp(ctx context.Context, log []verdict.Record) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		shown := map[int]time.Time{}
		for _, m := range c.members {
			maps.Copy(shown, transactionsOf(m.Lines()))
		}
		if !slices.ContainsFunc(log, func(r verdict.Record) bool { return shown[r.Number].IsZero() }) {
			return nil
		}
		if err := wait.Sleep(ctx, 50*time.Millisecond); errors.Is(err, context.DeadlineExceeded) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

var sameGroup = Control{
	Name: "same-group",
	pace: 20 * time.Millisecond,
	instead: func(name, program string, vars []string) (string, []string) {
		vars = slices.Clone(vars)
		for i, v := range vars {
			if name == "other" && strings.HasPrefix(v, "CONSUMER_GROUP=") {
				vars[i] = strings.TrimSuffix(v, "group-b") + "group-a"
			}
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool {
		// When in the course of the experiment it gets its share differs: with the first member, or later.
		return len(report.Numbers(parts[1].Counted.Missing)) > 0 && !parts[0].Holds()
	},
}
