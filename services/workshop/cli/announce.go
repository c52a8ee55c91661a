package cli

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/google/uuid"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
)

const (
	announceQueue   = 100             // steps that wait for a broker; those beyond are dropped
	announceTimeout = 2 * time.Second // of one request, and of the wait for the last steps
)

// announcer tells the class board what an experiment does. It must not disturb the experiment, and so it never waits for a broker, which
// may just have been killed, and never fails: what cannot be sent is not on the board. A nil announcer tells nobody.
type announcer struct {
	name, run string
	queue     chan event.ExperimentStep
	done      chan struct{}
	cancel    context.CancelFunc
}

// announce begins to tell of an experiment; nil where it has an embedded cluster of its own, which no board shows.
func announce(ctx context.Context, cluster kafka.Cluster, name string) *announcer {
	if len(cluster.Brokers) == 0 {
		return nil
	}
	a := &announcer{name: name, run: uuid.NewString(), queue: make(chan event.ExperimentStep, announceQueue), done: make(chan struct{})}
	// The verdict is told after a stop too.
	ctx, a.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(a.done)
		a.send(ctx, cluster)
	}()
	return a
}

// tell queues a step.
func (a *announcer) tell(step string, text service.Text) {
	if a == nil {
		return
	}
	s := event.ExperimentStep{Experiment: a.name, Run: a.run, Step: step, PT: text.PT, EN: text.EN, TimestampMS: time.Now().UnixMilli()}
	select {
	case a.queue <- s:
	default:
	}
}

// listen makes what the experiment says a strike too, except drawings.
func (a *announcer) listen(say func(service.Text)) func(service.Text) {
	return func(text service.Text) {
		say(text)
		if !isDrawing(text) {
			a.tell(event.Strikes, text)
		}
	}
}

// isDrawing reports whether a line is a drawing for the terminal: it is the same in both languages, or begins with a space.
func isDrawing(text service.Text) bool { return text.PT == text.EN || strings.HasPrefix(text.PT, " ") }

// end tells the verdict, and waits a moment until it is sent.
func (a *announcer) end(outcome experiment.Outcome, err error) {
	if a == nil {
		return
	}
	switch {
	case err != nil:
		a.tell(event.Ended, service.Text{PT: "sem veredito", EN: "no verdict"})
	default:
		step := event.Failed
		if outcome.Held() {
			step = event.Held
		}
		lines := func(lang service.Lang) string { return strings.Join(outcome.Lines(lang), "; ") }
		a.tell(step, service.Text{PT: lines(service.Portuguese), EN: lines(service.English)})
	}
	close(a.queue)
	select {
	case <-a.done:
	case <-time.After(announceTimeout):
	}
	a.cancel()
}

// send sends what is queued. Without the topic, or without a broker at the beginning, nothing is.
func (a *announcer) send(ctx context.Context, cluster kafka.Cluster) {
	conf := cluster.AdminConfig("workshop-announcer")
	conf.Net.DialTimeout, conf.Net.ReadTimeout, conf.Net.WriteTimeout = announceTimeout, announceTimeout, announceTimeout
	conf.Producer.Retry.Max = 3
	client, err := cluster.DialOnce(ctx, conf, event.ExperimentsTopic)
	if err != nil {
		return
	}
	defer client.Close()
	producer, err := sarama.NewSyncProducerFromClient(client)
	if err != nil {
		return
	}
	defer producer.Close()
	for s := range a.queue {
		if ctx.Err() != nil {
			return
		}
		value, err := json.Marshal(s)
		if err != nil {
			continue
		}
		producer.SendMessage(&sarama.ProducerMessage{ // an error is a step that is not on the board
			Topic: event.ExperimentsTopic, Key: sarama.StringEncoder(s.Run), Value: sarama.ByteEncoder(value),
		})
	}
}
