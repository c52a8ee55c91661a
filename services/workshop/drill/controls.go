package drill

import (
	"slices"

	"workshop.example/kit/kafka"
	"workshop.example/workshop/report"
)

// Control is a drill on a cluster that does not keep its promises, which must come out red: a check that
// was never seen to fail proves nothing.
type Control struct {
	Name  string
	Drill string // its name
	report.ControlWords

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
func Controls() []Control {
	controls := []Control{oneReplica, unclean}
	for i, c := range controls {
		if d, ok := Find(c.Drill); ok {
			controls[i].ControlWords = d.Words.Controls[c.Name]
		}
	}
	return controls
}

var oneReplica = Control{
	Name: "one-replica", Drill: "kill-leader",
	topic: func(t kafka.Topic) kafka.Topic { t.Replicas = 1; return t },
	times: 1,
	caught: func(r Result) bool {
		return slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Limit > 0 && f.Silence > f.Limit })
	},
}

var unclean = Control{
	Name: "unclean-election", Drill: "two-brokers-down",
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
