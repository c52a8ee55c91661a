package secrets

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"workshop.example/kit/certs"
)

// authorityLife is long: who trusts an authority has its certificate in a file, which nobody replaces each month.
const authorityLife = 10 * 365 * 24 * time.Hour

// AuthorityName is the name in the authority's certificate.
const AuthorityName = "kafka-workshop authority"

// Wanted is a certificate that should be there.
type Wanted struct {
	Name  string   // in the certificate, and of the folder
	Hosts []string // host names and IP addresses; none for a client
	Group int      // of those who may read it, where this is root; 0: nobody else
}

// Certificate is one that is there.
type Certificate struct {
	Name  string    `json:"name"`
	Hosts []string  `json:"hosts"`
	Until time.Time `json:"until"`
	Made  string    `json:"made,omitempty"` // why it is new; empty: it was there
}

// Ensure makes what is missing, valid for so long. What is valid stays. What is in the last third of its life, lacks a host or was
// signed by somebody else is made anew, by the same authority.
func (f Folder) Ensure(wanted []Wanted, life time.Duration) ([]Certificate, error) {
	authority, made, err := f.authority()
	if err != nil {
		return nil, err
	}
	there := []Certificate{describe(authority.Certificate, made)}
	for _, w := range wanted {
		pair, why, err := f.usable(authority, w)
		if err != nil {
			return there, err
		}
		if why != "" {
			if pair, err = f.issue(authority, w, life); err != nil {
				return there, err
			}
		}
		there = append(there, describe(pair.Certificate, why))
	}
	return there, nil
}

// authority reads the authority, or makes one, and says why.
func (f Folder) authority() (a *certs.Authority, made string, err error) {
	certificate, err := read(f.AuthorityFile())
	if err != nil {
		return nil, "", err
	}
	key, err := read(f.path(authorityKey))
	switch {
	case err != nil:
		return nil, "", err
	case certificate != nil && key != nil:
		pair, err := certs.ParsePair(certificate, key)
		if err != nil {
			return nil, "", fmt.Errorf("%s and %s: %w; remedy: erase both, and hand out the new %[1]s",
				f.AuthorityFile(), f.path(authorityKey), err)
		}
		return &certs.Authority{Pair: *pair}, "", nil
	case certificate != nil:
		return nil, "", fmt.Errorf("%s is there and its key %s is not; remedy: put the key there, or erase the certificate and hand "+
			"out the new one", f.AuthorityFile(), f.path(authorityKey))
	}
	// A key without its certificate is what an interrupted start leaves.
	if a, err = certs.NewAuthority(AuthorityName, authorityLife); err != nil {
		return nil, "", err
	}
	if err := f.write(filepath.Dir(authorityKey), filepath.Base(authorityKey), 0, a.KeyPEM()); err != nil {
		return nil, "", err
	}
	everybody := func(file *os.File) error { return file.Chmod(0o644) }
	if err := os.Chmod(string(f), 0o755); err != nil { // those who share it go through it to their own
		return nil, "", err
	}
	return a, "missing", replaced(f.AuthorityFile(), a.CertificatePEM(), everybody)
}

// usable returns the pair that is there, or why there has to be another.
func (f Folder) usable(authority *certs.Authority, w Wanted) (pair *certs.Pair, why string, err error) {
	text, err := read(f.KeystoreFile(w.Name))
	if err != nil {
		return nil, "", err
	}
	if text == nil {
		return nil, "missing", nil
	}
	if pair, err = certs.ParsePair(text, text); err != nil {
		return nil, "unreadable: " + err.Error(), nil
	}
	c := pair.Certificate
	if c.CheckSignatureFrom(authority.Certificate) != nil {
		return nil, "signed by another authority", nil
	}
	if lastThird := c.NotAfter.Add(-c.NotAfter.Sub(c.NotBefore) / 3); time.Now().After(lastThird) {
		return nil, "valid until " + c.NotAfter.UTC().Format(time.RFC3339), nil
	}
	for _, host := range w.Hosts {
		if c.VerifyHostname(host) != nil {
			return nil, "lacks " + host, nil
		}
	}
	return pair, "", nil
}

func (f Folder) issue(authority *certs.Authority, w Wanted, life time.Duration) (*certs.Pair, error) {
	const skew = 5 * time.Minute // another machine's clock may be behind
	until := time.Now().Add(life)
	if last := authority.Certificate.NotAfter; until.After(last) {
		until = last
	}
	pair, err := authority.Issue(w.Name, w.Hosts, time.Now().Add(-skew), until)
	if err != nil {
		return nil, err
	}
	// One file with both: a broker never sees a key beside the certificate of another.
	return pair, f.write(w.Name, keystore, w.Group, slices.Concat(pair.KeyPEM(), pair.CertificatePEM()))
}

func describe(c *x509.Certificate, made string) Certificate {
	hosts := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return Certificate{Name: c.Subject.CommonName, Hosts: hosts, Until: c.NotAfter.UTC(), Made: made}
}

// Certificates returns all that are there, the authority's first.
func (f Folder) Certificates() ([]Certificate, error) {
	text, err := os.ReadFile(f.AuthorityFile())
	if err != nil {
		return nil, fmt.Errorf("%w; remedy: «workshop certs --dir %s»", err, string(f))
	}
	authority, err := certs.ParseCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.AuthorityFile(), err)
	}
	files, err := filepath.Glob(f.KeystoreFile("*"))
	if err != nil {
		return nil, err
	}
	there := []Certificate{describe(authority, "")}
	var errs []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil {
			var c *x509.Certificate
			if c, err = certs.ParseCertificate(text); err == nil {
				there = append(there, describe(c, ""))
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
	}
	slices.SortFunc(there[1:], func(a, b Certificate) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), a.Until.Compare(b.Until))
	})
	return there, errors.Join(errs...)
}
