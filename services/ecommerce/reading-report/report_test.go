package readingreport

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

const group = "ReadingReportService"

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestReportForEachUser(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	dir := filepath.Join(t.TempDir(), "target")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Of a life before: what it has not finished goes, what it has stays.
	for _, name := range []string{".new-123.tmp", "keep.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var users, want []string
	for range 20 {
		id := uuid.NewString()
		users, want = append(users, id), append(want, id+"-report.txt")
		s.Send(event.ReportTopic, id, event.User{UUID: id})
		s.Send(event.ReportTopic, "other", event.User{UUID: id}) // once more, perhaps by another worker
	}
	r := kafkatest.StartRun(t, s.Env("REPORT_DIR", dir), configure, run)
	s.AwaitHandled(group, event.ReportTopic)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	want = append(want, "keep.txt")
	slices.Sort(want)
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	for _, id := range users {
		path := filepath.Join(dir, id+"-report.txt")
		text, err := os.ReadFile(path)
		if err != nil || string(text) != template+"Created for "+id+"\n" {
			t.Errorf("report %q, %v", text, err)
		}
		if want := "Processing report for " + id + "\nFile created: " + path + "\n"; !strings.Contains(r.Out.String(), want) {
			t.Errorf("output has no %q", want)
		}
	}
}

func TestPathsInAUUID(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	root := t.TempDir()
	dir := filepath.Join(root, "a", "target")
	bad := []string{"../../escaped", "/etc/passwd", `..\escaped`, "a/b", ".", "", "x\x00y", strings.Repeat("a", 65)}
	for i, id := range bad {
		s.Send(event.ReportTopic, fmt.Sprint(i), event.User{UUID: id})
	}
	kafkatest.StartRun(t, s.Env("REPORT_DIR", dir), configure, run)
	s.AwaitHandled(group, event.ReportTopic)
	letters := s.Letters()
	for _, letter := range letters {
		if letter.Reason != event.ReasonInvalidValue {
			t.Errorf("%q: reason %q, want %q", *letter.Key, letter.Reason, event.ReasonInvalidValue)
		}
	}
	if len(letters) != len(bad) {
		t.Errorf("%d dead letters, want %d", len(letters), len(bad))
	}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("a file was written: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// The folder cannot be written for a while: the report waits, and is no dead letter.
func TestReportWaitsForItsFolder(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	dir := filepath.Join(t.TempDir(), "target")
	r := kafkatest.StartRun(t, s.Env("REPORT_DIR", dir), configure, run)
	s.Send(event.ReportTopic, "k", event.User{UUID: "first"})
	r.WaitFor("Processing report for first")
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	s.Send(event.ReportTopic, "k", event.User{UUID: "second"})
	r.WaitFor("parado em ECOMMERCE_USER_GENERATE_READING_REPORT")
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	r.WaitFor("Processing report for second")
	if letters := s.Letters(); len(letters) > 0 {
		t.Errorf("dead letters: %v", letters)
	}
	if got, want := names(t, dir), []string{"first-report.txt", "second-report.txt"}; !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
}

func TestPoison(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	streamtest.PoisonBecomesLetters(t, s, event.ReportTopic, group, s.Env("REPORT_DIR", t.TempDir()), configure, run)
}
