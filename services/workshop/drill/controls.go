package drill

import (
	"slices"

	"workshop.example/kit/kafka"
	"workshop.example/workshop/lab"
)

// Control is a drill on a cluster that does not keep its promises, which must come out red: a check that
// was never seen to fail proves nothing.
type Control struct {
	Name  string
	Drill string // its name
	Swap  lab.Text
	Want  lab.Text // what must be seen

	topic  func(kafka.Topic) kafka.Topic
	vars   []string // of the producer
	times  int
	caught func(Result) bool
}

// change is the topic of the transactions as it is to be made. A nil *Control changes nothing.
func (c *Control) change(t kafka.Topic) kafka.Topic {
	if c == nil {
		return t
	}
	return c.topic(t)
}

func (c *Control) producer() []string {
	if c == nil {
		return nil
	}
	return slices.Clone(c.vars)
}

// Controls is every control.
func Controls() []Control { return []Control{oneReplica, unclean} }

var oneReplica = Control{
	Name: "one-replica", Drill: "kill-leader",
	Swap:  lab.Text{PT: "o tópico tem uma réplica só", EN: "the topic has one replica only"},
	Want:  lab.Text{PT: "ninguém pode substituir o líder: a partição não confirma dentro do prazo", EN: "nobody can take over from the leader: the partition does not acknowledge within the limit"},
	topic: func(t kafka.Topic) kafka.Topic { t.Replicas = 1; return t },
	times: 1,
	caught: func(r Result) bool {
		return slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Limit > 0 && f.Silence > f.Limit })
	},
}

var unclean = Control{
	Name: "unclean-election", Drill: "two-brokers-down",
	Swap: lab.Text{PT: "acks=1, min.insync.replicas=1 e unclean.leader.election.enable=true", EN: "acks=1, min.insync.replicas=1 and unclean.leader.election.enable=true"},
	Want: lab.Text{PT: "mensagens confirmadas que só o último broker tinha se perdem", EN: "acknowledged messages that only the last broker had are lost"},
	topic: func(t kafka.Topic) kafka.Topic {
		t.Config = map[string]string{"min.insync.replicas": "1", "unclean.leader.election.enable": "true"}
		return t
	},
	vars:   []string{"ACKS=1", "IDEMPOTENT=false"},
	caught: func(r Result) bool { return len(r.Transactions.Lost) > 0 },
}

// Options are those for a run with the control's mistake in it.
func (c Control) Options(o Options) Options {
	o.control, o.Times = &c, c.times
	return o
}

// Caught reports whether the mistake shows as it must.
func (c Control) Caught(r Result) bool { return !r.Held() && c.caught(r) }
