// Email-new-order turns every new order into the command to send an e-mail.
//
//	topic in:  ECOMMERCE_NEW_ORDER, in the group EmailNewOrderService
//	topic out: ECOMMERCE_SEND_EMAIL, the text; ECOMMERCE_DEADLETTER, for messages that cannot be read
//	key:       the order's e-mail address: e-mails to one address stay in their order
//	delivery:  at-least-once: a command may be sent twice, and those behind one that could not be sent are,
//	           but the header idempotency-key names the order, so that both become the same e-mail
package emailneworder

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/service"
)

// Main runs the email-new-order, and exits.
func Main() {
	service.Main(service.About{
		Name:    "email-new-order",
		Summary: "email-new-order turns every new order into the command to send an e-mail.",
		Example: "  email-new-order\n" +
			"  email-new-order --bootstrap-servers localhost:9092",
	}, configure, run)
}

func configure(env *service.Env) stream.Settings {
	return stream.SettingsFromEnv(env, "EmailNewOrderService", 1)
}

func run(ctx context.Context, settings stream.Settings, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", settings.Cluster.Brokers, "group", settings.Member.Group)
	sender, err := settings.NewSender(ctx, p, event.SendEmailTopic)
	if err != nil {
		return err
	}
	defer sender.Close()
	return settings.ConsumeBatches(ctx, p, event.NewOrderTopic, func(ctx context.Context, orders []stream.Received) (done int, err error) {
		var commands []*sarama.ProducerMessage
		var bad error // of the order behind them
		for _, r := range orders {
			var command *sarama.ProducerMessage
			if command, bad = commandFor(settings, r); bad != nil {
				break
			}
			fmt.Fprintln(p.Out, stream.Separator+"\nProcessing new order, preparing email\n"+stream.Show(r.Record.Value))
			commands = append(commands, command)
		}
		p.Out.Flush()
		// Together: a request costs the brokers as much for one command as for hundreds.
		for _, err := range sender.PublishAll(ctx, commands) {
			if err != nil {
				return done, err // those behind it may have been sent, and are sent again
			}
			done++
		}
		return done, bad
	})
}

// commandFor is the command to send the e-mail about an order.
func commandFor(settings stream.Settings, r stream.Received) (*sarama.ProducerMessage, error) {
	order, err := r.Order()
	if err != nil {
		return nil, err
	}
	key := stream.OrderName(order, r.Record)
	if order.ID == "" { // a recreated topic has the same places again, and a mailbox remembers for longer
		key += " " + string(r.CorrelationID)
	}
	command, err := settings.Message(event.SendEmailTopic, order.Email, r.CorrelationID.ContinueWith("EmailNewOrderService"), emailText)
	if err != nil {
		return nil, err
	}
	command.Headers = []sarama.RecordHeader{{Key: []byte(stream.IdempotencyKey), Value: []byte(key)}}
	r.Span.Inject(command)
	return command, nil
}

const emailText = "Thank you for your order! We are processing your order!"
