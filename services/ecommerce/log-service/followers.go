package logservice

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

const (
	discovery = 2 * time.Second // between two looks for topics
	unseen    = 5 * discovery   // without an answer for this long we may miss a topic
)

// followers are one member of the group for each topic. A member with all of them would have to leave
// and to join anew for every topic that comes.
type followers struct {
	settings stream.Settings
	process  *service.Process
	client   sarama.Client // to look for topics
	shown    atomic.Uint64
	total    prometheus.Counter

	mu        sync.Mutex
	following map[string]*follower
	looked    time.Time // when the topics were last known; zero before
}

// follower is the member for one topic.
type follower struct {
	stop  context.CancelFunc
	group *group.Consumer // nil before it has dialed
}

// run follows the topics that there are, until ctx ends or a member cannot go on.
func (f *followers) run(ctx context.Context) error {
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error {
		failed := false
		for {
			topics, err := f.look(ctx)
			switch {
			case err == nil:
				f.adjust(ctx, running, topics)
			case !failed && ctx.Err() == nil:
				f.process.Log.Warn("cannot look for topics; trying again", "error", err)
			}
			failed = err != nil
			if err := wait.Sleep(ctx, discovery); err != nil {
				return nil
			}
		}
	})
	return running.Wait()
}

// look asks a broker for the topics, past what the client remembers.
func (f *followers) look(ctx context.Context) (map[string]bool, error) {
	broker := f.client.LeastLoadedBroker()
	if broker == nil {
		return nil, sarama.ErrOutOfBrokers
	}
	resp, err := kafka.Interruptible(ctx, func() (*sarama.MetadataResponse, error) {
		return broker.GetMetadata(sarama.NewMetadataRequest(f.client.Config().Version, nil))
	})
	if err != nil {
		broker.Close() // or the next look would use the same broken connection
		return nil, err
	}
	topics := map[string]bool{}
	for _, t := range resp.Topics {
		if strings.HasPrefix(t.Name, f.settings.Topic(event.EcommercePrefix)) {
			topics[t.Name] = true
		}
	}
	return topics, nil
}

// adjust begins with topics that are new and ends with those that are gone.
func (f *followers) adjust(ctx context.Context, running *errgroup.Group, topics map[string]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for topic := range topics {
		if f.following[topic] != nil {
			continue
		}
		member := f.settings.Member
		if !f.looked.IsZero() {
			member.Reset = sarama.OffsetOldest // its first messages came before us, and after our start
		}
		if member.InstanceID != "" {
			member.InstanceID += "-" + topic
		}
		life, stop := context.WithCancel(ctx)
		f.following[topic] = &follower{stop: stop}
		f.process.Log.Info("following", "topic", topic)
		running.Go(func() error {
			defer stop()
			return f.follow(life, ctx, topic, member)
		})
	}
	for topic, one := range f.following {
		if !topics[topic] {
			one.stop()
		}
	}
	f.looked = time.Now()
}

// follow prints a topic until life ends. Where the process goes on without it, because the topic is gone,
// what could not be committed is no error.
func (f *followers) follow(life, ctx context.Context, topic string, member kafka.Membership) error {
	err := f.consume(life, topic, member)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.following, topic) // if it comes again, it is a new one
	if life.Err() != nil && ctx.Err() == nil {
		f.process.Log.Info("the topic is gone", "topic", topic, "error", err)
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (f *followers) consume(ctx context.Context, topic string, member kafka.Membership) error {
	conf := f.settings.Config(f.process)
	// A client that asks for a topic that is gone cannot be stopped meanwhile; the member asks again by
	// itself.
	conf.Metadata.Retry.Max = 6
	conf.Consumer.Fetch.Min = stream.Unhurried
	member.Apply(conf)
	hooks := lines.Hooks(f.process)
	connect := f.settings.Cluster.MemberDialer(member, conf, []string{topic}, hooks.Waiting)
	client, err := connect(ctx)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	consumer := &group.Consumer{
		Client: client, Redial: connect, Member: member, Topic: topic, Hooks: hooks, CommitPace: stream.CommitPace, Handle: f.show,
		Assigned: func(given, lost, held []int32) {
			f.process.Log.Info("rebalance", "topic", topic, "given", given, "lost", lost, "held", held)
		},
	}
	f.mu.Lock()
	f.following[topic].group = consumer
	f.mu.Unlock()
	return consumer.Run(ctx)
}

// ready reports whether the topics are known and every one of them is read.
func (f *followers) ready() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if since := time.Since(f.looked); since > unseen {
		return errors.New("the topics are not known: no broker has told them lately")
	}
	for topic, one := range f.following {
		if one.group == nil {
			return fmt.Errorf("topic %s: connecting", topic)
		}
		if err := one.group.Ready(); err != nil {
			return fmt.Errorf("topic %s: %w", topic, err)
		}
	}
	return nil
}
