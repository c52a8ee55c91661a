// Package certs makes an authority and the certificates that it signs, for a cluster of one's own. Keys are of the curve P-256
// (ECDSA), which every client and broker of the last ten years takes.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Pair is a certificate and its key.
type Pair struct {
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// Authority signs certificates.
type Authority struct{ Pair }

// skew is how far another machine's clock may be behind.
const skew = 5 * time.Minute

// NewAuthority returns one that is valid for so long, from now on.
func NewAuthority(name string, valid time.Duration) (*Authority, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-skew), NotAfter: time.Now().Add(valid),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, MaxPathLenZero: true,
	}
	pair, err := sign(template, nil)
	if err != nil {
		return nil, err
	}
	return &Authority{*pair}, nil
}

// ParsePair reads what CertificatePEM and KeyPEM have written, whatever else the texts hold.
func ParsePair(certificate, key []byte) (*Pair, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	own, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key is of another kind (%T); accepted: ECDSA", pair.PrivateKey)
	}
	return &Pair{pair.Leaf, own}, nil
}

// ParseCertificate reads the first certificate of a text, whatever else it holds.
func ParseCertificate(text []byte) (*x509.Certificate, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, errors.New("no certificate in it; accepted: PEM")
}

// Issue signs a certificate for these host names and IP addresses, valid between two moments. It is for both ends of a connection:
// brokers are each other's clients.
func (a *Authority) Issue(name string, hosts []string, from, until time.Time) (*Pair, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return sign(template, &a.Pair)
}

// sign makes a key, and a certificate that by signs; nil: itself.
func sign(template *x509.Certificate, by *Pair) (*Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of %s: %w", template.Subject.CommonName, err)
	}
	cert, err := x509.ParseCertificate(der)
	return &Pair{cert, key}, err
}

// CertificatePEM is the certificate as text.
func (p *Pair) CertificatePEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate.Raw})
}

// KeyPEM is the key as text, without a password (PKCS #8, which Java reads too).
func (p *Pair) KeyPEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		panic(err) // a key of ours is of a kind that it knows
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
