package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"
)

// config is for one connection to host.
func (t *TLS) config(host string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if t.ServerName != "" {
		c.ServerName = t.ServerName
	}
	if !t.Authorities.IsZero() {
		text, err := t.Authorities.Read()
		if err != nil {
			return nil, unreadable(err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(text)) {
			return nil, unreadable(fmt.Errorf("%s: no certificate in it; accepted: PEM", t.Authorities))
		}
	}
	if !t.Certificate.IsZero() {
		pair, err := t.pair()
		if err != nil {
			return nil, unreadable(err)
		}
		// Without this one, which the broker may not have asked for by name, none at all would be sent.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	}
	if t.AnyName {
		c.InsecureSkipVerify = true // of the name; who has signed is checked below
		c.VerifyConnection = func(state tls.ConnectionState) error {
			options := x509.VerifyOptions{Roots: c.RootCAs, Intermediates: x509.NewCertPool()}
			for _, cert := range state.PeerCertificates[1:] {
				options.Intermediates.AddCert(cert)
			}
			_, err := state.PeerCertificates[0].Verify(options)
			return err
		}
	}
	return c, nil
}

// pair reads our certificate and its key.
func (t *TLS) pair() (*tls.Certificate, error) {
	cert, err := t.Certificate.Read()
	if err != nil {
		return nil, err
	}
	key, err := t.Key.Read()
	if err != nil {
		return nil, err
	}
	if strings.Contains(key, "ENCRYPTED PRIVATE KEY") {
		return nil, fmt.Errorf("%s: the key has a password; remedy: openssl pkcs8 -in KEY -out NEWKEY, in a folder that only you can read", t.Key)
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", t.Certificate, t.Key, err)
	}
	return &pair, nil
}

// secured is conn with TLS.
func (t *TLS) secured(conn net.Conn, addr string) (*tls.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	c, err := t.config(host)
	if err != nil {
		return nil, t.tlsError(addr, err)
	}
	over := tls.Client(conn, c)
	if err := over.Handshake(); err != nil {
		return nil, t.tlsError(addr, err)
	}
	return over, nil
}

// BrokerCertificate is what the broker at addr, where conn leads to, shows as its own. It is checked as always.
func (t *TLS) BrokerCertificate(conn net.Conn, addr string) (*x509.Certificate, error) {
	over, err := t.secured(conn, addr)
	if err != nil {
		return nil, err
	}
	return over.ConnectionState().PeerCertificates[0], nil
}

func names(cert *x509.Certificate) string {
	all := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

func validity(cert *x509.Certificate) (Problem, string) {
	if time.Now().Before(cert.NotBefore) {
		return NotYetValid, "valid from " + cert.NotBefore.UTC().Format(time.RFC3339)
	}
	return Expired, "valid until " + cert.NotAfter.UTC().Format(time.RFC3339)
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
