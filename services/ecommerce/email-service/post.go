package emailservice

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
)

// smtpTimeout is how long a mail server may take to answer.
const smtpTimeout = 10 * time.Second

// implicitTLS is the port on which the connection is encrypted from its first byte on (RFC 8314).
const implicitTLS = 465

// idleFor is how long a session waits for another e-mail, unless a test says otherwise. Servers end those that wait for minutes.
const idleFor = time.Second

// post sends e-mails. To connect, greet and log in takes longer than to send one, so that sessions are used again. It is
// safe for concurrent use.
type post struct {
	client *mail.Client
	addr   string
	from   string
	idle   chan *session
	wait   time.Duration // of a session in idle
}

// session is a connection to the mail server that waits for the next e-mail.
type session struct {
	client *smtp.Client
	end    *time.Timer
}

func newPost(addr, from string, l login, more ...mail.Option) (*post, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("SMTP_ADDR: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("SMTP_ADDR: %w", err)
	}
	options := []mail.Option{
		mail.WithPort(number), mail.WithTimeout(smtpTimeout),
		mail.WithTLSConfig(&tls.Config{ServerName: host, RootCAs: l.roots, MinVersion: tls.VersionTLS12}),
		// A class's mail server has no certificate, so encryption is used where it is offered and not asked for.
		mail.WithTLSPolicy(mail.TLSOpportunistic),
	}
	if number == implicitTLS {
		options = append(options, mail.WithSSL())
	}
	switch ip := net.ParseIP(host); {
	case l.user == "":
	case host == "localhost" || ip != nil && ip.IsLoopback(): // nobody listens in between
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthPlainNoEnc))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory), mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover))
	}
	if l.user != "" {
		options = append(options, mail.WithUsername(l.user), mail.WithPassword(l.password))
	}
	client, err := mail.NewClient(host, append(options, more...)...)
	if err != nil {
		return nil, fmt.Errorf("mail client: %w", err)
	}
	return &post{client: client, addr: addr, from: from, idle: make(chan *session, 100), wait: idleFor}, nil
}

// send hands the e-mail to the mail server. An e-mail that it refuses for good (5xx), and a key that is no
// address, is stream.Rejected; a refusal that would meet every e-mail is a kafka.FatalError with its remedy;
// after any other error the e-mail may be sent again. Errors name no recipient, since they come into logs.
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
	err = p.deliver(ctx, msg)
	if msg.IsDelivered() { // the server has it; that it then breaks off is no reason to send again
		return nil
	}
	return p.outcome(err)
}

// deliver sends a message in an idle session, or in a new one. Each begins with a NOOP: an idle session that the server has
// ended meanwhile is found out before anything of the message was sent.
func (p *post) deliver(ctx context.Context, msg *mail.Msg) error {
	for {
		client, err := p.take(), error(nil)
		reused := client != nil
		if !reused {
			if client, err = p.client.DialToSMTPClientWithContext(ctx); err != nil {
				return fmt.Errorf("dial failed: %w", err)
			}
		}
		err = p.client.SendWithSMTPClient(client, msg)
		if err == nil {
			p.keep(client)
			return nil
		}
		p.client.CloseWithSMTPClient(client) // says goodbye, if it still can
		if failed, ok := errors.AsType[*mail.SendError](err); !reused || !ok || failed.Reason != mail.ErrConnCheck {
			return fmt.Errorf("send failed: %w", err)
		}
	}
}

// take returns an idle session, nil where there is none.
func (p *post) take() *smtp.Client {
	for {
		select {
		case s := <-p.idle:
			if s.end.Stop() {
				return s.client
			}
		default:
			return nil
		}
	}
}

