package main

import (
	"bytes"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// mailServer is a real SMTP server of the test's own.
type mailServer struct {
	mu     sync.Mutex
	mails  []received
	answer func(to string) *smtp.SMTPError // nil, or what is answered to RCPT
}

type received struct {
	from string
	to   []string
	text string // the body
	mail.Header
}

// listenMail starts the server on addr, or on a free port of 127.0.0.1.
func listenMail(t *testing.T, addr string) (*mailServer, string) {
	t.Helper()
	m := &mailServer{}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{server: m}, nil }))
	server.Domain = "localhost"
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(ln)
	t.Cleanup(func() { server.Close() })
	return m, ln.Addr().String()
}

func (m *mailServer) all() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.mails...)
}

// answerWith sets what is answered to a recipient; nil accepts all.
func (m *mailServer) answerWith(answer func(to string) *smtp.SMTPError) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = answer
}

type mailSession struct {
	server *mailServer
	from   string
	to     []string
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.answer != nil {
		if refusal := s.server.answer(to); refusal != nil {
			return refusal
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(msg.Body)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, received{s.from, s.to, strings.TrimSpace(string(body)), msg.Header})
	return nil
}

func (s *mailSession) Reset()        { s.from, s.to = "", nil }
func (s *mailSession) Logout() error { return nil }
