package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// Problem is why a connection was not protected as it should be.
type Problem int

// The problems.
const (
	NotTLS           Problem = iota + 1 // the listener speaks no TLS
	NeedsTLS                            // the listener speaks TLS only
	NeedsLogin                          // the listener wants a login
	TakesNoLogin                        // the listener has no logins
	NoSuchMechanism                     // the listener has others
	WrongPassword                       // or an unknown user, or one without that mechanism
	UnknownAuthority                    // nobody that we trust has signed the broker's certificate
	WrongName                           // the broker's certificate is for another host
	Expired                             // the broker's certificate was valid once
	NotYetValid                         // the broker's certificate will be valid
	NoCertificate                       // the listener wants one of ours
	BadCertificate                      // the listener does not accept ours
	Unreadable                          // a file of ours
	NoToken                             // from the token server
)

// Error is a connection that was not protected as it should be.
type Error struct {
	Problem Problem
	Addr    string // of the broker, or of the token server
	Detail  string // names, dates, mechanisms; may be empty
	Err     error  // may be nil
}

var english = map[Problem]string{
	NotTLS: "the port does not speak TLS; remedy: KAFKA_SECURITY_PROTOCOL=PLAINTEXT or SASL_PLAINTEXT, or the port of a listener with TLS",
	NeedsTLS: "the port speaks TLS, or not Kafka; remedy: KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL, and KAFKA_TLS_CA_FILE where the " +
		"authority is one's own",
	NeedsLogin: "the broker closes the connection at the first question, as a listener that wants a login does; remedy: " +
		"KAFKA_SECURITY_PROTOCOL=SASL_SSL or SASL_PLAINTEXT, with KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD",
	TakesNoLogin:    "the listener has no logins; remedy: KAFKA_SECURITY_PROTOCOL=SSL or PLAINTEXT, or the port of a listener with SASL",
	NoSuchMechanism: "the listener does not have this mechanism; remedy: a KAFKA_SASL_MECHANISM of its own",
	WrongPassword: "login refused; remedy: look at KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM: a user has a " +
		"password for each",
	UnknownAuthority: "nobody that is trusted here has signed the broker's certificate; remedy: KAFKA_TLS_CA_FILE with the certificate of " +
		"the authority that has",
	WrongName: "the broker's certificate is for other names; remedy: one of those in BOOTSTRAP_SERVERS and in the broker's " +
		"advertised.listeners, or in KAFKA_TLS_SERVER_NAME",
	Expired:       "the broker's certificate has expired; remedy: a new one on the broker, and this machine's clock",
	NotYetValid:   "the broker's certificate is not valid yet; remedy: look at this machine's clock",
	NoCertificate: "the broker wants a certificate from its clients; remedy: KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE",
	BadCertificate: "the broker does not accept the client's certificate; remedy: one that is valid, signed by an authority that the " +
		"broker trusts, in KAFKA_TLS_CERT_FILE",
	Unreadable: "a file cannot be used; remedy: one that is there, readable, and PEM",
	NoToken:    "no token; remedy: look at KAFKA_SASL_TOKEN_URL, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD",
}

// Error is Reason, behind the address.
func (e *Error) Error() string {
	if e.Addr == "" {
		return e.Reason()
	}
	return e.Addr + ": " + e.Reason()
}

// Reason names the problem, its remedy and the details.
func (e *Error) Reason() string {
	text := english[e.Problem]
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// Unwrap returns the error that tells of the problem, where there is one.
func (e *Error) Unwrap() error { return e.Err }

func unreadable(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Problem: Unreadable, Detail: err.Error(), Err: err}
}

// tlsError finds out what a handshake has failed of. An error that has to do with the network alone stays as it is.
func (t *TLS) tlsError(addr string, err error) error {
	e := &Error{Addr: addr, Err: err}
	var (
		record    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		own       *Error
	)
	switch {
	case errors.As(err, &own):
		own.Addr = addr
		return own
	case errors.As(err, &record), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isReset(err):
		e.Problem = NotTLS
	case errors.As(err, &authority):
		e.Problem, e.Detail = UnknownAuthority, "signed by "+authority.Cert.Issuer.String()
	case errors.As(err, &host):
		e.Problem, e.Detail = WrongName, "names: "+names(host.Certificate)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Problem, e.Detail = validity(invalid.Cert)
	case isAlert(err):
		return t.alertError(addr, err)
	default:
		return err
	}
	return e
}

// isAlert reports whether the other side has said why it gives up.
func isAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}

// alertError is for what a broker says of our certificate. With TLS 1.3 it comes after the handshake, at the first answer. To
// brokers on Java 17 a missing certificate is a bad one.
func (t *TLS) alertError(addr string, err error) error {
	text := err.Error()
	switch {
	case !strings.Contains(text, "certificate") && !strings.Contains(text, "unknown authority"):
		return fmt.Errorf("%s: TLS: %w", addr, err)
	case t.Certificate.IsZero():
		return &Error{Problem: NoCertificate, Addr: addr, Err: err}
	default:
		return &Error{Problem: BadCertificate, Addr: addr, Detail: text, Err: err}
	}
}
