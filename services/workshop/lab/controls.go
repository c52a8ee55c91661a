package lab

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// Control is a lab with a mistake put into it, that must come out red: a check that was never seen to
// fail proves nothing.
type Control struct {
	Name string
	Lab  string // its name
	report.ControlWords
	// Brokers: it needs real ones. Embedded: it needs the embedded cluster, whose faults it uses.
	Brokers, Embedded bool

	pace time.Duration
	// run is the experiment, where it is not the lab's own.
	run func(context.Context, *rig.Bench) ([]report.Part, error)
	// instead returns the program, and the variables, to be started for one of the lab; nil: as they are.
	instead func(name, program string, vars []string) (string, []string)
	// fault is what the embedded cluster does wrong; nil: nothing.
	fault func() kfake.Fault
	// caught reports whether the mistake shows as it must.
	caught func([]report.Part) bool
}

// Controls is every control, in the order of their labs.
func Controls() []Control {
	controls := []Control{
		unconfirmedCommit, neverCommits, readsOnAfterAbort, readsUncommitted, groupIDOnly, notIdempotent, leaderAlone, epochZero,
		otherHash, sameGroup, keyless, anotherName,
		aloneIsEnough, otherGroup, unheardCut, bigBatch,
		outboxAfterAll, forgetful, tooFewPartitions,
	}
	for i, c := range controls {
		if l, ok := Find(c.Lab); ok {
			controls[i].ControlWords = l.Words.Control(c.Name)
		}
	}
	return controls
}

// broken puts the broken-board in the scoreboard's place.
func broken(mistake string) func(name, program string, vars []string) (string, []string) {
	return func(_, program string, vars []string) (string, []string) {
		if program != "scoreboard" {
			return program, vars
		}
		return "broken-board", append(slices.Clone(vars), "BROKEN="+mistake)
	}
}

var unconfirmedCommit = Control{
	Name: "unconfirmed-commit", Lab: "at-most-once",
	Embedded: true, pace: 20 * time.Millisecond,
	instead: broken("unconfirmed-commit"),
	// As many as there are until the crash at id 5.
	fault: func() kfake.Fault {
		return kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: failAt}
	},
	caught: func(parts []report.Part) bool {
		return slices.Equal(report.Numbers(parts[0].Counted.Repeated), []int{1, 2, 3, 4})
	},
}

var neverCommits = Control{
	Name: "never-commit", Lab: "at-least-once",
	pace:    20 * time.Millisecond,
	instead: broken("never-commit"),
	caught: func(parts []report.Part) bool {
		return slices.Equal(report.Numbers(parts[0].Counted.Repeated), []int{1, 2, 3, 4, 5})
	},
}

// abortedID is the event whose transaction is refused once in the control of exactly-once.
const abortedID = 8

var readsOnAfterAbort = Control{
	Name: "read-on-after-abort", Lab: "exactly-once",
	Embedded: true, pace: 20 * time.Millisecond,
	// Without the kills: this board does not come back to where it was.
	run:     func(ctx context.Context, b *rig.Bench) ([]report.Part, error) { return runExactlyOnce(ctx, b, nil) },
	instead: broken("read-on-after-abort"),
	fault: func() kfake.Fault {
		return kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.UnknownMemberID, Count: 1, When: func(req kmsg.Request) bool {
			return req.(*kmsg.TxnOffsetCommitRequest).Topics[0].Partitions[0].Offset == abortedID
		}}
	},
	caught: func(parts []report.Part) bool {
		return slices.Equal(report.Numbers(parts[0].Counted.Missing), []int{abortedID})
	},
}

