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
)

// Control is a lab with a mistake put into it, that must come out red: a check that was never seen to
// fail proves nothing.
type Control struct {
	Name string
	Lab  string // its name
	Swap Text   // what is put in whose place
	Want Text   // what must be seen
	// Brokers: it needs real ones. Embedded: it needs the embedded cluster, whose faults it uses.
	Brokers, Embedded bool

	pace time.Duration
	// run is the experiment, where it is not the lab's own.
	run func(context.Context, *Bench) ([]Part, error)
	// instead returns the program, and the variables, to be started for one of the lab; nil: as they are.
	instead func(name, program string, vars []string) (string, []string)
	// fault is what the embedded cluster does wrong; nil: nothing.
	fault func() kfake.Fault
	// caught reports whether the mistake shows as it must.
	caught func([]Part) bool
}

// swap is what is started instead of a program. A nil *Control changes nothing.
func (c *Control) swap(name, program string, vars []string) (string, []string) {
	if c == nil || c.instead == nil {
		return program, vars
	}
	return c.instead(name, program, vars)
}

// breakCluster puts the fault into the cluster. A nil *Control does not.
func (c *Control) breakCluster(cluster *embedded.Cluster) {
	if c != nil && c.fault != nil {
		cluster.Fault(c.fault())
	}
}

// Controls is every control, in the order of their labs.
func Controls() []Control {
	return []Control{
		unconfirmedCommit, neverCommits, readsOnAfterAbort, readsUncommitted, groupIDOnly, notIdempotent, leaderAlone, epochZero,
		otherHash, sameGroup, keyless, anotherName,
		aloneIsEnough, otherGroup, unheardCut, bigBatch,
		outboxAfterAll, forgetful, tooFewPartitions,
	}
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
	Swap:     Text{"o placar não confere a resposta do commit, e o coordenador recusa os primeiros", "the board does not look at the answer to its commit, and the coordinator refuses the first ones"},
	Want:     Text{"repetidos os ids 1 a 4, quando nada devia se repetir", "ids 1 to 4 repeated, where nothing should be"},
	Embedded: true, pace: 20 * time.Millisecond,
	instead: broken("unconfirmed-commit"),
	// As many as there are until the crash at id 5.
	fault: func() kfake.Fault {
		return kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: failAt}
	},
	caught: func(parts []Part) bool {
		return slices.Equal(numbers(parts[0].Counted.Repeated), []int{1, 2, 3, 4})
	},
}

var neverCommits = Control{
	Name: "never-commit", Lab: "at-least-once",
	Swap:    Text{"o placar nunca confirma um offset", "the board never commits an offset"},
	Want:    Text{"repetidos os ids 1 a 5, e não só o 5", "ids 1 to 5 repeated, not only 5"},
	pace:    20 * time.Millisecond,
	instead: broken("never-commit"),
	caught: func(parts []Part) bool {
		return slices.Equal(numbers(parts[0].Counted.Repeated), []int{1, 2, 3, 4, 5})
	},
}

// abortedID is the event whose transaction is refused once in the control of exactly-once.
const abortedID = 8

var readsOnAfterAbort = Control{
	Name: "read-on-after-abort", Lab: "exactly-once",
	Swap:     Text{"depois de abortar, o placar segue lendo; o coordenador recusa uma vez o offset do id 8", "after an abort the board reads on; the coordinator refuses the offset of id 8 once"},
	Want:     Text{"perdido em scoreBoard o id 8", "id 8 lost in scoreBoard"},
	Embedded: true, pace: 20 * time.Millisecond,
	// Without the kills: this board does not come back to where it was.
	run:     func(ctx context.Context, b *Bench) ([]Part, error) { return runExactlyOnce(ctx, b, nil) },
	instead: broken("read-on-after-abort"),
	fault: func() kfake.Fault {
		return kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.UnknownMemberID, Count: 1, When: func(req kmsg.Request) bool {
			return req.(*kmsg.TxnOffsetCommitRequest).Topics[0].Partitions[0].Offset == abortedID
		}}
	},
	caught: func(parts []Part) bool { return slices.Equal(numbers(parts[0].Counted.Missing), []int{abortedID}) },
}

var readsUncommitted = Control{
	Name: "read-uncommitted", Lab: "ghost-goals",
	Swap: Text{"o placar read_committed roda com ISOLATION=read_uncommitted", "the read_committed board runs with ISOLATION=read_uncommitted"},
	Want: Text{"gols fantasmas onde não devia haver nenhum", "ghost goals where there should be none"},
	pace: 20 * time.Millisecond,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "committed" {
			vars = append(slices.Clone(vars), "ISOLATION=read_uncommitted")
		}
		return program, vars
	},
	caught: func(parts []Part) bool { return len(parts[1].Counted.AbortedRead) > 0 && parts[0].Holds() },
}

