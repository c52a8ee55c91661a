package rig

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/lines"
	"workshop.example/kit/process"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
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

	Student Student // a program of the student's own, in the place of one of ours

	Environ []string           // what the programs inherit, without anything of the workshop's own
	BinDir  string             // where the programs are
	Screen  *screen.Output     // where their lines go
	Say     func(service.Text) // a line of the lab itself, as it goes along

	Kafka4Home      string // an unpacked Kafka 4, to which a cluster is upgraded
	KafkaData       string // where scripts/native-kafka keeps its pid files
	ContainerPrefix string // of the compose stack's containers

	// Swap returns the program, and its variables, to be started in place of one; nil: that one. Controls use it.
	Swap func(name, program string, vars []string) (string, []string)
	// Break is given the embedded cluster when it has started; nil: it stays as it is. Controls use it.
	Break func(*embedded.Cluster)
}

// Student is a program of the student's own.
type Student struct {
	Role  string   // what it stands in for, such as scoreboard; empty: there is none
	Words []string // its command
	Guard []string // what stands before it: a program that kills it when its own input ends
}

// Bench is what an experiment has at hand: a cluster, topics of its own, programs, and a folder.
type Bench struct {
	Options
	Cluster kafka.Cluster
	Dir     string // histories and what the programs keep
	Client  sarama.Client
	Brokers *BrokerFaults // nil except in labs that kill brokers

	Embedded *embedded.Cluster // nil where the brokers are somebody else's
	prefix   string            // of the topics and groups on brokers that others use too

	creating sync.Mutex // topics

	mu        sync.Mutex
	processes []*Process
	wires     []*wire.Proxy
	logs      []*os.File
	topics    []string
	groups    []string
}