var readsUncommitted = Control{
	Name: "read-uncommitted", Lab: "ghost-goals",
	pace: 20 * time.Millisecond,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "committed" {
			vars = append(slices.Clone(vars), "ISOLATION=read_uncommitted")
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool { return len(parts[1].Counted.AbortedRead) > 0 && parts[0].Holds() },
}

var groupIDOnly = Control{
	Name: "group-id-only", Lab: "zombie",
	pace:    250 * time.Millisecond,
	instead: broken("group-id-only"),
	caught: func(parts []report.Part) bool {
		return slices.Contains(report.Numbers(parts[0].Counted.Repeated), failAt)
	},
}

var notIdempotent = Control{
	Name: "not-idempotent", Lab: "idempotence",
	pace: 0,
	instead: func(name, program string, vars []string) (string, []string) {
		if strings.HasPrefix(name, "simulator") {
			vars = append(slices.Clone(vars), "IDEMPOTENT=false")
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool {
		return len(report.Numbers(parts[1].Counted.Duplicated)) > 0 && parts[0].Holds()
	},
}

var leaderAlone = Control{
	Name: "acks-1", Lab: "acks",
	Brokers: true, pace: 20 * time.Millisecond,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "simulator-all" {
			vars = append(slices.Clone(vars), "ACKS=1", "IDEMPOTENT=false")
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool { return len(parts[1].Counted.Lost) > 0 && parts[0].Holds() },
}

var epochZero = Control{
	Name: "epoch-zero", Lab: "leader-epoch",
	Brokers: true, pace: 100 * time.Millisecond,
	instead: broken("epoch-zero"),
	caught:  func(parts []report.Part) bool { return len(parts[0].Counted.Repeated) > 0 },
}

var otherHash = Control{
	Name: "fnv", Lab: "partitions",
	run: func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
		return spreadKeys(ctx, b, sarama.NewHashPartitioner)
	},
	caught: func(parts []report.Part) bool {
		return parts[0].Holds() && slices.ContainsFunc(parts[1].Facts[:len(someKeys)], func(f report.Fact) bool { return !f.Held })
	},
}

var sameGroup = Control{
	Name: "same-group", Lab: "consumer-groups",
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

var keyless = Control{
	Name: "no-key", Lab: "order",
	pace: 5 * time.Millisecond,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "simulator-keyed" {
			vars = append(slices.Clone(vars), "MESSAGE_KEY=none")
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool {
		return len(report.Numbers(parts[2].Counted.Nonmonotonic)) > 0 && parts[0].Holds() && parts[1].Holds()
	},
}

var anotherName = Control{
	Name: "another-name", Lab: "offsets",
	pace: 20 * time.Millisecond,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "latest" && slices.Contains(vars, "AUTO_OFFSET_RESET=earliest") {
			vars = append(slices.Clone(vars), "CONSUMER_GROUP="+rand.Text())
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool {
		return len(report.Numbers(parts[3].Counted.AbortedRead)) > 0 && !parts[3].Facts[0].Held && parts[2].Holds()
	},
}

var aloneIsEnough = Control{
	Name: "acks-1-alone", Lab: "replication",
	Brokers: true,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "producer-rf-3" {
			vars = append(slices.Clone(vars), "ACKS=1", "IDEMPOTENT=false")
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool { return !parts[2].Facts[1].Held && parts[0].Holds() && parts[1].Holds() },
}

var otherGroup = Control{
	Name: "other-group", Lab: "retention",
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "latest" && slices.Contains(vars, "AUTO_OFFSET_RESET=latest") {
			i := slices.IndexFunc(vars, func(v string) bool { return strings.HasPrefix(v, "CONSUMER_GROUP=") })
			vars = append(slices.Clone(vars), vars[i]+"-other", "AUTO_OFFSET_RESET=earliest")
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool { return !parts[1].Facts[0].Held && parts[0].Holds() },
}

var unheardCut = Control{
	Name: "acks-0", Lab: "send-modes",
	run: func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
		ways := slices.Clone(failures)
		ways[len(ways)-1].acks = sarama.NoResponse
		return runSendModes(ctx, b, ways)
	},
	caught: func(parts []report.Part) bool {
		return slices.Contains(report.Numbers(parts[len(parts)-1].Counted.Lost), failAt)
	},
}

var bigBatch = Control{
	Name: "batch-500", Lab: "fetch-size",
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "one" {
			vars = append(slices.Clone(vars), "BATCH=500")
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool { return len(parts[0].Counted.Repeated) > 1 && !parts[0].Facts[0].Held },
}

// Check carries out a control on the cluster of o, or an embedded one. Caught says that the mistake was
// seen as it must. An error says that there was no verdict, which catches nothing.
func (c Control) Check(ctx context.Context, o rig.Options) (result report.Result, caught bool, err error) {
	l, ok := Find(c.Lab)
	if !ok {
		return report.Result{}, false, &rig.NotRun{Cause: "there is no lab " + c.Lab}
	}
	if c.run != nil {
		l.run = c.run
	}
	if c.Embedded {
		o.Cluster = kafka.Cluster{}
	}
	o.Pace, o.Swap = c.pace, c.instead
	if c.fault != nil {
		o.Break = func(cluster *embedded.Cluster) { cluster.Fault(c.fault()) }
	}
	result, err = Run(ctx, l, o)
	return result, err == nil && !result.Held() && c.caught(result.Parts), err
}
