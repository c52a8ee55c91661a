// Email-service sends the e-mails: to the screen alone, or with SMTP_ADDR to a mail server.
//
//	topic in:  ECOMMERCE_SEND_EMAIL, in the group EmailService, five members of it in one process
//	topic out: ECOMMERCE_DEADLETTER, for what cannot be read and what the mail server refuses for good
//	key:       the e-mail address
//	delivery:  at-least-once: no transaction spans Kafka and a mail server, so an e-mail may be sent
//	           twice; both have one Message-ID, by which mailboxes know them for the same
//	refusals:  4xx is waited out; 5xx about the recipient or the text is a dead letter; 5xx about the
//	           session (sender, password, encryption) ends the program, as it meets every e-mail: post.go
package emailservice

import (
	"context"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Main runs the email-service, and exits.
func Main() {
	service.Main(service.About{
		Name: "email-service",
		Summary: "email-service sends the e-mails that are asked for, five at a time. It prints each; with SMTP_ADDR it really sends\n" +
			"them, encrypted where the server offers it (STARTTLS; on port 465 from the first byte on).",
		Example: "  email-service\n" +
			"  email-service --work 1s --workers 3         each e-mail takes a second longer\n" +
			"  email-service --smtp-addr localhost:1025    to a mail server for tests, such as Mailpit\n" +
			"  email-service --smtp-addr smtp.example.com:587 --smtp-from shop@example.com --smtp-user shop --smtp-password-file password.txt",
	}, configure, run)
}

type config struct {
	stream stream.Settings
	smtp   string // host:port; empty: nothing is sent
	login  login
	from   string
	work   time.Duration
}

// maxWork leaves room for the mail server before group.HandleTimeout.
const maxWork = time.Minute

func configure(env *service.Env) config {
	cfg := config{
		stream: stream.SettingsFromEnv(env, "EmailService", 5),
		from:   env.Text("SMTP_FROM", "workshop@localhost", "an e-mail address", "the sender"),
		work:   env.Duration("WORK", 0, "how much longer each e-mail takes, for a look at several workers"),
	}
	if cfg.work > maxWork {
		env.Fail("WORK", fmt.Sprintf("accepted: up to %s: a worker that takes much longer for a message is given up", maxWork))
	}
	const help = "mail server that really sends them; none: they are only printed"
	if addr := env.Text("SMTP_ADDR", "", "host:port", help); addr != "" {
		if list, err := service.SplitHostPorts(addr); err != nil || len(list) != 1 {
			env.Fail("SMTP_ADDR", "not one host:port")
		}
		cfg.smtp = addr
	}
	cfg.login = loginFromEnv(env, cfg.smtp)
	if address, err := mail.ParseAddress(cfg.from); err != nil || address.Address != cfg.from {
		env.Fail("SMTP_FROM", "not an e-mail address alone, such as shop@example.com")
	}
	return cfg
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.stream.Cluster.Brokers, "group", cfg.stream.Member.Group, "smtp",
		cfg.smtp)
	var post *post // nil: only printed
	if cfg.smtp != "" {
		var err error
		if post, err = newPost(cfg.smtp, cfg.from, cfg.login); err != nil {
			return err
		}
	}
	return cfg.stream.Consume(ctx, p, event.SendEmailTopic, func(ctx context.Context, r stream.Received) error {
		text, err := r.Text()
		if err != nil {
			return err
		}
		// The Java program sleeps here, as a slow mail server would. A stop does not wait for it.
		if err := wait.Sleep(ctx, cfg.work); err != nil {
			return err
		}
		if post != nil {
			span := r.Span.Child("e-mail")
			err := post.send(ctx, r, text, service.Pick(p.Lang, "O seu pedido", "Your order"))
			span.End(err)
			if err != nil {
				return err
			}
		}
		p.Out.Print(block(p.Lang, r)) // in one piece: five workers print at once
		return nil
	})
}

func block(lang service.Lang, r stream.Received) string {
	return strings.Join([]string{
		stream.Separator,
		"Send email",
		fmt.Sprintf(service.Pick(lang, "trabalhador %d", "worker %d"), r.Worker),
		stream.Show(r.Record.Key),
		stream.Show(r.Record.Value),
		strconv.Itoa(int(r.Record.Partition)),
		strconv.FormatInt(r.Record.Offset, 10),
		"Email sent",
	}, "\n")
}
