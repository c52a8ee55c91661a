package proof

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/mail"
	"slices"
	"sync"

	"github.com/emersion/go-smtp"
)

// Mailbox is a mail server on this machine that keeps what it is given.
type Mailbox struct {
	Addr   string
	server *smtp.Server
	mu     sync.Mutex
	mails  []Mail
}

// OpenMailbox listens on a free port of 127.0.0.1.
func OpenMailbox() (*Mailbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	m := &Mailbox{Addr: listener.Addr().String(), mails: []Mail{}}
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &letterbox{box: m}, nil }))
	m.server.Domain = "localhost"
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
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	msg, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		return &smtp.SMTPError{Code: 554, Message: "no e-mail"}
	}
	l.box.mu.Lock()
	defer l.box.mu.Unlock()
	for _, to := range l.to {
		l.box.mails = append(l.box.mails, Mail{To: to, MessageID: msg.Header.Get("Message-ID")})
	}
	return nil
}
