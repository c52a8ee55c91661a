package workshop

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// pin is where a client's version is fixed.
type pin struct{ file, pattern string }

var pins = map[string]pin{
	"confluent-kafka": {"requirements.txt", `confluent-kafka==(\S+)`},
	"aiokafka":        {"requirements.txt", `aiokafka==(\S+)`},
	"kafka-clients":   {"pom.xml", `<artifactId>kafka-clients</artifactId>\s*<version>(.*?)</version>`},
	"spring-kafka":    {"pom.xml", `<artifactId>spring-boot-starter-parent</artifactId>\s*<version>(.*?)</version>`},
	"kafkajs":         {"package.json", `"kafkajs": "([0-9.]+)"`},
	"franz-go":        {"../../../services/workshop/go.mod", `twmb/franz-go v(\S+)`},
	"rdkafka":         {"Cargo.toml", `rdkafka = "=([0-9.]+)"`},
}

// Each client of labs/clients is on its README's list, with the version that it is pinned to.
func TestClientsAreListedWithTheirVersions(t *testing.T) {
	dir := filepath.Join(repository, "labs", "clients")
	page, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no clients: %v", err)
	}
	for _, path := range folders {
		if name := filepath.Base(filepath.Dir(path)); pins[name].file == "" {
			t.Errorf("client %s: where is its version pinned?", name)
		}
	}
	for name, pin := range pins {
		text, err := os.ReadFile(filepath.Join(dir, name, pin.file))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pin.pattern).FindSubmatch(text)
		if found == nil {
			t.Errorf("%s: %s pins no version", name, pin.file)
			continue
		}
		row := regexp.MustCompile(`(?m)^\| \[` + name + `\]\(` + name + `\) \|.*$`).Find(page)
		if !bytes.Contains(row, []byte("| "+string(found[1])+" |")) {
			t.Errorf("%s is pinned to %s; the README says: %s", name, found[1], row)
		}
	}
}

// Each file of a client fits on a page.
func TestClientsFitOnAPage(t *testing.T) {
	const most = 80
	files := 0
	err := filepath.WalkDir(filepath.Join(repository, "labs", "clients"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && installed(entry.Name()) {
			return filepath.SkipDir
		}
		if !slices.Contains([]string{".py", ".java", ".js", ".go", ".rs"}, filepath.Ext(path)) {
			return nil
		}
		files++
		source, err := os.ReadFile(path)
		if lines := bytes.Count(source, []byte("\n")); lines > most {
			t.Errorf("%s has %d lines, %d at most", path, lines, most)
		}
		for _, line := range tooWide(string(source)) {
			t.Errorf("%s:%d: more than %d characters", path, line, widest)
		}
		return err
	})
	if err != nil || files < 12 {
		t.Errorf("%d files looked at: %v", files, err)
	}
}
