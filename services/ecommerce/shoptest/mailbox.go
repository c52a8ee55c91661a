package shoptest

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
)

// Mailbox is a mail server that keeps what it is given.
type Mailbox struct {
	Addr   string
	server *smtp.Server
	taken  func(m Mail, text string)

	mu    sync.Mutex
	mails []Mail
}

// OpenMailbox listens on addr; "127.0.0.1:0" is any free port. Taken, where it is not nil, is told of each
// e-mail and its text, one after the other.
func OpenMailbox(addr string, taken func(m Mail, text string)) (*Mailbox, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	if taken == nil {
		taken = func(Mail, string) {}
	}
	m := &Mailbox{Addr: listener.Addr().String(), mails: []Mail{}, taken: taken}
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &letterbox{box: m}, nil }))
	m.server.Domain = "localhost"
	m.server.ErrorLog = log.New(io.Discard, "", 0) // a client that is killed is no mistake of ours
	m.server.MaxMessageBytes = 1 << 20
	go m.server.Serve(listener)
	return m, nil
}

// Mails are the e-mails so far, repeated ones too.
func (m *Mailbox) Mails() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.mails)
}

// Close ends the server.
func (m *Mailbox) Close() error { return m.server.Close() }

// letterbox is one connection's e-mail.
type letterbox struct {
	box *Mailbox
	to  []string
}

func (l *letterbox) Mail(string, *smtp.MailOptions) error { l.to = nil; return nil }
func (l *letterbox) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.to = append(l.to, to)
	return nil
}
func (l *letterbox) Reset()        { l.to = nil }
func (l *letterbox) Logout() error { return nil }

func (l *letterbox) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return &smtp.SMTPError{Code: 554, Message: "no e-mail"}
	}
	text, err := io.ReadAll(msg.Body)
	if err != nil {
		return err
	}
	l.box.mu.Lock()
	defer l.box.mu.Unlock()
	for _, to := range l.to {
		m := Mail{To: to, MessageID: msg.Header.Get("Message-ID")}
		l.box.mails = append(l.box.mails, m)
		l.box.taken(m, strings.TrimSpace(string(text)))
	}
	return nil
}
