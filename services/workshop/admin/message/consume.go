package message

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/kit/wait"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// consume is the command that prints messages.
type consume struct {
	*session.Options
	topic          string
	group          string
	partition      int32 // -1: all
	offset         string
	fromBeginning  bool
	toEnd, verbose bool
	max            int64         // 0: no limit
	idle           time.Duration // 0: no limit
	isolation      string
	isolationLevel sarama.IsolationLevel
	start          offset.Position
	last           int64 // of each partition, so many messages before the end; 0: start says where
	out            *messagePrinter
	partitionSet   bool
}

// NewConsumeCommand returns the command «workshop consume».
func NewConsumeCommand(t *session.Tool) *cobra.Command {
	c := &consume{}
	cmd := &cobra.Command{
		Use:   "consume TOPIC",
		Short: "Print a topic's messages as they come",
		Long: `consume prints each message's value on a line, from now on, until Ctrl-C. How many there were is said on standard
error. Order holds within a partition; messages of several come as they arrive.

With --group it is a member of that group: it shares the partitions with the other members, goes on where the group
had stopped, and commits what it has printed. Without, it reads for itself and leaves no trace.

TIME is the producer's, or the broker's in a topic with message.timestamp.type=LogAppendTime; --offset TIME searches by the
same time.

By default it reads what is committed (read_committed), as the workshop's services do; kafka-console-consumer shows
the messages of aborted transactions too.`,
		Example: `  workshop consume scoreGame
  workshop consume transactions --from-beginning --max 5 --verbose
  workshop consume transactions --partition 2 --offset 40 --to-end
  workshop consume transactions --partition 0 --offset -3 --max 3        the last three offsets of partition 0
  workshop consume transactions --from-beginning --timeout 2s | wc -l
  workshop consume transactions --group mine --from-beginning
  workshop consume transactions.dlq --from-beginning --to-end -o json | jq .headers`,
		Args: session.One("topic"),
	}
	session.BootstrapFlag(cmd)
	c.Options = t.BindLasting(cmd, func(ctx context.Context, _ *session.Options, args []string) error {
		c.topic = args[0]
		c.partitionSet = cmd.Flags().Changed("partition")
		if cmd.Flags().Changed("group") && c.group == "" {
			return service.UsageError("--group is empty: is a variable not set? Without --group it reads for itself")
		}
		return c.run(ctx)
	})
	flags := cmd.Flags()
	flags.BoolVar(&c.fromBeginning, "from-beginning", false, "begin with the oldest message; a group only where it has no offset yet")
	flags.StringVar(&c.group, "group", "", "read as a member of this consumer group, and commit")
	flags.Int32Var(&c.partition, "partition", -1, "only this partition")
	flags.StringVar(&c.offset, "offset", "",
		"where to begin: earliest, latest, a time such as 2026-05-04T09:30:00-03:00;\nwith --partition also an offset, or -3 for the last three")
	flags.Int64Var(&c.max, "max", 0, "stop after so many messages")
	flags.DurationVar(&c.idle, "timeout", 0, "stop when no message came for this long")
	flags.BoolVar(&c.toEnd, "to-end", false, "stop at the end that the topic has now")
	flags.StringVar(&c.isolation, "isolation", "read_committed", "read_committed or read_uncommitted")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "partition, offset, time, key and headers too")
	c.LinesFlag(cmd, "an object a line")
	session.Choices(cmd, "isolation", "read_committed", "read_uncommitted")
	session.NoDefault(cmd, "max", "timeout", "partition")
	cmd.MarkFlagsMutuallyExclusive("from-beginning", "offset")
	for _, name := range []string{"partition", "offset", "to-end"} {
		cmd.MarkFlagsMutuallyExclusive("group", name)
	}
	return cmd
}

