// Package secure protects connections to brokers: with TLS, and with a login by SASL. It does both where a connection is
// made. So sarama, the publisher and every tool get one that is ready for questions, and the same errors.
//
// A broker that ends sessions (connections.max.reauth.ms, KIP-368) closes the connection, and the next one logs in again.
package secure

import (
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Settings are how connections to a cluster are protected. Nil is plain text without a login.
type Settings struct {
	TLS  *TLS  // nil: plain text
	SASL *SASL // nil: no login

	mu      sync.Mutex
	refused map[string]refusal // by address
}

// TLS is how brokers prove who they are, and we to them. Files are read for each connection: one that was replaced is used by
// the next.
type TLS struct {
	Authorities Source // certificates of those who may sign, as PEM; none: the system's
	Certificate Source // ours, with those that lead to an authority, as PEM; none: no mutual TLS
	Key         Source // of Certificate, as PEM, without a password
	ServerName  string // that the broker's certificate has to have; empty: the host that is dialed
	AnyName     bool   // the broker's name is not checked, only who has signed
}

// The mechanisms of SASL, as Kafka names them.
const (
	Plain       = "PLAIN"
	SCRAM256    = "SCRAM-SHA-256"
	SCRAM512    = "SCRAM-SHA-512"
	OAuthBearer = "OAUTHBEARER"
)

// Mechanisms are those that a client may have.
var Mechanisms = []string{Plain, SCRAM256, SCRAM512, OAuthBearer}

// SASL is a login. For OAUTHBEARER, User and Password are the id and the secret that TokenURL takes (RFC 6749, client
// credentials).
type SASL struct {
	Mechanism string
	User      string
	Password  Source
	TokenURL  string
	Scope     string // may be empty

	mu     sync.Mutex
	tokens oauth2.TokenSource // which keeps a token while it is valid
	secret string             // that tokens was made with
}

// Source is where a text comes from: a file, which is read each time, or the text itself. It never shows the text.
type Source struct {
	File string
	text string
}

// Text returns the source of a text that is known.
func Text(text string) Source { return Source{text: text} }

// IsZero reports whether s has neither.
func (s Source) IsZero() bool { return s == Source{} }

// Read returns the text, without white space at its end.
func (s Source) Read() (string, error) {
	if s.File == "" {
		return s.text, nil
	}
	text, err := os.ReadFile(s.File)
	return strings.TrimRight(string(text), " \t\r\n"), err
}

// String names the file.
func (s Source) String() string {
	if s.File == "" {
		return "(not shown)"
	}
	return s.File
}

// GoString is String.
func (s Source) GoString() string { return s.String() }

// MarshalText is String, for JSON and logs.
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Protocol is Kafka's name for the combination: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
func (s *Settings) Protocol() string {
	switch {
	case s == nil || s.TLS == nil && s.SASL == nil:
		return "PLAINTEXT"
	case s.SASL == nil:
		return "SSL"
	case s.TLS == nil:
		return "SASL_PLAINTEXT"
	default:
		return "SASL_SSL"
	}
}

// Check reads every file once, so that a program does not start with one that will never do.
func (s *Settings) Check() error {
	if s == nil {
		return nil
	}
	var errs []error
	if s.TLS != nil {
		_, err := s.TLS.config("broker")
		errs = append(errs, err)
	}
	if s.SASL != nil {
		_, err := s.SASL.Password.Read()
		errs = append(errs, unreadable(err))
	}
	return errors.Join(errs...)
}

// refusal is why a broker was not spoken to, until when no other try is made.
type refusal struct {
	err   error
	until time.Time
}

// pause is how long a broker that has refused is left alone. Brokers delay the answer to a wrong password for that reason, and
// count tries; and clients of ours retry several times a second.
const pause = time.Second

// recent is why the broker at addr has just refused, or nil.
func (s *Settings) recent(addr string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.refused[addr]; time.Now().Before(r.until) {
		return r.err
	}
	return nil
}

func (s *Settings) note(addr string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil {
		s.refused = map[string]refusal{}
	}
	s.refused[addr] = refusal{err, time.Now().Add(pause)}
}

// oauth returns what gets tokens with the secret as it is now.
func (s *SASL) oauth(secret string) oauth2.TokenSource {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil || s.secret != secret {
		config := clientcredentials.Config{ClientID: s.User, ClientSecret: secret, TokenURL: s.TokenURL}
		if s.Scope != "" {
			config.Scopes = strings.Fields(s.Scope)
		}
		s.tokens, s.secret = config.TokenSource(withClient()), secret
	}
	return s.tokens
}
