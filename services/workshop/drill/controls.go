package drill

import (
	"slices"

	"workshop.example/kit/kafka"
)

// Control is a drill on a cluster that does not keep its promises, which must come out red.
type Control struct {
	Name string

	topic  func(kafka.Topic) kafka.Topic
	vars   []string // of the producer
	times  int
	crash  bool // a broker is killed in a migration, and not stopped
	caught func(Result) bool
}

// change returns the topic of the transactions as it is to be made.
func (c Control) change(t kafka.Topic) kafka.Topic {
	if c.topic == nil {
		return t
	}
	return c.topic(t)
}

var oneReplica = Control{
	Name:  "one-replica",
	topic: func(t kafka.Topic) kafka.Topic { t.Replicas = 1; return t },
	times: 1,
	caught: func(r Result) bool {
		return slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Limit > 0 && f.Silence > f.Limit })
	},
}

// leaderAlone acknowledges what no other replica has, for which the last leader needs no quorum.
var leaderAlone = Control{
	Name: "leader-alone",
	vars: []string{"ACKS=1", "IDEMPOTENT=false"},
	caught: func(r Result) bool {
		return len(r.Facts) > 2 && r.Facts[0].Held && !r.Facts[2].Held // elected was nobody, and yet there are acknowledgements
	},
}

var unclean = Control{
	Name: "unclean-election",
	topic: func(t kafka.Topic) kafka.Topic {
		t.Config = map[string]string{"min.insync.replicas": "1", "unclean.leader.election.enable": "true"}
		return t
	},
	vars:   []string{"ACKS=1", "IDEMPOTENT=false"},
	caught: func(r Result) bool { return len(r.Transactions.Lost) > 0 },
}

// crashInRoll is a roll in which the first broker is killed while the others are behind, and a producer that does not wait for them.
var crashInRoll = Control{
	Name:   "crash-in-roll",
	vars:   []string{"ACKS=1", "IDEMPOTENT=false"},
	crash:  true,
	caught: func(r Result) bool { return len(r.Transactions.Lost) > 0 },
}