var groupIDOnly = Control{
	Name: "group-id-only", Lab: "zombie",
	Swap:    Text{"o placar confirma offsets só com o nome do grupo (AddMessageToTxn)", "the board commits offsets by the group's name alone (AddMessageToTxn)"},
	Want:    Text{"repetido em scoreBoard o id 5", "id 5 repeated in scoreBoard"},
	pace:    250 * time.Millisecond,
	instead: broken("group-id-only"),
	caught:  func(parts []Part) bool { return slices.Contains(numbers(parts[0].Counted.Repeated), failAt) },
}

var notIdempotent = Control{
	Name: "not-idempotent", Lab: "idempotence",
	Swap: Text{"o simulador idempotente roda com IDEMPOTENT=false", "the idempotent simulator runs with IDEMPOTENT=false"},
	Want: Text{"duplicadas no tópico", "duplicates in the topic"},
	pace: 0,
	instead: func(name, program string, vars []string) (string, []string) {
		if strings.HasPrefix(name, "simulator") {
			vars = append(slices.Clone(vars), "IDEMPOTENT=false")
		}
		return program, vars
	},
	caught: func(parts []Part) bool { return len(numbers(parts[1].Counted.Duplicated)) > 0 && parts[0].Holds() },
}

var leaderAlone = Control{
	Name: "acks-1", Lab: "acks",
	Swap:    Text{"o simulador com acks=all roda com acks=1", "the simulator with acks=all runs with acks=1"},
	Want:    Text{"perdido o que foi confirmado enquanto só o líder o tinha", "lost what was acknowledged while the leader alone had it"},
	Brokers: true, pace: 20 * time.Millisecond,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "simulator-all" {
			vars = append(slices.Clone(vars), "ACKS=1", "IDEMPOTENT=false")
		}
		return program, vars
	},
	caught: func(parts []Part) bool { return len(parts[1].Counted.Lost) > 0 && parts[0].Holds() },
}

var epochZero = Control{
	Name: "epoch-zero", Lab: "leader-epoch",
	Swap:    Text{"o placar confirma offsets com a época de líder 0", "the board commits offsets with leader epoch 0"},
	Want:    Text{"o consumidor Java volta e repete", "the Java consumer goes back and repeats"},
	Brokers: true, pace: 100 * time.Millisecond,
	instead: broken("epoch-zero"),
	caught:  func(parts []Part) bool { return len(parts[0].Counted.Repeated) > 0 },
}

var otherHash = Control{
	Name: "fnv", Lab: "partitions",
	Swap: Text{"o produtor escolhe a partição pela chave com FNV, o padrão do sarama, e não com murmur2", "the producer chooses a key's partition with FNV, sarama's default, and not with murmur2"},
	Want: Text{"chaves em partição diferente da do cliente Java", "keys on another partition than the Java client's"},
	run: func(ctx context.Context, b *Bench) ([]Part, error) {
		return b.partitions(ctx, sarama.NewHashPartitioner)
	},
	caught: func(parts []Part) bool {
		return parts[0].Holds() && slices.ContainsFunc(parts[1].Facts[:len(someKeys)], func(f Fact) bool { return !f.Held })
	},
}

var sameGroup = Control{
	Name: "same-group", Lab: "consumer-groups",
	Swap: Text{"o consumer do grupo b roda com o nome do grupo a", "the consumer of group b runs with the name of group a"},
	Want: Text{"o grupo b não vê tudo, e o grupo a não recebe o que lhe caberia sozinho", "group b does not see everything, and group a is not given what would be its own"},
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
	caught: func(parts []Part) bool {
		// When in the course of the experiment it gets its share differs: with the first member, or later.
		return len(numbers(parts[1].Counted.Missing)) > 0 && !parts[0].Holds()
	},
}

var keyless = Control{
	Name: "no-key", Lab: "order",
	Swap: Text{"o simulador que devia usar a partida como chave roda com MESSAGE_KEY=none", "the simulator that should use the match as the key runs with MESSAGE_KEY=none"},
	Want: Text{"o placar volta atrás onde não devia", "the score jumps back where it should not"},
	pace: 5 * time.Millisecond,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "simulator-keyed" {
			vars = append(slices.Clone(vars), "MESSAGE_KEY=none")
		}
		return program, vars
	},
	caught: func(parts []Part) bool {
		return len(numbers(parts[2].Counted.Nonmonotonic)) > 0 && parts[0].Holds() && parts[1].Holds()
	},
}

