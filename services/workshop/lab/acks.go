package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/kit/wait"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var acksText = Labs.Texts("acks")

var _ = add(Lab{
	Name: "acks",
	Pace: 20 * time.Millisecond, Killer: true,
	ByHand:   theMatch,
	run:      runAcks,
	Controls: []Control{leaderAlone},
})

func runAcks(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	one, err := loseLeader(ctx, b, "one", true, "ACKS=1", "IDEMPOTENT=false")
	if err != nil {
		return nil, err
	}
	all, err := loseLeader(ctx, b, "all", false, "ACKS=all", "IDEMPOTENT=true")
	if err != nil {
		return nil, err
	}
	one.Title, all.Title = acksText("title-leader"), acksText("title-all")
	timing, err := timeAcks(ctx, b)
	all.Notes = []service.Text{timing}
	return []report.Part{one, all}, err
}

// matchPause is long enough for what the followers had asked for to be answered, and ends before the
// cluster misses them (zookeeper.session.timeout.ms is 6 s).
const matchPause = 2500 * time.Millisecond

// drained is how long after its freeze a follower may still be sent something: the leader answers what
// it had asked for (replica.fetch.wait.max.ms is 500).
const drained = time.Second

// loseLeader plays two matches and takes the leader away in the middle of the second, while it alone
// has what was sent. Acknowledged says that the producer is told so meanwhile.
func loseLeader(ctx context.Context, b *rig.Bench, name string, acknowledged bool, vars ...string) (report.Part, error) {
	topic := b.Name("acks-" + name)
	if err := b.Topics(ctx, kafka.Topic{Name: topic, Partitions: 1, Replicas: 3}); err != nil {
		return report.Part{}, err
	}
	leader, followers, err := b.Replicas(topic)
	if err != nil {
		return report.Part{}, err
	}
	own := []string{
		"TOPIC=" + topic,
		"PACE=" + b.Pace.String(),
		fmt.Sprint("SEED=", b.Seed),
		"MATCHES=2",
		"MATCH_PAUSE=" + matchPause.String(),
	}
	p, err := b.Start("simulator-"+name, "score-simulator", append(own, vars...)...)
	if err != nil {
		return report.Part{}, err
	}
	frozen, killed, err := strikeLeader(ctx, b, p, topic, leader, followers, acknowledged)
	if err != nil {
		return report.Part{}, err
	}
	if code, err := p.Wait(ctx); err != nil || code != 0 {
		return report.Part{}, errors.Join(err, &rig.NotRun{Cause: fmt.Sprintf("%s ended with exit code %d", p.Name, code)})
	}
	if err := b.Brokers.Mend(); err != nil {
		return report.Part{}, err
	}
	if err := b.AwaitInSync(ctx, topic, 1+len(followers)); err != nil {
		return report.Part{}, err
	}
	return judgeAcks(ctx, b, p.Name, topic, acknowledged, frozen, killed)
}

// strikeLeader does the deed, and returns when the followers were frozen and when the leader died.
func strikeLeader(ctx context.Context, b *rig.Bench, p *rig.Process, topic string, leader int32, followers []int32,
	acknowledged bool) (frozen, killed time.Time, err error) {
	if err = p.Await(ctx, "the end of the first match", rig.Said(`"event":"finished"`, 1)); err != nil {
		return
	}
	if err = b.AwaitCopies(ctx, topic, rig.Count(p.Lines(), `"id":`)); err != nil {
		return
	}
	for _, id := range followers {
		if err = b.Brokers.Pause(id); err != nil {
			return
		}
	}
	frozen = time.Now()
	b.Say(acksText("frozen", followers, leader))
	until := 30
	if !acknowledged {
		until = 1 // there is no second one as long as the first is not acknowledged
	}
	if err = p.Await(ctx, "the second match is under way", rig.Said(fmt.Sprintf(`"id":%d,`, until), 2)); err != nil {
		return
	}
	if !acknowledged { // long enough for an acknowledgement, were there to be one
		if err = wait.Sleep(ctx, time.Second); err != nil {
			return
		}
	}
	if err = b.Brokers.Kill(leader); err != nil {
		return
	}
	killed = time.Now()
	b.Say(acksText("leader-killed", leader))
	if took := killed.Sub(frozen); took > 5*time.Second {
		return frozen, killed, &rig.NotRun{Cause: fmt.Sprintf("the followers were frozen for %s, and the cluster has missed them before the "+
			"leader died", took.Round(time.Millisecond))}
	}
	for _, id := range followers {
		err = errors.Join(err, b.Brokers.Resume(id))
	}
	return frozen, killed, err
}

