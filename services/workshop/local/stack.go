// Package local runs the workshop on this machine without Docker: an embedded cluster, and the services as processes.
package local

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/kit/process"
	"workshop.example/kit/service"

	"workshop.example/workshop/screen"
)

// Stack is an embedded cluster with its topics, and the services on it as processes of their own: «workshop up».
type Stack struct {
	Ports       string // of the brokers, comma separated
	DataDir     string // where messages outlive a stop; "" keeps them in memory
	Sync        bool   // writes to the disk before each acknowledgement; needs DataDir
	Services    string // names, comma separated; "" stands for all of one system
	Ecommerce   bool   // the e-commerce system, where Services names none
	ClusterOnly bool   // no services

	Environ        []string               // the user's, as of [os.Environ]
	BinDir         func() (string, error) // where the services' binaries are
	Stdout, Stderr io.Writer
	Differs        func(kafka.Applied) string // what to say of a topic that is not as described
}

// plan is a stack that is ready to be started.
type plan struct {
	ports    []int
	topics   []kafka.Topic
	chosen   []program
	services []Service // of chosen, without their environment
	shop     *shop
	board    *classBoard
}

// plan checks what can be checked before anything is started.
func (s *Stack) plan() (p plan, err error) {
	if p.ports, err = parsePorts(s.Ports); err != nil {
		return p, err
	}
	if s.Sync && s.DataDir == "" {
		return p, service.UsageError("--sync writes to the disk what --data-dir keeps: add --data-dir DIR, or leave out --sync")
	}
	if p.chosen, err = choose(s.Services, s.Ecommerce); err != nil {
		return p, err
	}
	if p.topics, p.shop, err = s.shopOf(p.chosen); err != nil {
		return p, err
	}
	if s.ClusterOnly {
		if s.Services != "" {
			return p, service.UsageError("--cluster-only starts no services: leave out one of --cluster-only and --services")
		}
		p.chosen, p.shop = nil, nil
	}
	if p.board, err = s.boardOf(p.chosen, p.shop); err != nil {
		return p, err
	}
	p.services, err = s.find(p.chosen)
	return p, err
}

// Run starts the stack and returns after stop ends, nobody reads the output any more, or all services have ended for
// good. Services that still run when kill ends are killed. A [service.UsageError] means that nothing was started.
func (s *Stack) Run(stop, kill context.Context) error {
	p, err := s.plan()
	if err != nil {
		return err
	}
	out := screen.New(s.Stdout, s.Stderr, s.lookup, namesOf(p.chosen)...)
	ctx, cancel := out.WithReader(stop)
	defer cancel()
	if err := p.shop.portIsFree(); err != nil {
		return err
	}
	if err := p.board.portIsFree(); err != nil {
		return err
	}
	refused := func(old embedded.OldRequest) { out.Say(old.Text()) }
	cluster, err := startCluster(ctx, embedded.Options{Ports: p.ports, DataDir: s.DataDir, Sync: s.Sync, Refused: refused}, p.topics)
	if err != nil {
		return err
	}
	defer cluster.Close() // after the services: they write their last messages and offsets to it
	if err := p.shop.open(s.DataDir); err != nil {
		return err
	}
	defer p.shop.close()
	s.introduce(out, cluster, p)
	if s.ClusterOnly {
		<-ctx.Done()
		out.Say(stopping)
		return nil
	}
	for i, chosen := range p.chosen {
		p.services[i].Env = p.board.withAddress(p.shop.withFolders(chosen)).environment(s.Environ, cluster.Bootstrap())
	}
	go p.shop.announce(ctx, out)
	supervisor := &Supervisor{
		Output: out, Services: p.services, Grace: 6 * time.Second, // a member that is just joining its group gives up after 4 s
		RestartFirst: time.Second, RestartMost: 10 * time.Second, Quick: 10 * time.Second,
	}
	return supervisor.Run(ctx, kill)
}

func (s *Stack) lookup(name string) (string, bool) { return Lookup(s.Environ, name) }

// colours are the SGR numbers of the services' names. As in docker compose, cyan comes first.
var colours = []string{"36", "33", "32", "35", "34", "96", "93", "92", "95"}

// find returns the services for the chosen programs, or an error that names the binaries that are missing.
func (s *Stack) find(chosen []program) ([]Service, error) {
	dir, err := s.BinDir()
	if err != nil {
		return nil, fmt.Errorf("where the services are: %w", err)
	}
	var services []Service
	var missing []string
	for i, p := range chosen {
		path := Binary(dir, p.name)
		if !process.Exists(path) {
			missing = append(missing, filepath.Base(path))
		}
		services = append(services, Service{Name: p.name, Path: path, Args: []string{"--stop-on-eof"}, Colour: colours[i%len(colours)]})
	}
	if len(missing) > 0 {
		return nil, service.UsageError(fmt.Sprintf("there is no %s in %s, where this tool is: build all of them with «make build», "+
			"or «go build -o bin/ work» at the root of the repository, and run «bin/workshop up»", strings.Join(missing, ", "), dir))
	}
	return services, nil
}

// introduce prints what a newcomer needs to know about the running cluster.
func (s *Stack) introduce(out *screen.Output, cluster *localCluster, p plan) {
	out.Say(service.Textf("brokers: BOOTSTRAP_SERVERS=%s (embutidos, sem replicação)",
		"brokers: BOOTSTRAP_SERVERS=%s (embedded, without replication)", cluster.Bootstrap()))
	topics := func(one, many string) string {
		var names []string
		for _, a := range cluster.topics {
			noun := many
			if a.Topic.Partitions == 1 {
				noun = one
			}
			names = append(names, fmt.Sprintf("%s (%d %s)", a.Topic.Name, a.Topic.Partitions, noun))
		}
		return strings.Join(names, ", ")
	}
	out.Say(service.Text{PT: "tópicos: " + topics("partição", "partições"), EN: "topics: " + topics("partition", "partitions")})
	for _, a := range cluster.topics {
		if a.Mismatch != "" {
			out.Say(service.Textf("aviso: %s", "warning: %s", s.Differs(a)))
		}
	}
	if s.DataDir == "" {
		out.Say(service.Text{
			PT: "as mensagens ficam na memória e somem no fim: --data-dir PASTA as guarda",
			EN: "messages are kept in memory and gone at the end: --data-dir DIR keeps them",
		})
	} else if s.Sync {
		out.Say(service.Textf("as mensagens ficam em %s, no disco antes de serem confirmadas (--sync)",
			"messages are kept in %s, on the disk before they are acknowledged (--sync)", s.DataDir))
	} else {
		out.Say(service.Textf("as mensagens ficam em %s", "messages are kept in %s", s.DataDir))
	}
	p.shop.introduce(out)
	p.board.introduce(out)
	if names := ignored(s.Environ); len(names) > 0 && !s.ClusterOnly {
		out.Say(service.Textf("o ambiente define o que precisa de um valor para cada serviço, e isto é ignorado: %s",
			"your environment sets what each service needs a value of its own for, ignored: %s", strings.Join(names, ", ")))
	}
	out.Say(service.Text{PT: "Ctrl-C para tudo", EN: "Ctrl-C stops everything"})
}

var stopping = service.Text{PT: "parando ...", EN: "stopping ..."}
