package cli

import (
	"slices"
	"strings"
	"testing"
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
