package shoptest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
)

// Shop is the system as processes: gateway, fraud detector, and with a mail box or all services what
// comes behind them. Each is started again when it ends, as Docker does it.
type Shop struct {
	Gateway, Fraud *Program
	Mailbox        *Mailbox // nil: no e-mails
	Reports        string   // folder of the reports
	Cluster        kafka.Cluster

	prefix   string
	programs []*Program // those that were started
	mu       sync.Mutex // held by whoever ends one
	closed   bool
}

// Options is how a shop is opened.
type Options struct {
	Bin     string // folder of the programs
	Dir     string // folder for their files
	Brokers []string
	Prefix  string // of its topics and groups, on brokers that others use too
	Intake  string // the gateway's INTAKE
	Mails   bool   // what sends e-mails, and a mail box
	All     bool   // every service, and a mail box
	Port    int    // of the gateway, on 127.0.0.1
	Lang    string // of the programs; empty: the environment's
	Traces  string // where they send traces; empty: nowhere
}

// Open creates the topics and starts the shop. Close has to be called in every case.
func Open(ctx context.Context, p Options) (*Shop, error) {
	s := &Shop{
		Cluster: kafka.Cluster{Brokers: p.Brokers},
		prefix:  p.Prefix,
		Reports: filepath.Join(p.Dir, "target"),
	}
	if err := s.createTopics(ctx); err != nil {
		return s, err
	}
	var programs []*Program
	program := func(name string, more ...string) *Program {
		env := append([]string{
			"BOOTSTRAP_SERVERS=" + strings.Join(p.Brokers, ","), "TOPIC_PREFIX=" + p.Prefix, "CONSUMER_GROUP=" + p.Prefix + name,
			"STATE_DIR=" + filepath.Join(p.Dir, name), "GROUP_INSTANCE_ID=" + name, "OPS_ADDR=",
			"OTEL_EXPORTER_OTLP_ENDPOINT=" + p.Traces,
		}, more...)
		if p.Lang != "" {
			env = append(env, "WORKSHOP_LANG="+p.Lang)
		}
		programs = append(programs, NewProgram(p.Bin, name, env...))
		return programs[len(programs)-1]
	}
	s.Gateway = program("http-ecommerce", "INTAKE="+p.Intake, "HTTP_PORT="+strconv.Itoa(p.Port), "MAX_PENDING=1000")
	s.Fraud = program("fraud-detector")
	if p.Mails || p.All {
		var err error
		if s.Mailbox, err = OpenMailbox("127.0.0.1:0", nil); err != nil {
			return s, err
		}
		program("email-new-order")
		program("email-service", "SMTP_ADDR="+s.Mailbox.Addr, "SMTP_USER=", "SMTP_PASSWORD_FILE=", "SMTP_CA_FILE=") // the mailbox has no logins
	}
	if p.All {
		program("user-service")
		program("batch-send-message", "USERS_DB="+filepath.Join(p.Dir, "user-service", "users.db"))
		program("reading-report", "REPORT_DIR="+s.Reports)
		program("log-service")
		program("dead-letter")
	}
	for _, program := range programs {
		if err := program.Start(); err != nil {
			return s, err
		}
		s.programs = append(s.programs, program)
	}
	return s, nil
}

func (s *Shop) createTopics(ctx context.Context) error {
	admin, err := s.admin(ctx)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, admin)
	_, err = kafka.ApplyTopics(ctx, admin, stream.AllTopics(s.prefix), nil)
	return err
}

// RemoveTopics deletes the shop's topics and groups, where they have a prefix that makes them its own.
// Close it first.
func (s *Shop) RemoveTopics(ctx context.Context) error {
	if s.prefix == "" {
		return nil
	}
	admin, err := s.admin(ctx)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, admin)
	var errs []error
	for _, topic := range stream.AllTopics(s.prefix) {
		// A deletion that outlasts its request on a busy broker goes on without it.
		if err := admin.DeleteTopic(topic.Name); !errors.Is(err, sarama.ErrRequestTimedOut) {
			errs = append(errs, err)
		}
	}
	for _, program := range s.programs {
		errs = append(errs, kafka.DeleteGroup(admin, s.prefix+program.Name))
	}
	return errors.Join(errs...)
}

// admin connects for changes to the cluster. Closing it closes its client.
func (s *Shop) admin(ctx context.Context) (sarama.ClusterAdmin, error) {
	client, err := s.Cluster.Dial(ctx, s.Cluster.AdminConfig("shoptest"), nil, func(error) {})
	if err != nil {
		return nil, err
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		client.Close()
	}
	return admin, err
}

// Programs are all of them.
func (s *Shop) Programs() []*Program { return s.programs }

// Kill is kill -9 of one; it is started again at once.
func (s *Shop) Kill(p *Program) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.Kill()
}

// Terminate stops one as Docker does, with SIGTERM, and fails where it does not end well; it is started
// again at once.
func (s *Shop) Terminate(p *Program) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.Stop()
}

// StartedAgain is how often a program was started again, whatever it had died of.
func (s *Shop) StartedAgain() (n int) {
	for _, program := range s.programs {
		n += program.Restarts()
	}
	return n
}

// Close stops the programs as SIGTERM does, and reports who did not end well.
func (s *Shop) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, program := range s.programs {
		errs = append(errs, program.Release())
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
		if err := wait.Sleep(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("the gateway does not listen: %w\n%s", err, s.Gateway.Output())
		}
	}
}

// Look reads what is there now.
func (s *Shop) Look(ctx context.Context, accounts []Account) (Evidence, error) {
	var topics []string
	for _, topic := range event.EcommerceTopics {
		topics = append(topics, s.prefix+topic)
	}
	client, err := s.Cluster.Dial(ctx, s.Cluster.Config("shoptest"), topics, func(error) {})
	if err != nil {
		return Evidence{}, err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	e, err := Collect(ctx, client, s.prefix, accounts)
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
		if err := wait.Sleep(ctx, 200*time.Millisecond); err != nil {
			return j, err
		}
	}
}

// AwaitDecisions waits until so many decisions are on their topics.
func (s *Shop) AwaitDecisions(ctx context.Context, want int, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	topics := []string{s.prefix + event.OrderApprovedTopic, s.prefix + event.OrderRejectedTopic}
	client, err := s.Cluster.Dial(ctx, s.Cluster.Config("shoptest"), topics, func(error) {})
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	var decided atomic.Int64
	count := func(*sarama.ConsumerMessage) error { decided.Add(1); return nil }
	reading, ctx := errgroup.WithContext(ctx)
	for _, topic := range topics {
		partitions, err := client.Partitions(topic)
		if err != nil {
			return err
		}
		for _, partition := range partitions {
			reading.Go(func() (err error) {
				for next := sarama.OffsetOldest; err == nil && int(decided.Load()) < want; {
					if next, err = kafka.ReadToEnd(ctx, client, topic, partition, next, sarama.ReadCommitted, count); err == nil {
						err = wait.Sleep(ctx, 10*time.Millisecond)
					}
				}
				return err
			})
		}
	}
	if err := reading.Wait(); err != nil && int(decided.Load()) < want {
		return fmt.Errorf("%d of %d orders were decided within %s: %w", decided.Load(), want, patience, err)
	}
	return nil
}
