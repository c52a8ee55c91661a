package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/kit/wait"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var replicationText = Labs.Texts("replication")

var _ = add(Lab{
	Name:     "replication",
	Killer:   true,
	run:      runReplication,
	Controls: []Control{aloneIsEnough},
})

// replicated is a topic with so many replicas, and the producer that sends to it all the time.
type replicated struct {
	name, topic string
	replicas    []int32
	minInSync   int
	producer    *rig.Process
	facts       []report.Fact
	notes       []service.Text
}

func (r *replicated) fact(text service.Text, held bool) {
	r.facts = append(r.facts, report.Fact{Text: text, Held: held})
}

const (
	acksBetween = 20                     // acknowledgements that show that a topic goes on
	noAnswer    = 3 * time.Second        // without any is long enough, at this pace, to show that it does not
	sendPace    = 100 * time.Millisecond // of each producer
)

func runReplication(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	watch := watchCluster(b)
	chosen, err := watch.twoMayDie(b.Brokers.HasZooKeeper())
	if err != nil {
		return nil, err
	}
	topics := []*replicated{
		{name: "rf-1", replicas: chosen[:1], minInSync: 1},
		{name: "rf-2", replicas: chosen[:2], minInSync: 1},
		{name: "rf-3", replicas: chosen, minInSync: 2},
	}
	for _, r := range topics {
		r.topic = b.Name(r.name)
		if err := placeReplicated(ctx, b, watch, r); err != nil {
			return nil, err
		}
		if r.producer, err = b.Quietly("producer-"+r.name, "producer", "TOPIC="+r.topic, "PACE="+sendPace.String(),
			fmt.Sprint("SEED=", b.Seed)); err != nil {
			return nil, err
		}
	}
	if err := goesOn(ctx, b, topics...); err != nil {
		return nil, err
	}
	b.Say(replicationText("legend"))
	drawReplicas(b, watch, topics, replicationText("at-the-start"))
	for _, step := range []func(context.Context, *rig.Bench, *clusterWatch,
		[]*replicated) error{firstDeath, secondDeath, returnAlone, returnAll} {
		if err := step(ctx, b, watch, topics); err != nil {
			return nil, err
		}
	}
	var parts []report.Part
	for _, r := range topics {
		part, err := judgeReplicated(ctx, b, r)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// acked is how many messages the brokers have acknowledged to a topic's producer: each is a line of it.
func acked(b *rig.Bench, r *replicated) int {
	return rig.Count(r.producer.Lines(), service.Pick(b.Lang, "mensagem enviada", "message sent"))
}

// ackedAfter is when the first acknowledgement came after a moment.
func ackedAfter(b *rig.Bench, r *replicated, moment time.Time) (time.Time, bool) {
	for _, line := range r.producer.Lines() {
		if line.At.After(moment) && strings.Contains(line.Text, service.Pick(b.Lang, "mensagem enviada", "message sent")) {
			return line.At, true
		}
	}
	return time.Time{}, false
}

// goesOn waits until each of the topics has acknowledged more.
func goesOn(ctx context.Context, b *rig.Bench, topics ...*replicated) error {
	for _, r := range topics {
		before := acked(b, r)
		if err := r.producer.Await(ctx, r.name+" acknowledges messages",
			func([]rig.Line) bool { return acked(b, r) >= before+acksBetween }); err != nil {
			return err
		}
	}
	return nil
}

// onTheWay is how long answers of a broker that has died may still be on their way to a line of a
// producer. The cluster misses the broker only later: its session lasts 6 s with ZooKeeper, 9 s without.
const onTheWay = time.Second

// kill kills a broker, waits until nothing of it is on its way any more, and returns when it died.
func kill(ctx context.Context, b *rig.Bench, id int32) (died time.Time, err error) {
	if err := b.Brokers.Kill(id); err != nil {
		return died, err
	}
	died = time.Now()
	b.Say(replicationText("killed", id))
	return died, wait.Sleep(ctx, onTheWay)
}

// resumes reports whether a topic acknowledges messages again, for which it has as long as anything here.
func resumes(ctx context.Context, b *rig.Bench, r *replicated) (bool, error) {
	err := goesOn(ctx, b, r)
	if _, never := errors.AsType[*rig.NotRun](err); never {
		return false, nil
	}
	return err == nil, err
}

func firstDeath(ctx context.Context, b *rig.Bench, watch *clusterWatch, topics []*replicated) error {
	one, two, three := topics[0], topics[1], topics[2]
	first := three.replicas[0]
	died, err := kill(ctx, b, first)
	if err != nil {
		return err
	}
	stuck := acked(b, one)
	if err := watch.awaitLeader(ctx, one, nobody); err != nil {
		return err
	}
	resumed := map[*replicated]bool{}
	for _, r := range []*replicated{two, three} {
		if err := watch.awaitOtherLeader(ctx, r, first); err != nil {
			return err
		}
		if resumed[r], err = resumes(ctx, b, r); err != nil {
			return err
		}
		if at, ok := ackedAfter(b, r, died.Add(onTheWay)); ok {
			took := at.Sub(died).Seconds()
			r.notes = append(r.notes, replicationText("next-leader", took))
		}
	}
	drawReplicas(b, watch, topics, replicationText("without-first", first))
	one.fact(replicationText("alone-lost", first), acked(b, one) == stuck && readable(ctx, b, one) == 0)
	for _, r := range []*replicated{two, three} {
		known := acked(b, r)
		r.fact(replicationText("another-leads", first), resumed[r] && readable(ctx, b, r) >= known)
	}
	return nil
}

func secondDeath(ctx context.Context, b *rig.Bench, watch *clusterWatch, topics []*replicated) error {
	two, three := topics[1], topics[2]
	first, second := three.replicas[0], three.replicas[1]
	if _, err := kill(ctx, b, second); err != nil {
		return err
	}
	committed := acked(b, three)
	if err := watch.awaitLeader(ctx, two, nobody); err != nil {
		return err
	}
	if err := watch.awaitLeader(ctx, three, three.replicas[2]); err != nil {
		return err
	}
	stuck := acked(b, two)
	if err := wait.Sleep(ctx, noAnswer); err != nil {
		return err
	}
	drawReplicas(b, watch, topics, replicationText("without-both", first, second))
	two.fact(replicationText("both-lost", first, second), acked(b, two) == stuck && readable(ctx, b, two) == 0)
	left := readable(ctx, b, three)
	three.notes = append(three.notes, replicationText("readable", left, committed))
	three.fact(replicationText("read-only", first, second), acked(b, three) == committed && left >= committed-mostHidden)
	return nil
}

func returnAlone(ctx context.Context, b *rig.Bench, watch *clusterWatch, topics []*replicated) error {
	one, two, three := topics[0], topics[1], topics[2]
	first, second := three.replicas[0], three.replicas[1]
	if err := b.Brokers.Start(first); err != nil {
		return err
	}
	b.Say(replicationText("back", first))
	stuck := acked(b, two)
	back, err := resumes(ctx, b, one)
	if err != nil {
		return err
	}
	enough, err := resumes(ctx, b, three)
	if err != nil {
		return err
	}
	drawReplicas(b, watch, topics, replicationText("back-without", first, second))
	p, err := watch.look(two.topic)
	if err != nil {
		return err
	}
	one.fact(replicationText("alone-back", first), back)
	two.fact(replicationText("old-copy", first), p.Leader == nobody && acked(b, two) == stuck)
	three.fact(replicationText("two-in-sync", first), enough)
	return nil
}

func returnAll(ctx context.Context, b *rig.Bench, watch *clusterWatch, topics []*replicated) error {
	if err := b.Brokers.Mend(); err != nil {
		return err
	}
	b.Say(replicationText("back", topics[2].replicas[1]))
	if err := goesOn(ctx, b, topics...); err != nil {
		return err
	}
	if err := watch.awaitWhole(ctx); err != nil {
		return err
	}
	drawReplicas(b, watch, topics, replicationText("at-the-end"))
	for _, r := range topics {
		r.producer.Stop()
	}
	return nil
}

// judgeReplicated compares what was acknowledged with what is in the topic now.
func judgeReplicated(ctx context.Context, b *rig.Bench, r *replicated) (report.Part, error) {
	part := report.Part{
		Title:  replicationText("title", len(r.replicas), r.minInSync),
		Unread: true, Facts: r.facts, Notes: r.notes,
	}
	sends, err := b.Sends(r.producer.Name)
	if err != nil {
		return part, err
	}
	log, err := b.TransactionsOf(ctx, r.topic, 0, kafka.ReadToEnd)
	if err != nil {
		return part, err
	}
	countSends(&part, sentTo(log, sends))
	return part, nil
}

// sentTo is what was sent to a topic in which the log is now.
func sentTo(log []verdict.Record, sends []rig.Send) verdict.Run {
	run := verdict.Run{Log: log}
	for _, s := range sends {
		run.Writes = append(run.Writes, verdict.Write{Message: s.Message, Outcome: s.Outcome})
	}
	return run
}

var aloneIsEnough = Control{
	Name:    "acks-1-alone",
	Brokers: true,
	instead: given("producer-rf-3", "ACKS=1", "IDEMPOTENT=false"),
	caught:  func(parts []report.Part) bool { return !parts[2].Facts[1].Held && parts[0].Holds() && parts[1].Holds() },
}