var anotherName = Control{
	Name: "another-name", Lab: "offsets",
	Swap: Text{"o placar que começou com latest volta num grupo de outro nome", "the board that began with latest comes back in a group of another name"},
	Want: Text{"ele relê as partidas anteriores, quando devia continuar de onde parou", "it reads the earlier matches again, where it should go on from where it stopped"},
	pace: 20 * time.Millisecond,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "latest" && slices.Contains(vars, "AUTO_OFFSET_RESET=earliest") {
			vars = append(slices.Clone(vars), "CONSUMER_GROUP="+rand.Text())
		}
		return program, vars
	},
	caught: func(parts []Part) bool {
		return len(numbers(parts[3].Counted.AbortedRead)) > 0 && !parts[3].Facts[0].Held && parts[2].Holds()
	},
}

var aloneIsEnough = Control{
	Name: "acks-1-alone", Lab: "replication",
	Swap:    Text{"o produtor do tópico com três réplicas usa acks=1", "the producer of the topic with three replicas uses acks=1"},
	Want:    Text{"confirmações, embora um só broker tenha as mensagens", "acknowledgements, though one broker alone has the messages"},
	Brokers: true,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "producer-rf-3" {
			vars = append(slices.Clone(vars), "ACKS=1", "IDEMPOTENT=false")
		}
		return program, vars
	},
	caught: func(parts []Part) bool { return !parts[2].Facts[1].Held && parts[0].Holds() && parts[1].Holds() },
}

var otherGroup = Control{
	Name: "other-group", Lab: "retention",
	Swap: Text{"o consumidor volta com outro nome de grupo", "the consumer is back under another group's name"},
	Want: Text{"ninguém diz o que foi apagado sem ser lido", "nobody says what was erased unread"},
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "latest" && slices.Contains(vars, "AUTO_OFFSET_RESET=latest") {
			i := slices.IndexFunc(vars, func(v string) bool { return strings.HasPrefix(v, "CONSUMER_GROUP=") })
			vars = append(slices.Clone(vars), vars[i]+"-other", "AUTO_OFFSET_RESET=earliest")
		}
		return program, vars
	},
	caught: func(parts []Part) bool { return !parts[1].Facts[0].Held && parts[0].Holds() },
}

var unheardCut = Control{
	Name: "acks-0", Lab: "send-modes",
	Swap: Text{"o envio com acks=all cuja conexão é cortada usa acks=0", "the send with acks=all whose connection is cut uses acks=0"},
	Want: Text{"perdida a mensagem cortada, que devia ter sido reenviada", "the message that was cut off is lost, which should have been sent again"},
	run: func(ctx context.Context, b *Bench) ([]Part, error) {
		ways := slices.Clone(failures)
		ways[len(ways)-1].acks = sarama.NoResponse
		return runSendModes(ctx, b, ways)
	},
	caught: func(parts []Part) bool {
		return slices.Contains(numbers(parts[len(parts)-1].Counted.Lost), failAt)
	},
}

var bigBatch = Control{
	Name: "batch-500", Lab: "fetch-size",
	Swap: Text{"o consumidor que confirma uma a uma confirma 500 de cada vez", "the consumer that commits one by one commits 500 at a time"},
	Want: Text{"duas confirmações onde deviam ser 1000, e mais de uma mensagem repetida", "two commits where there should be 1000, and more than one message repeated"},
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "one" {
			vars = append(slices.Clone(vars), "BATCH=500")
		}
		return program, vars
	},
	caught: func(parts []Part) bool { return len(parts[0].Counted.Repeated) > 1 && !parts[0].Facts[0].Held },
}

// Check carries out a control on the cluster of o, or an embedded one. Caught says that the mistake was
// seen as it must. An error says that there was no verdict, which catches nothing.
func (c Control) Check(ctx context.Context, o Options) (result Result, caught bool, err error) {
	l, ok := Find(c.Lab)
	if !ok {
		return Result{}, false, &NotRun{"there is no lab " + c.Lab}
	}
	if c.run != nil {
		l.run = c.run
	}
	if c.Embedded {
		o.Cluster = kafka.Cluster{}
	}
	o.Pace, o.control = c.pace, &c
	result, err = Run(ctx, l, o)
	return result, err == nil && !result.Held() && c.caught(result.Parts), err
}
