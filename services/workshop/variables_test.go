package workshop

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
)

// variable is one program's variable, as its --help has it.
type variable struct{ program, name, meaning, accepted, fallback string }

// variableLine is a variable in a --help that is not folded.
var variableLine = regexp.MustCompile(`(?m)^  ([A-Za-z_]+) +(.*); accepted: (.*?)(?: \(default (.*)\))?$`)

// withoutMetrics are the programs that have variables and serve no metrics.
var withoutMetrics = []string{"mailbox", "batch-reader", "broken-board", "share-worker"}

// docs/variables.md lists every variable of every program.
func TestVariables(t *testing.T) {
	bin := kafkatest.Binaries(t)
	names := slices.Clone(withoutMetrics)
	for _, p := range served {
		names = append(names, p.name)
	}
	var all []variable
	for _, name := range names {
		help := exec.Command(filepath.Join(bin, name), "--help")
		help.Env = []string{"COLUMNS=10000"} // and none of the variables that it reads
		for _, name := range []string{"HOME", "XDG_CACHE_HOME", "TMPDIR"} {
			help.Env = append(help.Env, name+"="+os.Getenv(name))
		}
		out, err := help.Output()
		if err != nil {
			t.Fatalf("%s --help: %v", name, err)
		}
		_, environment, _ := strings.Cut(string(out), "\nEnvironment:\n")
		environment, _, _ = strings.Cut(environment, "\n\n")
		found := variableLine.FindAllStringSubmatch(environment, -1)
		if lines := strings.Count(strings.TrimSpace(environment), "\n") + 1; len(found) != lines {
			t.Errorf("%s --help: %d variables in %d lines", name, len(found), lines)
		}
		for _, m := range found {
			all = append(all, variable{name, m[1], m[2], m[3], anyMachine(m[4])})
		}
	}
	page, err := os.ReadFile(filepath.Join("testdata", "variables.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(string(page), "TABLE\n", variablesTable(all), 1)
	path := filepath.Join(repository, "docs", "variables.md")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if is, err := os.ReadFile(path); err != nil || string(is) != want {
		t.Errorf("docs/variables.md is out of date (%v): go test ./services/workshop -run TestVariables -update; it has to be\n%s", err, want)
	}
}

// anyMachine returns a default without the folders of this machine.
func anyMachine(fallback string) string {
	if cache, err := os.UserCacheDir(); err == nil {
		fallback = strings.ReplaceAll(fallback, cache, "CACHE")
	}
	if fallback == filepath.Clean(os.TempDir()) {
		return "TEMP"
	}
	return filepath.ToSlash(fallback)
}

// variablesTable has a row for each variable and meaning.
func variablesTable(all []variable) string {
	type row struct{ name, meaning, accepted string }
	of := map[row][]variable{}
	for _, v := range all {
		r := row{v.name, v.meaning, v.accepted}
		of[r] = append(of[r], v)
	}
	rows := slices.SortedFunc(maps.Keys(of), func(a, b row) int {
		return cmp.Or(cmp.Compare(strings.ToUpper(a.name), strings.ToUpper(b.name)), cmp.Compare(of[a][0].program, of[b][0].program))
	})
	var b strings.Builder
	b.WriteString("| variable | what | accepted | default | programs |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.name, r.meaning, r.accepted, defaults(of[r]), who(all, of[r]))
	}
	return b.String()
}

// defaults returns what holds where the variable is not set: one value, or a value for each program.
func defaults(of []variable) string {
	values := map[string][]string{}
	for _, v := range of {
		values[v.fallback] = append(values[v.fallback], v.program)
	}
	var parts []string
	for _, value := range slices.Sorted(maps.Keys(values)) {
		switch shown := "`" + value + "`"; {
		case value == "":
		case len(values) == 1:
			return shown
		default:
			parts = append(parts, shown+" ("+strings.Join(values[value], ", ")+")")
		}
	}
	return strings.Join(parts, ", ")
}

// who names the programs that have the variable.
func who(all, of []variable) string {
	var names []string
	for _, v := range of {
		names = append(names, v.program)
	}
	slices.Sort(names)
	switch {
	case slices.Equal(names, programsWith(all, "WORKSHOP_LANG")):
		return "all"
	case slices.Equal(names, programsWith(all, "LOG_LEVEL", "BOOTSTRAP_SERVERS")):
		return "all that use Kafka"
	case slices.Equal(names, programsWith(all, "GROUP_STRATEGY")): // a share group has members that have none
		return "members of groups"
	}
	return strings.Join(names, ", ")
}

// programsWith returns the programs that have all of these variables.
func programsWith(all []variable, names ...string) []string {
	have := map[string]int{}
	for _, v := range all {
		if slices.Contains(names, v.name) {
			have[v.program]++
		}
	}
	maps.DeleteFunc(have, func(_ string, n int) bool { return n < len(names) })
	return slices.Sorted(maps.Keys(have))
}
