package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
)

// smtpTimeout is how long a mail server may take to answer.
const smtpTimeout = 10 * time.Second

// post sends e-mails, a connection each. It is safe for concurrent use.
type post struct {
	client *mail.Client
	from   string
}

func newPost(addr, from string) (*post, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("SMTP_ADDR: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("SMTP_ADDR: %w", err)
	}
	// A class's mail server has no certificate, so encryption is used where it is offered and not asked for.
	client, err := mail.NewClient(host, mail.WithPort(number), mail.WithTLSPolicy(mail.TLSOpportunistic), mail.WithTimeout(smtpTimeout))
	if err != nil {
		return nil, fmt.Errorf("mail client: %w", err)
	}
	return &post{client: client, from: from}, nil
}

// send hands the e-mail to the mail server. What that refuses for good (5xx), and an address that is none,
// is stream.Rejected; after any other error it may be sent again. Those name no address, since they come
// into logs.
func (p *post) send(ctx context.Context, r stream.Received, text, subject string) error {
	to, err := recipient(string(r.Record.Key))
	if err != nil {
		return err
	}
	msg := mail.NewMsg()
	if err := msg.From(p.from); err != nil {
		return fmt.Errorf("SMTP_FROM: %w", err)
	}
	msg.ToMailAddress(to)
	msg.Subject(subject)
	msg.SetMessageIDWithValue(messageID(r, p.from))
	msg.SetBodyString(mail.TypeTextPlain, text)
	err = p.client.DialAndSendWithContext(ctx, msg)
	if msg.IsDelivered() { // the server has it; that it then failed to say goodbye is no reason to send again
		return nil
	}
	return outcome(err)
}

// recipient reads the key as one bare address. Nothing else may get into a header or a command of SMTP: no
// line end, no second recipient, no name.
func recipient(key string) (*netmail.Address, error) {
	address, err := netmail.ParseAddress(key)
	if err != nil || address.Name != "" || address.Address != key || strings.ContainsFunc(key, notInAddress) {
		return nil, stream.Rejected(event.ReasonInvalidValue, "the key is not one e-mail address")
	}
	return address, nil
}

func notInAddress(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>"(),;:\`, r) }

// messageID is the same for whatever is the same e-mail: another try, and the command sent again. It is a
// hash because neither the key nor the id was made for a header.
func messageID(r stream.Received, from string) string {
	name := fmt.Sprintf("place %s %d %d", r.Record.Topic, r.Record.Partition, r.Record.Offset)
	if r.CorrelationID != "" {
		name = "way " + string(r.CorrelationID)
	}
	if key := r.Header(stream.IdempotencyKey); key != "" {
		name = "key " + key
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16]) + from[strings.LastIndexByte(from, '@'):]
}

// outcome tells a refusal of this e-mail from a server that may do better later.
func outcome(err error) error {
	failed, ok := errors.AsType[*mail.SendError](err)
	switch {
	case err == nil:
		return nil
	case !ok: // not even connected, and so nothing about this e-mail
		return fmt.Errorf("mail server: %w", err)
	case failed.ErrorCode() >= 500 && aboutTheEmail(failed.Reason):
		return stream.Rejected(stream.ReasonRefused, "the mail server refuses it: %w", failed)
	case failed.ErrorCode() > 0:
		return fmt.Errorf("the mail server answers %d for now", failed.ErrorCode())
	default:
		return fmt.Errorf("the mail server broke off: %s", failed.Reason)
	}
}

func aboutTheEmail(reason mail.SendErrReason) bool {
	switch reason {
	case mail.ErrSMTPMailFrom, mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose:
		return true
	}
	return false
}
