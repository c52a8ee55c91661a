package emailservice

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailServer is a real SMTP server of the test's own.
type mailServer struct {
	mu     sync.Mutex
	mails  []received
	answer func(to string) *smtp.SMTPError // nil, or what is answered to RCPT
	sender *smtp.SMTPError                 // nil, or what is answered to MAIL
	logins []string                        // USER:PASSWORD, and whether the connection was encrypted
	begun  int                             // sessions
	ended  int
	conns  []*smtp.Conn
}

// password is the only one that the server accepts.
const password = "s3cret of the test"

type received struct {
	from string
	to   []string
	text string // the body
	mail.Header
}

// listenMail starts the server on addr, or on a free port of 127.0.0.1.
func listenMail(t *testing.T, addr string, more ...func(*smtp.Server)) (*mailServer, string) {
	t.Helper()
	m := &mailServer{}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		session := &mailSession{server: m}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.begun++
		m.conns = append(m.conns, c)
		if !c.Server().AllowInsecureAuth && c.Server().TLSConfig == nil {
			return session, nil // without logins
		}
		return &loginSession{session, c}, nil
	}))
	for _, set := range more {
		set(server)
	}
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

// sessions are how many have begun, and ended.
func (m *mailServer) sessions() (begun, ended int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.begun, m.ended
}

// hangUp ends every session, as a server does with those that wait for long.
func (m *mailServer) hangUp() {
	m.mu.Lock()
	conns := m.conns
	m.conns = nil
	m.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
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

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.from = from
	if s.server.sender != nil {
		return s.server.sender
	}
	return nil
}

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

func (s *mailSession) Reset() { s.from, s.to = "", nil }

func (s *mailSession) Logout() error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.ended++
	return nil
}

// loginSession is a session of a server that knows logins.
type loginSession struct {
	*mailSession
	conn *smtp.Conn
}

func (s *loginSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *loginSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, given string) error {
		_, encrypted := s.conn.TLSConnectionState()
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.logins = append(s.server.logins, fmt.Sprintf("%s:%s encrypted %t", user, given, encrypted))
		if given != password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "bad credentials for " + user}
		}
		return nil
	}), nil
}
