package proof

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// Shop is the part of the system that an order passes through: gateway, fraud detector and, with a mail
// box, what sends the e-mail. Each is a process of its own, and started again when it ends, as Docker
// does it.
type Shop struct {
	Gateway, Fraud *Program
	Mailbox        *Mailbox // nil: no e-mails
	Cluster        kafka.Cluster

	programs []*Program
	quit     chan struct{}
	kept     sync.WaitGroup
	mu       sync.Mutex   // held while the programs are to be left alone
	again    atomic.Int64 // times that a program was started again
	last     atomic.Value // an error of it
}

// Plot is how a shop is opened.
type Plot struct {
	Bin     string // folder of the programs
	Dir     string // folder for their files
	Brokers []string
	Intake  string // the gateway's INTAKE
	Mails   bool
	Port    int // of the gateway, on 127.0.0.1
}

// Open starts the shop. Close has to be called in every case.
func Open(p Plot) (*Shop, error) {
	cluster := kafka.Cluster{Brokers: p.Brokers}
	env := func(name string, more ...string) []string {
		list := ""
		for i, b := range p.Brokers {
			if i > 0 {
				list += ","
			}
			list += b
		}
		return append([]string{"BOOTSTRAP_SERVERS=" + list, "STATE_DIR=" + filepath.Join(p.Dir, name), "GROUP_INSTANCE_ID=" + name, "OPS_ADDR="}, more...)
	}
	s := &Shop{
		Cluster: cluster, quit: make(chan struct{}),
		Gateway: NewProgram(p.Bin, "http-ecommerce", env("http-ecommerce", "INTAKE="+p.Intake, "HTTP_PORT="+strconv.Itoa(p.Port), "MAX_PENDING=1000")...),
		Fraud:   NewProgram(p.Bin, "fraud-detector", env("fraud-detector")...),
	}
	s.programs = []*Program{s.Gateway, s.Fraud}
	if p.Mails {
		var err error
		if s.Mailbox, err = OpenMailbox(); err != nil {
			return s, err
		}
		s.programs = append(s.programs,
			NewProgram(p.Bin, "email-new-order", env("email-new-order")...),
			NewProgram(p.Bin, "email-service", env("email-service", "SMTP_ADDR="+s.Mailbox.Addr)...))
	}
	for _, program := range s.programs {
		if err := program.Start(); err != nil {
			return s, err
		}
	}
	s.kept.Go(s.keep)
	return s, nil
}

// keep starts again what has ended.
func (s *Shop) keep() {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-look.C:
		}
		s.mu.Lock()
		for _, program := range s.programs {
			if program.Running() {
				continue
			}
			s.again.Add(1)
			if err := program.Start(); err != nil {
				s.last.Store(err)
			}
		}
		s.mu.Unlock()
	}
}

// Programs are all of them.
func (s *Shop) Programs() []*Program { return s.programs }

// Kill is kill -9 of one; it is started again at once.
func (s *Shop) Kill(p *Program) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.Kill()
}

// StartedAgain is how often a program was started again, whatever it had died of.
func (s *Shop) StartedAgain() int { return int(s.again.Load()) }

// Close stops the programs as SIGTERM does, and reports who did not end well.
func (s *Shop) Close() error {
	select {
	case <-s.quit:
		return nil
	default:
	}
	close(s.quit)
	s.kept.Wait()
	var errs []error
	if err, ok := s.last.Load().(error); ok {
		errs = append(errs, err)
	}
	for _, program := range s.programs {
		errs = append(errs, program.Stop())
	}
	if s.Mailbox != nil {
		errs = append(errs, s.Mailbox.Close())
	}
	return errors.Join(errs...)
}

// AwaitGateway waits until the gateway listens.
func (s *Shop) AwaitGateway(ctx context.Context) error {
	for {
		if url := s.Gateway.URL(); url != "" {
			if conn, err := net.DialTimeout("tcp", url[len("http://"):], time.Second); err == nil {
				return conn.Close()
			}
		}
		if err := service.Sleep(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("the gateway does not listen: %w\n%s", err, s.Gateway.Output())
		}
	}
}

// Look reads what is there now.
func (s *Shop) Look(ctx context.Context, accounts []Account) (Evidence, error) {
	client, err := s.Cluster.Dial(ctx, s.Cluster.Config("proof"), event.EcommerceTopics, func(error) {})
	if err != nil {
		return Evidence{}, err
	}
	defer service.CloseWithin(service.Farewell, client)
	e, err := Collect(ctx, client, "", accounts)
	if s.Mailbox != nil {
		e.Mails = s.Mailbox.Mails()
	}
	return e, err
}

// Settle waits until every accepted order is decided and, with a mail box, e-mailed, or until nothing has
// changed for as long as patience: what is not there then does not come any more.
func (s *Shop) Settle(ctx context.Context, accounts []Account, patience time.Duration) (Judgement, error) {
	before, since := "", time.Now()
	for {
		e, err := s.Look(ctx, accounts)
		if err != nil {
			return Judgement{}, err
		}
		j := Judge(e)
		now := fmt.Sprint(len(e.NewOrders), len(e.Approved), len(e.Rejected), len(e.Mails))
		if now != before {
			before, since = now, time.Now()
		}
		// Complete, and for a moment longer: one too many would come now.
		if quiet := time.Since(since); quiet > patience || len(j.Decided.Lost)+len(j.Decided.Missing) == 0 && quiet > patience/5 {
			return j, nil
		}
		if err := service.Sleep(ctx, 200*time.Millisecond); err != nil {
			return j, err
		}
	}
}
