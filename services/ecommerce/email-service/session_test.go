package emailservice

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/wneessen/go-mail"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// listenScript answers each command with the line for its first word, %s in it being the whole command, and
// any other command with 250. It does what no library's server does.
func listenScript(t *testing.T, script map[string]string) string {
	t.Helper()
	return kafkatest.Listen(t, func(conn net.Conn) { playScript(conn, script) })
}

func playScript(conn net.Conn, script map[string]string) {
	defer conn.Close()
	greeting := script["greeting"]
	if greeting == "" {
		greeting = "220 ready"
	}
	fmt.Fprintf(conn, "%s\r\n", greeting)
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		word, _, _ := strings.Cut(lines.Text(), " ")
		answer := script[word]
		if answer == "" {
			answer = "250 ok"
		}
		fmt.Fprintf(conn, "%s\r\n", strings.ReplaceAll(answer, "%s", lines.Text()))
	}
}

// Answers before the first e-mail are about the session: 4xx waits, anything else stops with a remedy. The
// password is in no error, even where the server repeats the command that had it.
func TestAnswersToTheSession(t *testing.T) {
	const ehlo, secret = "250-localhost\r\n250 AUTH PLAIN", "s3cret"
	sent := base64.StdEncoding.EncodeToString([]byte("\x00shop\x00" + secret))
	for name, c := range map[string]struct {
		script map[string]string
		stops  bool
		want   string
	}{
		"busy":                     {map[string]string{"greeting": "421 too many connections"}, false, "421 for now"},
		"no service":               {map[string]string{"greeting": "554 no SMTP service here"}, true, "it answers 554"},
		"no SMTP":                  {map[string]string{"greeting": "HTTP/1.1 400 Bad Request"}, true, "does not speak SMTP"},
		"STARTTLS later":           {map[string]string{"EHLO": "250-localhost\r\n250 STARTTLS", "STARTTLS": "454 not now"}, false, "454 for now"},
		"logins later":             {map[string]string{"EHLO": ehlo, "AUTH": "454 not now: %s"}, false, "454 for now"},
		"login refused":            {map[string]string{"EHLO": ehlo, "AUTH": "535 no: %s"}, true, "SMTP_PASSWORD_FILE"},
		"the command is repeated":  {map[string]string{"EHLO": ehlo, "AUTH": "500 unrecognized: %s"}, true, "it answers 500"},
		"another way to log in":    {map[string]string{"EHLO": "250-localhost\r\n250 AUTH LOGIN"}, true, "offers no way to log in"},
		"no logins":                {map[string]string{"EHLO": "250 localhost"}, true, "leave SMTP_USER empty"},
		"the text is refused":      {map[string]string{"EHLO": ehlo, "AUTH": "235 ok", "DATA": "554 no"}, false, "refuses it"},
		"the text has to wait":     {map[string]string{"EHLO": ehlo, "AUTH": "235 ok", "DATA": "451 later"}, false, "451 for now"},
		"the server shuts down":    {map[string]string{"EHLO": ehlo, "AUTH": "235 ok", "RCPT": "421 bye"}, false, "421 for now"},
		"login wanted at the text": {map[string]string{"EHLO": ehlo, "AUTH": "235 ok", "DATA": "530 log in"}, true, "SMTP_USER"},
	} {
		t.Run(name, func(t *testing.T) {
			err := sendOne(t, listenScript(t, c.script), login{user: "shop", password: secret})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if _, stops := errors.AsType[*kafka.FatalError](err); stops != c.stops {
				t.Errorf("stops %t, want %t: %v", stops, c.stops, err)
			}
			if _, letter := errors.AsType[*event.Malformed](err); letter != (name == "the text is refused") {
				t.Errorf("a dead letter: %t: %v", letter, err)
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), sent) {
				t.Errorf("the error has the password: %v", err)
			}
		})
	}
}

// A stop while the connection is made is no fault of the settings, and does not end the program as one.
func TestStoppedWhileConnecting(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	p, err := newPost(ln.Addr().String(), "loja@curso.example", login{}, mail.WithSSL()) // as on port 465
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		if conn, err := ln.Accept(); err == nil { // and it answers nothing
			defer conn.Close()
			conn.Read(make([]byte, 1)) // the handshake has begun
			stop()
			<-t.Context().Done()
		}
	}()
	err = p.send(ctx, toAna, text, "Your order")
	if _, ended := errors.AsType[*kafka.FatalError](err); ended || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the end of the context, and no FatalError", err)
	}
}

// E-mails share a session. One that the server has ended meanwhile is replaced, and the e-mail comes once; one that waits for long is
// ended by us.
func TestSessionIsUsedAgain(t *testing.T) {
	t.Parallel()
	for _, impatient := range []bool{false, true} {
		m, addr := listenMail(t, "127.0.0.1:0")
		p, err := newPost(addr, "loja@curso.example", login{})
		if err != nil {
			t.Fatal(err)
		}
		p.wait *= 5 // a busy machine may take more than a second for the next
		const emails = 3
		for n := range emails {
			if err := p.send(t.Context(), toAna, text, "Your order"); err != nil {
				t.Fatal(err)
			}
			if impatient {
				m.hangUp()
				kafkatest.Eventually(t, "the server has ended the session", func() bool { _, ended := m.sessions(); return ended == n+1 })
			}
		}
		want := 1
		if impatient {
			want = emails
		}
		if begun, _ := m.sessions(); begun != want || len(m.all()) != emails {
			t.Errorf("impatient server %t: %d sessions, want %d; %d e-mails, want %d", impatient, begun, want, len(m.all()), emails)
		}
		kafkatest.Eventually(t, "every session has ended", func() bool { begun, ended := m.sessions(); return ended == begun })
	}
}
