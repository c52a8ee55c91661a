package deadletter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// replayer is the command that sends letters back, in transactions that also move the offset of its group past them. So a letter goes
// back once, wherever the replay is interrupted.
type replayer struct {
	*session.Options
	topic      string
	limit      int64 // 0: all
	client     sarama.Client
	transactor *kafka.Transactor
	targets    []string // topics that exist

	batch      []*sarama.ConsumerMessage
	taken      int64
	sent, left int64 // left: messages that are no letters
	origins    *origins
}

// batchSize is the number of letters in a transaction: few enough that it soon ends, and enough that its overhead does not matter.
const batchSize = 100

func newReplayCommand(t *session.Tool) *cobra.Command {
	r := &replayer{}
	cmd := &cobra.Command{
		Use:   "replay TOPIC",
		Short: "Send dead letters back to the topic they came from, each once",
		Long: `replay sends each letter back to its topic (header dlq.topic): key, value and headers of the original, byte for byte,
and the count of attempts (dlq.attempt), which goes up when a consumer fails again. Where several services share the
topic of dead letters, a message that more than one of them has refused goes back once.

The messages and the position of the replay (group dlq-replay-TOPIC) are committed in one transaction: a replay that
is interrupted or killed goes on where it stopped, and repeats nothing. The letters stay in their topic; to replay
them again, «workshop groups reset dlq-replay-TOPIC --topic TOPIC --to earliest --execute».`,
		Example: `  workshop dlq replay transactions.dlq --max 1       try one first
  workshop dlq replay transactions.dlq
  workshop dlq replay ECOMMERCE_DEADLETTER           each letter to the topic that it came from`,
		Args: session.One("topic"),
	}
	r.Options = t.Bind(cmd, func(ctx context.Context, _ *session.Options, args []string) error {
		if r.limit < 0 {
			return service.UsageError("--max cannot be less than 0")
		}
		r.topic = args[0]
		r.Needs("Read", "topic", r.topic)
		r.Needs("Read", "group", replayGroup(r.topic))
		return r.run(ctx)
	})
	cmd.Flags().Int64Var(&r.limit, "max", 0, "how many letters at most (default: all that there are now)")
	session.NoDefault(cmd, "max")
	return cmd
}

func (r *replayer) run(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	defer wait.CloseWithin(wait.CloseTimeout, r.client)
	defer r.transactor.Close()
	spans, err := session.Ask(ctx, r.Options, func(ctx context.Context, s *session.Session) (map[offset.Place]offset.Span, error) {
		return r.spans(ctx, s)
	})
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	err = r.replay(ctx, spans)
	r.Say("%s sent back from %s", session.Count(r.sent, "letter"), r.topic)
	if r.origins != nil && r.origins.again > 0 {
		r.Note("%s of the same messages: refused by more than one service, and sent back once", session.Count(r.origins.again, "more letter"))
	}
	if r.left > 0 {
		r.Note("%s without a header dlq.topic stayed: written by no service of the workshop", session.Count(r.left, "message"))
	}
	if _, fenced := errors.AsType[*kafka.FencedError](err); fenced {
		return errors.New("replay: another replay of the topic has started, and goes on instead of this one")
	}
	if ctx.Err() != nil {
		return errors.New("replay: interrupted; run it again, it goes on behind the last letter that was sent")
	}
	if err != nil {
		return fmt.Errorf("replay: %w; run it again, it goes on behind the last letter that was sent", err)
	}
	return nil
}

// prepare checks the topic and takes the transactional id. From then on no earlier replay of the topic, such as one that hangs, can
// send or commit.
func (r *replayer) prepare(ctx context.Context) error {
	targets, err := session.Ask(ctx, r.Options, func(_ context.Context, s *session.Session) ([]string, error) {
		if err := isLetters(s, r.topic); err != nil {
			return nil, err
		}
		meta, err := s.Metadata()
		if err != nil {
			return nil, err
		}
		return session.TopicNames(meta), nil
	})
	if err != nil {
		return err
	}
	r.targets = targets
	if r.client, err = r.Dial(ctx, r.topic, func(conf *sarama.Config) {
		// A letter was a message of its topic; it must not be refused here already.
		conf.Producer.MaxMessageBytes = kafka.DefaultMaxMessageBytes + kafka.DeadLetterRoom
	}); err != nil {
		return err
	}
	cluster, err := r.Cluster()
	if err != nil {
		return err
	}
	id := kafka.Transactional{ID: replayGroup(r.topic), Timeout: 15 * time.Second}
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // an earlier transaction may have to end first
	defer cancel()
	r.transactor, err = cluster.NewTransactor(ctx, r.client, r.client.Config(), id, lines.Hooks(r.Process()))
	return err
}

// spans returns the letters that have not been replayed.
func (r *replayer) spans(ctx context.Context, s *session.Session) (map[offset.Place]offset.Span, error) {
	done, err := coordinator.StablyCommitted(ctx, s, replayGroup(r.topic))
	if err != nil {
		return nil, err
	}
	if r.origins, err = readOrigins(ctx, s, r.topic, done); err != nil {
		return nil, err
	}
	return letterSpans(ctx, s, r.topic, done)
}

func (r *replayer) replay(ctx context.Context, spans map[offset.Place]offset.Span) error {
	for _, p := range offset.SortedPlaces(spans) {
		err := offset.Read(ctx, r.client, p, spans[p], sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error { return r.take(ctx, msg) })
		if err != nil && !errors.Is(err, offset.ErrEnough) {
			return err
		}
		if err := r.send(ctx); err != nil { // the offset of a transaction is one partition's
			return err
		}
	}
	return nil
}

// take adds a letter to the batch, and sends the batch if it is full.
func (r *replayer) take(ctx context.Context, msg *sarama.ConsumerMessage) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r.limit > 0 && r.taken >= r.limit {
		return offset.ErrEnough
	}
	r.batch = append(r.batch, msg)
	r.taken++
	if len(r.batch) < batchSize {
		return nil
	}
	return r.send(ctx)
}

// send sends the batch, and commits the position behind it, in one transaction.
func (r *replayer) send(ctx context.Context) error {
	if len(r.batch) == 0 {
		return nil
	}
	batch := r.batch
	r.batch = nil
	sent, err := r.transact(ctx, batch)
	if err != nil {
		return errors.Join(err, r.transactor.Abort(ctx))
	}
	r.sent += int64(sent)
	return nil
}

func (r *replayer) transact(ctx context.Context, batch []*sarama.ConsumerMessage) (sent int, err error) {
	var back []*sarama.ProducerMessage
	left := 0
	for _, msg := range batch {
		message := replay(msg)
		if message == nil {
			left++
			continue
		}
		if r.origins.known(msg) {
			continue
		}
		if !slices.Contains(r.targets, message.Topic) {
			return 0, fmt.Errorf("the letter at offset %d came from topic %s, which does not exist: create it first", msg.Offset, message.Topic)
		}
		back = append(back, message)
	}
	if err := r.transactor.Begin(ctx); err != nil {
		return 0, err
	}
	for _, message := range back {
		if err := r.transactor.Send(ctx, message, history.Subject{}); err != nil {
			return 0, kafka.Denied(err, kafka.Right{Operation: "Write", Resource: "topic", Name: message.Topic})
		}
	}
	if err := r.transactor.AddOffsetAlone(replayGroup(r.topic), batch[len(batch)-1]); err != nil {
		return 0, err
	}
	if err := r.transactor.Commit(ctx); err != nil {
		return 0, err
	}
	r.left += int64(left)
	return len(back), nil
}
