package secrets

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/certs"
)

const month = 30 * 24 * time.Hour

func ensure(t *testing.T, f Folder, life time.Duration, wanted ...Wanted) []Certificate {
	t.Helper()
	there, err := f.Ensure(wanted, life)
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// What is valid stays; what is missing, lacks a host, ends soon or is of somebody else is made anew, and only that.
func TestEnsure(t *testing.T) {
	f := Folder(t.TempDir())
	broker := Wanted{Name: "broker-1", Hosts: []string{"localhost", "10.0.0.1"}}
	other := Wanted{Name: "broker-2", Hosts: []string{"localhost"}}
	made := func(there []Certificate) string {
		var names []string
		for _, c := range there {
			if c.Made != "" {
				names = append(names, c.Name)
			}
		}
		return strings.Join(names, " ")
	}
	stranger := func(t *testing.T) {
		another := Folder(t.TempDir())
		ensure(t, another, month, other)
		text, err := os.ReadFile(another.KeystoreFile("broker-2"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.KeystoreFile("broker-2"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name   string
		before func(*testing.T)
		wanted []Wanted
		want   string
	}{
		{"at first", nil, []Wanted{broker, other}, AuthorityName + " broker-1 broker-2"},
		{"again", nil, []Wanted{broker, other}, ""},
		{"one more host", nil, []Wanted{{Name: "broker-1", Hosts: append(broker.Hosts, "kafka.example")}, other}, "broker-1"},
		{"one fewer", nil, []Wanted{broker, other}, ""},
		{"of another authority", stranger, []Wanted{broker, other}, "broker-2"},
		{"erased", func(*testing.T) { os.Remove(f.KeystoreFile("broker-1")) }, []Wanted{broker, other}, "broker-1"},
		{"broken", func(*testing.T) { os.WriteFile(f.KeystoreFile("broker-1"), []byte("x"), 0o600) }, []Wanted{broker, other}, "broker-1"},
		{"in its last third", func(t *testing.T) { shorten(t, f, "broker-1") }, []Wanted{broker, other}, "broker-1"},
	} {
		t.Run(step.name, func(t *testing.T) {
			if step.before != nil {
				step.before(t)
			}
			if got := made(ensure(t, f, month, step.wanted...)); got != step.want {
				t.Errorf("made: %q, want %q", got, step.want)
			}
			for _, w := range step.wanted {
				if _, err := tls.LoadX509KeyPair(f.KeystoreFile(w.Name), f.KeystoreFile(w.Name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// shorten puts a certificate in its place that has a quarter of its life left.
func shorten(t *testing.T, f Folder, name string) {
	t.Helper()
	a, _, err := f.authority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := a.Issue(name, []string{"localhost", "10.0.0.1"}, time.Now().Add(-3*time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.write(name, keystore, 0, append(pair.KeyPEM(), pair.CertificatePEM()...)); err != nil {
		t.Fatal(err)
	}
}

// An authority that has lost its key is not replaced in silence: everybody would have to be told.
func TestAuthorityWithoutKey(t *testing.T) {
	f := Folder(t.TempDir())
	ensure(t, f, month)
	if err := os.Remove(f.path(authorityKey)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Ensure(nil, month); err == nil || !strings.Contains(err.Error(), "remedy") {
		t.Errorf("got %v", err)
	}
}

func TestPasswords(t *testing.T) {
	f := Folder(t.TempDir())
	ensure(t, f, month)
	first, made, err := f.Password("ana", 0, false)
	if err != nil || !made || len(first) < 24 {
		t.Fatalf("%d characters, made %t, %v", len(first), made, err)
	}
	if again, made, err := f.Password("ana", 0, false); err != nil || made || again != first {
		t.Errorf("asked again it is another, made %t, %v", made, err)
	}
	if anew, made, err := f.Password("ana", 0, true); err != nil || !made || anew == first {
		t.Errorf("a new one is the old one, made %t, %v", made, err)
	}
}

// Only who made them reads keys and passwords; everybody reads the authority's certificate.
func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has other rights than modes")
	}
	f := Folder(t.TempDir())
	ensure(t, f, month, Wanted{Name: "broker-1", Hosts: []string{"localhost"}})
	password, _, err := f.Password("ana", 0, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteClient("ana", password, 0, []string{"localhost:9091"}); err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.Walk(string(f), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		files++
		want := os.FileMode(0o600)
		if path == f.AuthorityFile() {
			want = 0o644
		}
		if info.Mode() != want {
			t.Errorf("%s has %s, want %s", path, info.Mode(), want)
		}
		return nil
	})
	if err != nil || files != 6 {
		t.Errorf("%d files, %v", files, err)
	}
	text, err := os.ReadFile(f.path("ana", "client.properties"))
	if err != nil || !strings.Contains(string(text), password) {
		t.Errorf("client.properties without the password, %v", err)
	}
	if _, err := certs.ParseCertificate([]byte("no PEM")); err == nil {
		t.Error("the control: what is no certificate is read as one")
	}
}
