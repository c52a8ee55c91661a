package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/wire"
	"workshop.example/workshop/screen"
)

// Options are what a user may wish for a run.
type Options struct {
	Cluster kafka.Cluster // no brokers: an embedded cluster is started
	Lang    service.Lang
	Seed    uint64
	Pace    time.Duration // between goals; negative: the lab's own
	Keep    bool          // histories and topics stay

	Scoreboard []string // the student's command, as words; none: ours
	Guard      []string // what stands before it: a program that kills it when its own input ends

	Environ []string       // what the programs inherit, without anything of the workshop's own
	BinDir  string         // where the programs are
	Screen  *screen.Output // where their lines go
	Say     func(Text)     // a line of the lab itself, as it goes along

	KafkaData       string // where scripts/native-kafka keeps its pid files
	ContainerPrefix string // of the compose stack's containers

	control *Control // puts something else in a program's place; nil save in a control
}

// Bench is what an experiment has at hand: a cluster, topics of its own, programs, and a folder.
type Bench struct {
	Options
	Cluster kafka.Cluster
	Dir     string // histories and what the programs keep
	Client  sarama.Client
	Brokers *Stricken // nil save in labs that kill brokers

	embedded *embedded.Cluster // nil where the brokers are somebody else's
	prefix   string            // of the topics and groups on brokers that others use too

	creating sync.Mutex // topics

	mu        sync.Mutex
	processes []*Process
	wires     []*wire.Proxy
	topics    []string
	groups    []string
}

// newBench starts the cluster, or connects to it.
func newBench(ctx context.Context, lab Lab, o Options) (_ *Bench, err error) {
	b := &Bench{Options: o, Cluster: o.Cluster}
	if b.Pace < 0 {
		b.Pace = lab.Pace
	}
	if b.Dir, err = os.MkdirTemp("", "kafka-workshop-"+lab.Name+"-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if err := os.Mkdir(filepath.Join(b.Dir, "state"), 0o755); err != nil {
		return b, err
	}
	if lab.Killer {
		if b.Brokers, err = findBrokers(o, b.Say); err != nil {
			return b, err
		}
	}
	if len(b.Cluster.Brokers) == 0 {
		if b.embedded, err = embedded.Start(embedded.Options{}); err != nil {
			return b, err
		}
		b.Cluster.Brokers = b.embedded.ListenAddrs()
		b.control.breakCluster(b.embedded)
	} else {
		b.prefix = "lab-" + lab.Name + "-" + rand.Text()[:6] + "-"
	}
	b.Client, err = b.Cluster.Dial(ctx, b.Cluster.AdminConfig("workshop"), nil, func(cause error) {
		b.Say(Text{kafka.WaitingLine(service.Portuguese, cause), kafka.WaitingLine(service.English, cause)})
	})
	if err == nil && b.Brokers != nil {
		err = await(ctx, "all brokers are there", func() bool {
			return b.Client.RefreshMetadata() == nil && len(b.Client.Brokers()) >= brokerCount
		})
	}
	return b, err
}

// Close stops whatever still runs and takes away what the experiment has made.
func (b *Bench) Close() {
	b.mu.Lock()
	processes := b.processes
	b.mu.Unlock()
	var stopping sync.WaitGroup
	for _, p := range processes {
		stopping.Go(p.Stop)
	}
	stopping.Wait()
	if err := b.Brokers.Mend(); err != nil {
		b.Say(Text{"os brokers não voltaram todos: " + err.Error(), "not all brokers are back: " + err.Error()})
	}
	b.closeWires()
	if b.embedded == nil && !b.Keep && b.Client != nil {
		b.removeTopics()
	}
	if b.Client != nil {
		service.CloseWithin(service.Farewell, b.Client)
	}
	if b.embedded != nil {
		b.embedded.Close()
	}
	if !b.Keep {
		os.RemoveAll(b.Dir)
		return
	}
	b.Say(Text{"as histórias ficam em " + b.Dir, "the histories are kept in " + b.Dir})
	if b.embedded == nil {
		b.Say(Text{"os tópicos ficam: " + joined(b.topics), "the topics are kept: " + joined(b.topics)})
	}
}

// removeTopics leaves somebody else's cluster as it was. What cannot be removed is in nobody's way:
// the next run has other names.
func (b *Bench) removeTopics() {
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return
	}
	for _, topic := range b.topics {
		admin.DeleteTopic(topic)
	}
	for _, group := range b.groups {
		dismiss(admin, group)
		admin.DeleteConsumerGroup(group)
	}
}