// check parses the flags.
func (c *consume) check() error {
	switch c.isolation {
	case "read_committed":
		c.isolationLevel = sarama.ReadCommitted
	case "read_uncommitted":
		c.isolationLevel = sarama.ReadUncommitted
	default:
		return service.UsageError(fmt.Sprintf("--isolation %q: accepted: read_committed, read_uncommitted", c.isolation))
	}
	if c.max < 0 || c.idle < 0 || c.partitionSet && c.partition < 0 {
		return service.UsageError("--max, --timeout and --partition cannot be less than 0")
	}
	c.start = offset.Position{At: sarama.OffsetNewest}
	if c.fromBeginning {
		c.start.At = sarama.OffsetOldest
	}
	if c.offset == "" {
		return nil
	}
	var ok bool
	if c.start, ok = offset.ParsePosition(c.offset); !ok && strings.HasPrefix(c.offset, "-") {
		n, err := strconv.ParseInt(c.offset[1:], 10, 64)
		c.last, ok = n, err == nil && n > 0
	}
	if !ok {
		return service.UsageError(fmt.Sprintf("--offset %q: accepted: %s, or -3 for the last three", c.offset, offset.PositionSyntax))
	}
	if (c.start.IsExact || c.last > 0) && !c.partitionSet {
		return service.UsageError(fmt.Sprintf("--offset %s: an offset belongs to a partition: give --partition too", c.offset))
	}
	return nil
}

func (c *consume) run(ctx context.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	c.Needs("Read", "topic", c.topic)
	c.Needs("Read", "group", c.group)
	spans, err := session.Ask(ctx, c.Options, func(ctx context.Context, s *session.Session) (map[offset.Place]offset.Span, error) {
		return c.spans(ctx, s)
	})
	if err != nil {
		return fmt.Errorf("consume %s: %w", c.topic, err)
	}
	client, err := c.Dial(ctx, c.topic, func(conf *sarama.Config) {
		conf.Consumer.IsolationLevel = c.isolationLevel
		if c.group != "" { // others have their spans
			conf.Consumer.Offsets.Initial = c.start.At
		}
	})
	if err != nil {
		return fmt.Errorf("consume %s: %w", c.topic, err)
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	c.out = newMessagePrinter(c.Stdout, c.Output == "json", c.verbose, c.max)
	switch {
	case c.group != "":
		err = c.asMember(ctx, client)
	case c.toEnd:
		err = c.toTheEnd(ctx, client, spans)
	default:
		err = c.follow(ctx, client, spans)
	}
	if ferr := c.out.flush(); err == nil {
		err = ferr
	}
	if errors.Is(err, offset.ErrEnough) {
		err = nil
	}
	c.Note("%s", session.Count(c.out.printed(), "message"))
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("consume %s: %w", c.topic, err)
	}
	return nil
}

// spans returns where to read each partition, up to its present end.
func (c *consume) spans(ctx context.Context, s *session.Session) (map[offset.Place]offset.Span, error) {
	which := offset.Chosen{Topic: c.topic}
	if c.partitionSet {
		which.Partitions = []int32{c.partition}
	}
	logs, err := offset.ChosenBounds(ctx, s, which)
	if err != nil {
		return nil, err
	}
	starts, err := offset.Resolve(ctx, s, c.start, logs)
	if err != nil {
		return nil, err
	}
	spans := map[offset.Place]offset.Span{}
	for _, p := range offset.SortedPlaces(logs) {
		log, from := logs[p], starts[p]
		if c.last > 0 {
			from = max(log.Start, log.End-c.last)
		}
		if from < log.Start || from > log.End {
			return nil, fmt.Errorf("partition %d has no offset %d: its log begins with %d, and the next message will be %d",
				p.Partition, from, log.Start, log.End)
		}
		end := log.End
		if c.isolationLevel == sarama.ReadCommitted {
			end = log.Stable // what is behind is not decided yet
		}
		spans[p] = offset.Span{From: from, To: end}
	}
	return spans, nil
}
