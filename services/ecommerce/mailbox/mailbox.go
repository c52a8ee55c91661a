// The mailbox is a mail server for the class: whatever is sent to it it shows, and delivers to nobody.
//
//	in:       SMTP on SMTP_LISTEN
//	delivery: none; an e-mail with a Message-ID that was there before is marked as the same
package mailbox

import (
	"context"
	"fmt"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/service"
)

// Main runs the mailbox, and exits.
func Main() {
	service.Main(service.About{
		Name:    "mailbox",
		Summary: "mailbox is a mail server that shows every e-mail it is given and delivers it to nobody.",
		Example: "  mailbox\n  email-service --smtp-addr 127.0.0.1:1025   sends to it",
	}, configure, run)
}

type config struct{ listen string }

func configure(env *service.Env) config {
	return config{listen: env.HostPort("SMTP_LISTEN", "127.0.0.1:1025", "where it listens")}
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	seen := map[shoptest.Mail]int{}
	box, err := shoptest.OpenMailbox(cfg.listen, func(m shoptest.Mail, text string) {
		note := ""
		if seen[m]++; seen[m] > 1 {
			note = service.Pick(p.Lang, " (o mesmo e-mail de novo)", " (the same e-mail again)")
		}
		p.Out.Print(fmt.Sprintf("------------------------------------------\nTo: %q\nMessage-ID: %q%s\n%q", m.To, m.MessageID, note, text))
	})
	if err != nil {
		return fmt.Errorf("%w: choose another address with SMTP_LISTEN", err)
	}
	p.Ops.ReadyWhen(func() error { return nil })
	p.Log.Info("listening", "smtp", box.Addr)
	<-ctx.Done()
	return box.Close()
}
