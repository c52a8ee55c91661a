package group

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
)

// silence is how long a coordinator may not answer: longer than its death and the choice of its successor.
const silence = 15 * time.Second

func (g *Consumer) setJoined(joined bool) {
	g.joined = joined
	if joined {
		g.inSession, g.answered, g.refusal = true, time.Now(), nil
	}
}

// leaveSession notes that sarama's Consume has returned.
func (g *Consumer) leaveSession() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.joined, g.inSession = false, false
}

// silent reports whether a session, or its end, hangs on a coordinator that does not answer.
func (g *Consumer) silent() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inSession && time.Since(g.answered) > g.silence
}

// Ready reports whether the member is in a session of the group and the coordinator answers. Sarama
// keeps a session for as long as it can still hope to reach a coordinator: for hours.
func (g *Consumer) Ready() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.joined {
		return fmt.Errorf("not a member of group %s at the moment", g.Member.Group)
	}
	if since := time.Since(g.answered); since > g.silence {
		return fmt.Errorf("the coordinator of group %s has not answered for %s", g.Member.Group, since.Round(time.Second))
	}
	return nil
}

// keepContact asks the coordinator for a sign of life until the session ends: a heartbeat besides
// sarama's own, of which nobody hears.
func (g *Consumer) keepContact(session sarama.ConsumerGroupSession) {
	client := g.client()
	req := &sarama.HeartbeatRequest{Version: 4, GroupId: g.Member.Group, MemberId: session.MemberID(), GenerationId: session.GenerationID()}
	if g.Member.InstanceID != "" {
		req.GroupInstanceId = &g.Member.InstanceID
	}
	for wait.Sleep(session.Context(), g.silence/5) == nil {
		coordinator, err := client.Coordinator(g.Member.Group)
		if err != nil {
			continue
		}
		resp, err := coordinator.Heartbeat(req)
		if err == nil && slices.Contains([]sarama.KError{sarama.ErrNoError, sarama.ErrRebalanceInProgress}, resp.Err) {
			g.mu.Lock()
			g.answered = time.Now()
			g.mu.Unlock()
		}
	}
}

const patience = 2 * time.Second // a member waits this long without a word

// ErrJoining is the cause of a wait for the group: it has not handed out its partitions, though its coordinator answers.
var ErrJoining = errors.New("the group has not handed out its partitions yet")

// explainWaits reports why nothing happens while the member is in no session.
func (g *Consumer) explainWaits(ctx context.Context) {
	left, said := time.Now(), time.Time{}
	for wait.Sleep(ctx, patience/8) == nil {
		if g.isJoined() {
			left, said = time.Now(), time.Time{}
			continue
		}
		if time.Since(left) < patience || time.Since(said) < kafka.WaitingRepeat {
			continue
		}
		said = time.Now()
		if cause := g.waitCause(ctx); ctx.Err() == nil && !g.isJoined() {
			g.Hooks.Waiting(cause)
		}
	}
}

// waitCause returns what is missing: a coordinator, or the word of one that waits for a dead member,
// whose session nothing but its time-out ends. It asks with a client of its own, as the group's waits
// for that very word.
//
// Where the coordinator has said why it does not take the member in, that is the cause.
func (g *Consumer) waitCause(ctx context.Context) error {
	if cause := g.knownCause(); cause != nil {
		return cause
	}
	client := g.client()
	var brokers []string
	for _, b := range client.Brokers() {
		brokers = append(brokers, b.Addr())
	}
	conf := *client.Config()
	conf.Metadata.Retry.Max = 0
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	probe, err := kafka.Interruptible(ctx, func() (sarama.Client, error) {
		probe, err := sarama.NewClient(brokers, &conf)
		if err != nil {
			return nil, err
		}
		if _, err := probe.Coordinator(g.Member.Group); err != nil {
			probe.Close()
			return nil, err
		}
		return probe, nil
	})
	if err == nil {
		probe.Close()
		return ErrJoining
	}
	return &kafka.NoCoordinatorError{Group: g.Member.Group}
}

// knownCause is why the member waits, as far as it knows by itself, or nil.
func (g *Consumer) knownCause() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.nameHeld:
		return &NameTakenError{g.Member.Group, g.Member.InstanceID}
	case g.refusal != nil:
		return g.refusal.RefusedError
	default:
		return nil
	}
}

func (g *Consumer) isJoined() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.joined
}
