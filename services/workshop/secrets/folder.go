// Package secrets keeps a folder of certificates and passwords for a cluster of one's own. Each broker, and each user, has a folder in it
// that only its owner may read:
//
//	ca.pem                  the authority's certificate, which everybody may read
//	authority/key.pem       its key
//	broker-1/keystore.pem   a key and its certificate, as Kafka reads them (ssl.keystore.type=PEM)
//	ana/password            of a user
//	ana/client.properties   the whole connection of that user
//	ana/jaas.conf           the login alone, for Java programs that take no client.properties
//
// For brokers on hosts of their own, a broker's folder has all that its host needs:
//
//	broker-1/ca.pem         a copy
//	broker-1/broker.env     settings: addresses, number, rack
package secrets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"workshop.example/kit/replace"
)

// Folder is such a folder.
type Folder string

// The names in it.
const (
	authorityFile = "ca.pem"
	authorityKey  = "authority/key.pem"
	keystore      = "keystore.pem"
)

// path is where a file lies.
func (f Folder) path(name ...string) string {
	return filepath.Join(append([]string{string(f)}, name...)...)
}

// AuthorityFile is the path of the authority's certificate.
func (f Folder) AuthorityFile() string { return f.path(authorityFile) }

// KeystoreFile is the path of a name's key and certificate.
func (f Folder) KeystoreFile(name string) string { return f.path(name, keystore) }

// private makes a name's folder. Only this user may look into it, and, where this is root, the members of the group with that id: so
// programs in containers, which are all one user, are kept apart.
func (f Folder) private(name string, group int) error {
	dir := f.path(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if !shares(group) {
		return nil
	}
	return errors.Join(os.Chown(dir, -1, group), os.Chmod(dir, 0o750))
}

// shares reports whether files are for a group, too.
func shares(group int) bool { return group > 0 && os.Geteuid() == 0 }

// write replaces a file of a private folder as a whole: whoever reads it gets the old one or the new one.
func (f Folder) write(name, file string, group int, text []byte) error {
	if err := f.private(name, group); err != nil {
		return err
	}
	return replaced(f.path(name, file), text, func(temporary *os.File) error {
		if !shares(group) {
			return nil // 0600 from its begin
		}
		return errors.Join(temporary.Chown(-1, group), temporary.Chmod(0o640))
	})
}

// replaced writes a file as a whole, for those whom grant lets read it.
func replaced(path string, text []byte, grant func(*os.File) error) error {
	err := replace.File(path, func(file *os.File) error {
		_, err := file.Write(text)
		return errors.Join(err, grant(file))
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// read returns nil for a file that is not there.
func read(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}