// keep lets a session wait for another e-mail.
func (p *post) keep(client *smtp.Client) {
	s := &session{client: client}
	s.end = time.AfterFunc(p.wait, func() { p.client.CloseWithSMTPClient(client) })
	select {
	case p.idle <- s:
	default: // the timer ends it
	}
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

// outcome tells apart what the refusal is about, by the code of the answer and the command that it answers
// (RFC 5321, section 4.2.1; RFC 4954, section 6 for logins).
func (p *post) outcome(err error) error {
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*mail.SendError](err)
	if !ok {
		return p.unconnected(err)
	}
	code := failed.ErrorCode()
	switch {
	case loginRemedy(code) != "":
		return p.stop(code, loginRemedy(code))
	case code >= 500 && failed.Reason == mail.ErrSMTPMailFrom:
		return p.stop(code, fmt.Sprintf("it refuses the sender %s: set SMTP_FROM to an address that it accepts", p.from))
	case code >= 500 && aboutTheEmail(failed.Reason):
		return stream.Rejected(stream.ReasonRefused, "the mail server refuses it: %w", failed)
	case code > 0:
		return fmt.Errorf("the mail server answers %d for now", code)
	default:
		return fmt.Errorf("the mail server broke off: %s", failed.Reason)
	}
}

// unconnected is the outcome where no session began, which says nothing about the e-mail. A server that is
// away may come back; a certificate or a login does not mend itself.
func (p *post) unconnected(err error) error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		switch {
		case answer.Code < 500:
			return fmt.Errorf("the mail server answers %d for now", answer.Code)
		case loginRemedy(answer.Code) != "":
			return p.stop(answer.Code, loginRemedy(answer.Code))
		default: // without the answer's text: some servers repeat the command, and with it the password
			return p.stop(answer.Code, "it refuses the session; check SMTP_ADDR, SMTP_USER and the server's own log")
		}
	}
	if cause, ok := errors.AsType[x509.HostnameError](err); ok {
		return p.fatal(fmt.Sprintf("%v: SMTP_ADDR has to name the server as its certificate does", cause))
	}
	if cause, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return p.fatal(fmt.Sprintf("%v: the server needs a valid certificate, and this machine the right time", cause))
	}
	if cause, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return p.fatal(fmt.Sprintf("%v: a self-signed certificate, or that of a school or company, is trusted with SMTP_CA_FILE=FILE.pem",
			cause.Err))
	}
	// A handshake that a stop cuts short ends in context.Canceled itself, which is no net.Error.
	if _, network := errors.AsType[net.Error](err); network || errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("mail server: %w", err)
	}
	if _, garbled := errors.AsType[textproto.ProtocolError](err); garbled {
		return p.fatal("it does not speak SMTP, or expects TLS from the first byte on: check SMTP_ADDR and its port (587 STARTTLS, 465 TLS)")
	}
	if errors.Is(err, mail.ErrPlainAuthNotSupported) || errors.Is(err, mail.ErrNoSupportedAuthDiscovered) {
		return p.fatal("it offers no way to log in that can be used here (PLAIN on this machine): try its port 587 or 465 in SMTP_ADDR, or " +
			"leave SMTP_USER empty")
	}
	// go-mail's own: no STARTTLS or no logins, which we asked for, or no TLS on port 465.
	return p.fatal(fmt.Sprintf("%v: check SMTP_ADDR and its port (587 STARTTLS, 465 TLS; a password is sent only encrypted, except to this "+
		"machine), or leave SMTP_USER empty", err))
}

func (p *post) stop(code int, remedy string) error {
	return p.fatal(fmt.Sprintf("it answers %d: %s", code, remedy))
}

func (p *post) fatal(cause string) error {
	return &kafka.FatalError{Err: fmt.Errorf("mail server %s: %s", p.addr, cause)}
}

// loginRemedy says what to do about a code of RFC 4954, and is empty for any other.
func loginRemedy(code int) string {
	switch code {
	case 530:
		return "it wants a login: set SMTP_USER and SMTP_PASSWORD_FILE"
	case 535:
		return "it refuses the login: check SMTP_USER and the password in SMTP_PASSWORD_FILE"
	case 534, 538:
		return "it wants another way to log in, or an encrypted connection: try its port 587 or 465 in SMTP_ADDR"
	}
	return ""
}

func aboutTheEmail(reason mail.SendErrReason) bool {
	switch reason {
	case mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose:
		return true
	}
	return false
}
