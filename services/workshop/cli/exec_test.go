package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workshop.example/workshop/local"
)

func TestProgramIsCalledByItsName(t *testing.T) {
	called := ""
	programs := map[string]func(){}
	for _, name := range []string{"producer", "score-simulator"} {
		programs[name] = func() { called = name }
	}
	for _, c := range []struct{ line, want, seen string }{
		{"/somewhere/producer --pace 0", "producer", "/somewhere/producer --pace 0"},
		{"score-simulator.exe", "score-simulator", "score-simulator.exe"},
		{"workshop exec producer --pace 0", "producer", "producer --pace 0"},
		{"workshop.exe exec score-simulator", "score-simulator", "score-simulator"},
		{"workshop producer", "", "workshop producer"},
		{"workshop exec nobody", "", "nobody"},
		{"workshop exec", "", "workshop exec"},
		{"workshop-v1.2.3", "", "workshop-v1.2.3"},
	} {
		called = ""
		run, seen := programOf(programs, strings.Fields(c.line))
		if run != nil {
			run()
		}
		if called != c.want || run != nil && !slices.Equal(seen, strings.Fields(c.seen)) {
			t.Errorf("%s: ran %q, which saw %q; want %q and %q", c.line, called, seen, c.want, c.seen)
		}
	}
}

// A second time changes nothing, and a file of another's stays as it is.
func TestProgramsAreLinkedOnce(t *testing.T) {
	dir := t.TempDir()
	file, taken := filepath.Join(dir, "workshop"), local.Binary(dir, "consumer")
	for path, text := range map[string]string{file: "all", taken: "somebody's"} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		err := linkTo(file, []string{"consumer", "producer", "scoreboard"})
		if err == nil || !strings.Contains(err.Error(), taken+" is another file") || strings.Count(err.Error(), "\n") != 0 {
			t.Errorf("%v", err)
		}
	}
	for path, want := range map[string]string{
		taken: "somebody's", local.Binary(dir, "producer"): "all", local.Binary(dir, "scoreboard"): "all",
	} {
		if got, err := os.ReadFile(path); string(got) != want {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
}