// NewBench starts the cluster, or connects to it. The names of topics and groups on somebody's brokers
// begin with name. Brokers are those that the experiment strikes; nil where it strikes none.
func NewBench(ctx context.Context, name string, brokers *BrokerFaults, o Options) (_ *Bench, err error) {
	b := &Bench{Options: o, Cluster: o.Cluster, Brokers: brokers}
	if b.Dir, err = os.MkdirTemp("", "kafka-workshop-"+name+"-"); err != nil {
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
	if len(b.Cluster.Brokers) == 0 {
		if b.Embedded, err = embedded.Start(embedded.Options{Refused: func(old embedded.OldRequest) { b.Say(old.Text()) }}); err != nil {
			return b, err
		}
		b.Cluster.Brokers = b.Embedded.ListenAddrs()
		if b.Break != nil {
			b.Break(b.Embedded)
		}
	} else {
		b.prefix = name + "-" + rand.Text()[:6] + "-"
	}
	if b.Client, err = b.dial(ctx); err != nil && ctx.Err() == nil {
		err = &NotRun{Cause: fmt.Sprintf("no answer from the brokers %v within %s: %v", b.Cluster.Brokers, Patience, err)}
	}
	if err == nil && b.Brokers != nil {
		err = Await(ctx, "all brokers are there", func() bool {
			return b.Client.RefreshMetadata() == nil && len(b.Client.Brokers()) >= BrokerCount
		})
	}
	return b, err
}

// dial waits for brokers, for as long as a start of them takes: an experiment is begun by hand, and whoever has
// mistyped an address must not wait for ever.
func (b *Bench) dial(ctx context.Context) (sarama.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	return b.Cluster.Dial(ctx, b.Cluster.AdminConfig("workshop"), nil, func(cause error) {
		b.Say(service.Text{PT: lines.Waiting(service.Portuguese, cause), EN: lines.Waiting(service.English, cause)})
	})
}

// Redial connects anew: after brokers were killed the next request on each old connection would fail.
func (b *Bench) Redial(ctx context.Context) error {
	client, err := b.dial(ctx)
	if err != nil {
		return err
	}
	wait.CloseWithin(wait.CloseTimeout, b.Client)
	b.Client = client
	return nil
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
	b.mu.Lock()
	for _, file := range b.logs {
		file.Close()
	}
	b.mu.Unlock()
	if b.Brokers.Mend() != nil {
		wait.Sleep(context.Background(), time.Second) // once more: a broker that has just ended is registered still
	}
	if err := b.Brokers.Mend(); err != nil {
		b.Say(service.Text{PT: "os brokers não voltaram todos: " + err.Error(), EN: "not all brokers are back: " + err.Error()})
	}
	b.CloseWires()
	if b.Embedded == nil && !b.Keep && b.Client != nil {
		if b.Brokers != nil {
			ctx, cancel := context.WithTimeout(context.Background(), Patience)
			defer cancel()
			b.Redial(ctx) // where it fails, so does the removal
		}
		b.removeTopics()
	}
	if b.Client != nil {
		wait.CloseWithin(wait.CloseTimeout, b.Client)
	}
	if b.Embedded != nil {
		b.Embedded.Close()
	}
	if !b.Keep {
		os.RemoveAll(b.Dir)
		return
	}
	b.Say(service.Text{PT: "as histórias ficam em " + b.Dir, EN: "the histories are kept in " + b.Dir})
	if b.Embedded == nil {
		b.Say(service.Text{PT: "os tópicos ficam: " + strings.Join(b.topics, ","), EN: "the topics are kept: " + strings.Join(b.topics, ",")})
	}
}

// colours tell programs apart, in the order of their first start.
var colours = []string{"32", "35", "33", "36"}

// Start starts one of the workshop's programs. Name stands before its lines, and on its history;
// vars are NAME=value.
func (b *Bench) Start(name, program string, vars ...string) (*Process, error) {
	return b.startOn(b.Screen, name, program, vars)
}

// Quietly is Start without the program's lines on the screen: they go to a file.
func (b *Bench) Quietly(name, program string, vars ...string) (*Process, error) {
	file, err := os.OpenFile(b.log(name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.logs = append(b.logs, file)
	b.mu.Unlock()
	return b.startOn(screen.New(io.Discard, file, func(string) (string, bool) { return "", false }), name, program, vars)
}

func (b *Bench) log(name string) string { return filepath.Join(b.Dir, name+".log") }

// LastWords is the last line that a program wrote to standard error, quietly.
func (b *Bench) LastWords(name string) string {
	text, _ := os.ReadFile(b.log(name))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

func (b *Bench) startOn(out *screen.Output, name, program string, vars []string) (*Process, error) {
	if b.Swap != nil {
		program, vars = b.Swap(name, program, vars)
	}
	path := filepath.Join(b.BinDir, program)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if !process.Exists(path) {
		return nil, &NotRun{Cause: fmt.Sprintf("there is no %s in %s, where this tool is: build all of them with «make build», or "+
			"«go build -o bin/ work»", filepath.Base(path), b.BinDir)}
	}
	return b.Launch(out, name, path, []string{"--stop-on-eof"}, b.Environment(name, vars), false)
}

func (b *Bench) Launch(out *screen.Output, name, path string, args, env []string, guard bool) (*Process, error) {
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

// Environment is what a program of this run gets; later entries win.
func (b *Bench) Environment(name string, vars []string) []string {
	env := append([]string(nil), b.Environ...)
	if b.Cluster.Security == nil { // such as an embedded cluster, whatever the user's own brokers want
		for _, name := range kafkaenv.SecurityVariables {
			env = append(env, name+"=") // empty counts as unset
		}
	}
	env = append(env,
		"BOOTSTRAP_SERVERS="+strings.Join(b.Cluster.Brokers, ","), "KAFKA_PROXY="+b.Cluster.Proxy,
		"WORKSHOP_LANG="+string(b.Lang), "LOG_LEVEL=error",
		"HISTORY="+b.History(name), "STATE_DIR="+filepath.Join(b.Dir, "state"),
	)
	return append(env, vars...)
}

// History is the file of a program's history.
func (b *Bench) History(name string) string { return filepath.Join(b.Dir, name+".jsonl") }

// Processes are all that were started, in their order.
func (b *Bench) Processes() []*Process {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.processes)
}
