package secure

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"golang.org/x/oauth2"

	"workshop.example/kit/kafka/exchange"
)

// The error codes of a login.
const (
	unsupportedMechanism = 33
	illegalState         = 34
	authenticationFailed = 58
)

// mechanism is how to log in now.
func (s *SASL) mechanism() (sasl.Mechanism, error) {
	password, err := s.Password.Read()
	if err != nil {
		return nil, unreadable(err)
	}
	switch s.Mechanism {
	case Plain:
		return plain.Auth{User: s.User, Pass: password}.AsMechanism(), nil
	case SCRAM256:
		return scram.Auth{User: s.User, Pass: password}.AsSha256Mechanism(), nil
	case SCRAM512:
		return scram.Auth{User: s.User, Pass: password}.AsSha512Mechanism(), nil
	case OAuthBearer:
		token, err := s.oauth(password).Token()
		if err != nil {
			return nil, tokenError(s.TokenURL, err)
		}
		return oauth.Auth{Token: token.AccessToken}.AsMechanism(), nil
	default:
		return nil, fmt.Errorf("SASL mechanism %q; accepted: %s", s.Mechanism, strings.Join(Mechanisms, ", "))
	}
}

// login speaks SASL over conn (KIP-43, KIP-152), up to the broker's last answer.
func (s *SASL) login(ctx context.Context, conn net.Conn, addr, clientID string) error {
	mechanism, err := s.mechanism()
	if err != nil {
		return err
	}
	e := login{exchange.New(conn, clientID)}
	handshake := kmsg.NewPtrSASLHandshakeRequest()
	handshake.Version, handshake.Mechanism = 1, s.Mechanism
	answer := kmsg.NewPtrSASLHandshakeResponse()
	if err := e.Ask(handshake, answer); err != nil {
		return fmt.Errorf("%s: login: %w", addr, err)
	}
	switch answer.ErrorCode {
	case 0:
	case unsupportedMechanism:
		detail := s.Mechanism + "; the listener has " + strings.Join(answer.SupportedMechanisms, ", ")
		return &Error{Problem: NoSuchMechanism, Addr: addr, Detail: detail}
	case illegalState:
		return &Error{Problem: TakesNoLogin, Addr: addr}
	default:
		return fmt.Errorf("%s: login: error code %d", addr, answer.ErrorCode)
	}
	session, write, err := mechanism.Authenticate(ctx, addr)
	for done := false; err == nil && !done; {
		var challenge []byte
		if challenge, err = e.step(write); err == nil {
			done, write, err = session.Challenge(challenge)
		}
	}
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*refusedError](err); ok {
		return &Error{Problem: WrongPassword, Addr: addr, Detail: s.Mechanism + ", user " + s.User + ": " + refused.message, Err: err}
	}
	return fmt.Errorf("%s: login: %w", addr, err)
}

// login is the questions of SASL.
type login struct{ *exchange.Exchange }

// refusedError is the broker's word on a login.
type refusedError struct{ message string }

func (e *refusedError) Error() string { return e.message }

func (e login) step(write []byte) (challenge []byte, err error) {
	req := kmsg.NewPtrSASLAuthenticateRequest()
	req.Version, req.SASLAuthBytes = 1, write
	resp := kmsg.NewPtrSASLAuthenticateResponse()
	if err := e.Ask(req, resp); err != nil {
		return nil, err
	}
	message := ""
	if resp.ErrorMessage != nil {
		message = *resp.ErrorMessage
	}
	switch resp.ErrorCode {
	case 0:
		return resp.SASLAuthBytes, nil
	case authenticationFailed:
		return nil, &refusedError{message}
	default:
		return nil, fmt.Errorf("error code %d: %s", resp.ErrorCode, message)
	}
}

// tokenTimeout is for one request to the token server.
const tokenTimeout = 5 * time.Second

func withClient() context.Context {
	return context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: tokenTimeout})
}

// tokenError leaves out what the server has answered, and the address's query: they may hold secrets.
func tokenError(address string, err error) error {
	host := address
	if u, parsed := url.Parse(address); parsed == nil {
		host = u.Host
	}
	e := &Error{Problem: NoToken, Addr: host}
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		e.Detail = answer.Response.Status
		if answer.ErrorCode != "" {
			e.Detail += ", " + answer.ErrorCode
		}
	} else if network, ok := errors.AsType[*url.Error](err); ok {
		e.Detail = network.Err.Error()
	}
	return e
}