func judgeAcks(ctx context.Context, b *rig.Bench, program, topic string, acknowledged bool, frozen, killed time.Time) (report.Part, error) {
	sends, err := b.Sends(program)
	if err != nil {
		return report.Part{}, err
	}
	run := verdict.Run{Log: []verdict.Record{}}
	second := last(sends).Stream
	var meanwhile []int // acknowledged while the leader was alone
	for _, s := range sends {
		run.Writes = append(run.Writes, verdict.Write{Message: s.Message, Outcome: s.Outcome})
		if s.Outcome == verdict.Acknowledged && s.Stream == second && s.Ended.After(frozen) && s.Ended.Before(killed) {
			meanwhile = append(meanwhile, s.Number)
		}
	}
	if i := slices.IndexFunc(sends, func(s rig.Send) bool { return s.Stream == second }); sends[i].Begun.Sub(frozen) < drained {
		return report.Part{}, &rig.NotRun{Cause: fmt.Sprintf("the second match began %s after the followers were frozen: they may have been "+
			"sent a copy of it", sends[i].Begun.Sub(frozen).Round(time.Millisecond))}
	}
	highest := 0
	_, err = kafka.ReadToEnd(ctx, b.Client, topic, 0, sarama.OffsetOldest, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		e, err := event.DecodeScoreEvent(msg.Value)
		run.Log = append(run.Log, verdict.Record{Message: verdict.Message{Stream: e.Match, Number: e.ID}, Offset: msg.Offset})
		if e.Match == second {
			highest = e.ID
		}
		return err
	})
	if err != nil {
		return report.Part{}, err
	}
	part := report.Part{Counted: verdict.Check(run), Unread: true, Sent: len(sends), Highest: highest}
	for _, s := range sends {
		if s.Outcome == verdict.Acknowledged {
			part.Acknowledged++
		}
	}
	if !acknowledged {
		part.Facts = []report.Fact{{
			Text: acksText("nothing-acknowledged"),
			Held: len(meanwhile) == 0,
		}}
		return part, nil
	}
	part.Want.Lost = meanwhile
	if len(meanwhile) == 0 {
		return part, &rig.NotRun{Cause: "nothing was acknowledged while the leader was alone"}
	}
	return part, nil
}

// timeAcks measures what the three kinds of acknowledgement cost a message on this cluster, now.
func timeAcks(ctx context.Context, b *rig.Bench) (service.Text, error) {
	topic := b.Name("acks-time")
	if err := b.Topics(ctx, kafka.Topic{Name: topic, Partitions: 1, Replicas: 3}); err != nil {
		return service.Text{}, err
	}
	var medians []string
	for _, acks := range []string{"0", "1", "all"} {
		name := "time-" + acks
		p, err := b.Quietly(name, "score-simulator", "TOPIC="+topic, "PACE=0", "MATCHES=5", "ACKS="+acks,
			fmt.Sprint("IDEMPOTENT=", acks == "all"))
		if err != nil {
			return service.Text{}, err
		}
		if code, err := p.Wait(ctx); err != nil || code != 0 {
			return service.Text{}, unexpected(err, "%s ended with exit code %d", name, code)
		}
		sends, err := b.Sends(name)
		if err != nil {
			return service.Text{}, err
		}
		var took []time.Duration
		for _, s := range sends {
			if !s.Ended.IsZero() {
				took = append(took, s.Ended.Sub(s.Begun))
			}
		}
		if len(took) == 0 {
			return service.Text{}, &rig.NotRun{Cause: "nothing was sent to take the time of"}
		}
		slices.Sort(took)
		medians = append(medians, fmt.Sprintf("acks=%s %.2f ms", acks, float64(took[len(took)/2].Microseconds())/1000))
	}
	list := strings.Join(medians, " · ")
	return acksText("median", list), nil
}

var leaderAlone = Control{
	Name:    "acks-1",
	Brokers: true, pace: 20 * time.Millisecond,
	instead: given("simulator-all", "ACKS=1", "IDEMPOTENT=false"),
	caught:  func(parts []report.Part) bool { return len(parts[1].Counted.Lost) > 0 && parts[0].Holds() },
}