// dismiss takes static members out of a group. They do not leave it when they end, and until their sessions
// do the group cannot be deleted.
func dismiss(admin sarama.ClusterAdmin, group string) {
	groups, err := admin.DescribeConsumerGroups([]string{group})
	if err != nil || len(groups) != 1 {
		return
	}
	var names []string
	for _, m := range groups[0].Members {
		if m.GroupInstanceId != nil {
			names = append(names, *m.GroupInstanceId)
		}
	}
	if len(names) > 0 {
		admin.RemoveMemberFromConsumerGroup(group, names)
	}
}

// Topics creates topics for this run and returns the names that they have there.
func (b *Bench) Topics(ctx context.Context, topics ...kafka.Topic) error {
	// One at a time: of two that open a broker's connection at once, sarama tells one that there is none.
	b.creating.Lock()
	defer b.creating.Unlock()
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return err
	}
	var names []string
	for _, t := range topics {
		names = append(names, t.Name)
	}
	b.mu.Lock()
	b.topics = append(b.topics, names...)
	b.mu.Unlock()
	if _, err := kafka.ApplyTopics(ctx, admin, topics); err != nil {
		return err
	}
	return b.Client.RefreshMetadata(names...)
}

// Name is a topic's or a group's name in this run.
func (b *Bench) Name(name string) string { return b.prefix + name }

// group notes a consumer group for the end.
func (b *Bench) group(name string) string {
	name = b.Name(name)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.groups = append(b.groups, name)
	return name
}

// colours tell programs apart, in the order of their first start.
var colours = []string{"32", "35", "33", "36"}

// Start starts one of the workshop's programs. Name stands before its lines, and on its history;
// vars are NAME=value.
func (b *Bench) Start(name, program string, vars ...string) (*Process, error) {
	return b.startOn(b.Screen, name, program, vars)
}

// Quietly is Start without the program's lines on the screen.
func (b *Bench) Quietly(name, program string, vars ...string) (*Process, error) {
	nowhere := screen.New(io.Discard, io.Discard, func(string) (string, bool) { return "", false })
	return b.startOn(nowhere, name, program, vars)
}

func (b *Bench) startOn(out *screen.Output, name, program string, vars []string) (*Process, error) {
	program, vars = b.control.swap(name, program, vars)
	path := filepath.Join(b.BinDir, program)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if _, err := os.Stat(path); err != nil {
		return nil, &NotRun{fmt.Sprintf("there is no %s in %s, where this tool is: build all of them with «make build», or «go build -o bin/ work»", filepath.Base(path), b.BinDir)}
	}
	return b.launch(out, name, path, []string{"--stop-on-eof"}, b.environment(name, vars), false)
}

func (b *Bench) launch(out *screen.Output, name, path string, args, env []string, guard bool) (*Process, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, err := start(out, name, colours[b.colour(name)%len(colours)], path, args, env, guard)
	if err == nil {
		b.processes = append(b.processes, p)
	}
	return p, err
}

func (b *Bench) colour(name string) int {
	seen := map[string]bool{}
	for _, p := range b.processes {
		if p.Name == name {
			break
		}
		seen[p.Name] = true
	}
	return len(seen)
}

// environment is what a program of this run gets; later entries win.
func (b *Bench) environment(name string, vars []string) []string {
	env := append([]string(nil), b.Environ...)
	env = append(env,
		"BOOTSTRAP_SERVERS="+joined(b.Cluster.Brokers), "KAFKA_PROXY="+b.Cluster.Proxy,
		"WORKSHOP_LANG="+string(b.Lang), "LOG_LEVEL=error",
		"HISTORY="+b.History(name), "STATE_DIR="+filepath.Join(b.Dir, "state"),
	)
	return append(env, vars...)
}

// History is the file of a program's history.
func (b *Bench) History(name string) string { return filepath.Join(b.Dir, name+".jsonl") }

// Committed is the offset that a group has committed, -1 where it has none.
func (b *Bench) Committed(group, topic string, partition int32) (int64, error) {
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return 0, err
	}
	offsets, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {partition}})
	if errors.Is(err, sarama.ErrGroupIDNotFound) { // nobody has ever joined it
		return -1, nil
	}
	if err != nil {
		return 0, fmt.Errorf("offsets of group %s: %w", group, err)
	}
	block := offsets.GetBlock(topic, partition)
	if block == nil {
		return 0, errors.New("the coordinator's answer leaves the partition out")
	}
	if block.Err != sarama.ErrNoError {
		return 0, fmt.Errorf("offsets of group %s: %w", group, block.Err)
	}
	return block.Offset, nil
}
