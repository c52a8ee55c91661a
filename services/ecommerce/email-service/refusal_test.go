package emailservice

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/emersion/go-smtp"
	"github.com/wneessen/go-mail"

	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// selfSigned is a certificate for 127.0.0.1 that nobody has signed, valid for so long, and its PEM file.
func selfSigned(t *testing.T, valid time.Duration) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(valid),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, writeFile(t,
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func encrypted(certificate tls.Certificate) func(*smtp.Server) {
	return func(s *smtp.Server) { s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}} }
}

func withLogins(s *smtp.Server) { s.AllowInsecureAuth = true }

// Every class of answer: the e-mail is sent, becomes a dead letter, waits, or ends the program with a remedy.
func TestAnswersOfTheMailServer(t *testing.T) {
	t.Parallel()
	answer := func(code int) *smtp.SMTPError {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 7, 0}, Message: "<ana@loja.example> refused"}
	}
	for _, c := range []struct {
		name         string
		mail, rcpt   int    // the code of the answer; 0: accepted
		letter       bool   // else, with a code: it ends the program, or waits
		waits, fatal string // the remedy, or what it waits for
	}{
		{name: "accepted"},
		{name: "recipient unknown", rcpt: 550, letter: true},
		{name: "mailbox name refused", rcpt: 553, letter: true},
		{name: "recipient later", rcpt: 450, waits: "answers 450 for now"},
		{name: "sender later", mail: 451, waits: "answers 451 for now"},
		{name: "shutting down", mail: 421, waits: "answers 421 for now"},
		{name: "sender refused", mail: 550, fatal: "set SMTP_FROM"},
		{name: "login wanted", mail: 530, fatal: "set SMTP_USER and SMTP_PASSWORD_FILE"},
		{name: "login wanted at the recipient", rcpt: 530, fatal: "set SMTP_USER and SMTP_PASSWORD_FILE"},
		{name: "encryption wanted for logins", mail: 538, fatal: "port 587 or 465"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, addr := listenMail(t, "127.0.0.1:0")
			if c.mail > 0 {
				server.sender = answer(c.mail)
			}
			if c.rcpt > 0 {
				server.answerWith(func(string) *smtp.SMTPError { return answer(c.rcpt) })
			}
			err := sendOne(t, addr, login{})
			fatal, ended := errors.AsType[*kafka.FatalError](err)
			bad, refused := errors.AsType[*event.Malformed](err)
			switch {
			case c.mail+c.rcpt == 0:
				if err != nil || len(server.all()) != 1 {
					t.Errorf("%v, %d e-mails", err, len(server.all()))
				}
			case c.letter:
				if !refused || bad.Reason != stream.ReasonRefused {
					t.Errorf("%v, want a dead letter", err)
				}
			case c.fatal != "":
				if !ended || !strings.Contains(fatal.Error(), c.fatal) || strings.Contains(fatal.Error(), "ana@") {
					t.Errorf("%v, want an end with %q and without the recipient", err, c.fatal)
				}
			default:
				if err == nil || ended || refused || !strings.Contains(err.Error(), c.waits) {
					t.Errorf("%v, want a wait: %s", err, c.waits)
				}
			}
			if c.mail+c.rcpt > 0 && len(server.all()) > 0 {
				t.Errorf("sent: %v", server.all())
			}
		})
	}
}

var toAna = stream.Received{Record: &sarama.ConsumerMessage{Topic: event.SendEmailTopic, Key: []byte("ana@loja.example")}}

func sendOne(t *testing.T, addr string, l login) error {
	t.Helper()
	p, err := newPost(addr, "loja@curso.example", l)
	if err != nil {
		t.Fatal(err)
	}
	return p.send(t.Context(), toAna, text, "Your order")
}

func TestSelfSignedCertificate(t *testing.T) {
	t.Parallel()
	certificate, file := selfSigned(t, time.Hour)
	server, addr := listenMail(t, "127.0.0.1:0", encrypted(certificate))
	err := sendOne(t, addr, login{})
	if _, ended := errors.AsType[*kafka.FatalError](err); !ended || !strings.Contains(err.Error(), "SMTP_CA_FILE") {
		t.Errorf("without SMTP_CA_FILE: %v", err)
	}
	env := service.EnvOf(map[string]string{
		"SMTP_ADDR":          addr,
		"SMTP_CA_FILE":       file,
		"SMTP_USER":          "shop",
		"SMTP_PASSWORD_FILE": writeFile(t, password+"\n"),
	})
	cfg := configure(env)
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	if err := sendOne(t, addr, cfg.login); err != nil {
		t.Errorf("with SMTP_CA_FILE: %v", err)
	}
	if want := "shop:" + password + " encrypted true"; len(server.all()) != 1 || !slices.Equal(server.logins, []string{want}) {
		t.Errorf("%d e-mails, logins %q, want one each, encrypted", len(server.all()), server.logins)
	}
	_, port, _ := net.SplitHostPort(addr)
	err = sendOne(t, "localhost:"+port, cfg.login)
	if _, ended := errors.AsType[*kafka.FatalError](err); !ended || !strings.Contains(err.Error(),
		"SMTP_ADDR has to name the server as its certificate does") {
		t.Errorf("by a name that the certificate lacks: %v", err)
	}
}

