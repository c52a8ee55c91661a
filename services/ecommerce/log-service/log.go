// Log-service prints every message of the e-commerce system.
//
//	topic in:  every topic whose name begins with ECOMMERCE, also those created while it runs, in the
//	           group LogService
//	topic out: none: whatever comes can be printed, readable or not
//	delivery:  at-least-once: after a crash the last messages may be printed again
package logservice

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/metric"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Main runs the log-service, and exits.
func Main() {
	service.Main(service.About{
		Name:    "log-service",
		Summary: "log-service prints every message of every topic whose name begins with ECOMMERCE, also of those created later.",
		Example: "  log-service\n" +
			"  log-service --auto-offset-reset latest --consumer-group mine  only what comes from now on",
	}, configure, run)
}

func configure(env *service.Env) stream.Settings {
	return stream.SettingsFromEnv(env, "LogService", 1)
}

func run(ctx context.Context, settings stream.Settings, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", settings.Cluster.Brokers, "group", settings.Member.Group)
	conf := settings.Config(p)
	client, err := settings.Dial(ctx, conf, p) // no topic has to be there
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	f := &followers{
		settings: settings, process: p, client: client, following: map[string]*follower{},
		total: metric.MessagesRead(p.Ops.Registry),
	}
	p.Ops.ReadyWhen(f.ready)
	err = f.run(ctx)
	p.Out.Print(fmt.Sprintf(service.Pick(p.Lang, "fim: %d mensagens", "end: %d messages"), f.shown.Load()))
	return err
}

// block is one message on the screen, in one piece, as several topics are printed at once.
func block(msg *sarama.ConsumerMessage) string {
	return strings.Join([]string{
		stream.Separator,
		"LOG: " + msg.Topic,
		stream.Show(msg.Key),
		stream.Show(msg.Value),
		strconv.Itoa(int(msg.Partition)),
		strconv.FormatInt(msg.Offset, 10),
	}, "\n")
}

// show prints a claim's messages.
func (f *followers) show(ctx context.Context, claim *group.Claim) error {
	return stream.Each(ctx, f.process, claim, func(_ context.Context, msg *sarama.ConsumerMessage) error {
		fmt.Fprintln(f.process.Out, block(msg))
		if claim.Idle() { // before a commit they are flushed too
			f.process.Out.Flush()
		}
		f.shown.Add(1)
		f.total.Inc()
		return nil
	})
}