// A certificate that has expired is not mended by SMTP_CA_FILE, and the remedy is another one.
func TestExpiredCertificate(t *testing.T) {
	t.Parallel()
	certificate, file := selfSigned(t, -time.Hour)
	_, addr := listenMail(t, "127.0.0.1:0", encrypted(certificate))
	env := service.EnvOf(map[string]string{"SMTP_ADDR": addr, "SMTP_CA_FILE": file})
	cfg := configure(env)
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	err := sendOne(t, addr, cfg.login)
	if _, ended := errors.AsType[*kafka.FatalError](err); !ended || !strings.Contains(err.Error(), "expired") ||
		strings.Contains(err.Error(), "SMTP_CA_FILE") {
		t.Errorf("%v, want an end that names the expiry only", err)
	}
}

// A wrong password ends the program, and is in no line of it. Nothing is lost: the e-mail goes with the next start.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	server, addr := listenMail(t, "127.0.0.1:0", withLogins)
	command(s, "ana@loja.example", "o-1")
	vars := s.Env("SMTP_ADDR", addr, "SMTP_USER", "shop", "SMTP_PASSWORD_FILE", writeFile(t, "wr0ng"))
	r := kafkatest.StartRun(t, vars, configure, run)
	err := r.Wait()
	if err == nil || !strings.Contains(err.Error(), "check SMTP_USER and the password in SMTP_PASSWORD_FILE") {
		t.Errorf("ended with %v", err)
	}
	if all := r.Out.String() + r.Logs.String() + err.Error(); strings.Contains(all, "wr0ng") || len(server.all()) > 0 {
		t.Errorf("%d e-mails; the password is shown in:\n%s", len(server.all()), all)
	}
	vars["SMTP_PASSWORD_FILE"] = writeFile(t, password)
	kafkatest.StartRun(t, vars, configure, run)
	s.AwaitHandled(group, event.SendEmailTopic)
	if got, letters := server.all(), s.Letters(); len(got) != 1 || len(letters) > 0 {
		t.Errorf("%d e-mails and letters %v, want the one e-mail", len(got), letters)
	}
}

// Off this machine a password is not sent in the clear, whatever the server offers.
func TestNoPasswordInTheClear(t *testing.T) {
	t.Parallel()
	server, addr := listenMail(t, "127.0.0.1:0", withLogins)
	_, port, _ := net.SplitHostPort(addr)
	elsewhere := "127.0.0.1.nip.example:" + port // a name that is not this machine's, as far as the program knows
	there := mail.WithDialContextFunc(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	})
	p, err := newPost(elsewhere, "loja@curso.example", login{user: "shop", password: password}, there)
	if err != nil {
		t.Fatal(err)
	}
	err = p.send(t.Context(), toAna, text, "Your order")
	if _, ended := errors.AsType[*kafka.FatalError](err); !ended || !strings.Contains(err.Error(), "only encrypted") {
		t.Errorf("%v", err)
	}
	if len(server.logins) > 0 {
		t.Errorf("logins %q", server.logins)
	}
}

func TestLoginConfiguration(t *testing.T) {
	good, empty := writeFile(t, "x"), writeFile(t, "\n")
	for _, vars := range []map[string]string{
		{"SMTP_USER": "shop", "SMTP_PASSWORD_FILE": good},
		{"SMTP_ADDR": "a:1", "SMTP_USER": "shop"},
		{"SMTP_ADDR": "a:1", "SMTP_PASSWORD_FILE": good},
		{"SMTP_ADDR": "a:1", "SMTP_USER": "shop", "SMTP_PASSWORD_FILE": empty},
		{"SMTP_ADDR": "a:1", "SMTP_USER": "shop", "SMTP_PASSWORD_FILE": good + ".missing"},
		{"SMTP_ADDR": "a:1", "SMTP_CA_FILE": good},
		{"SMTP_CA_FILE": good},
	} {
		env := service.EnvOf(vars)
		if configure(env); env.Err() == nil {
			t.Errorf("%v is accepted", vars)
		}
	}
}
