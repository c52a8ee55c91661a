package workshop

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"workshop.example/workshop/drill"
	"workshop.example/workshop/lab"
)

// module is the import path of the tool, and the prefix of its rooms' paths.
const module = "workshop.example/workshop"

// rooms lists the packages of this module by their folders, each with the rooms that it may import. Another module of
// the repository is one room, named for its folder.
//
// The order is cmd/workshop, cli, what the commands do, screen, kit: a room imports no room above it and none beside it.
var rooms = map[string][]string{
	"cmd/workshop": {"cli"},
	"cli": {"local", "guard", "lab", "student", "drill", "experiment", "progress", "admin", "doctor", "rig", "report", "screen", "secrets",
		"kit", "admin/reset", "admin/topic", "admin/session"},

	"local":      {"screen", "kit", "ecommerce"},
	"guard":      {},
	"progress":   {"kit"},
	"lab":        {"experiment", "student", "match", "rig", "report", "screen", "kit", "ecommerce"},
	"student":    {"match", "rig", "report", "kit"},
	"drill":      {"experiment", "rig", "report", "screen", "kit"},
	"experiment": {"rig", "report", "kit"},
	"match":      {"rig", "report", "kit"},
	"rig":        {"screen", "kit"},
	"report":     {"kit"},
	"admin":      {"admin/cluster", "admin/topic", "admin/group", "admin/message", "admin/deadletter", "admin/user", "admin/session"},
	"doctor":     {"screen", "kit"},
	"secrets":    {"kit"},
	"screen":     {"kit"},
	"kit":        {"kit"},

	// Within admin: the nouns know no siblings, and what they share knows no noun.
	"admin/cluster":     {"admin/session", "kit"},
	"admin/topic":       {"admin/session", "admin/offset", "screen", "kit"},
	"admin/group":       {"admin/session", "admin/offset", "admin/coordinator", "kit"},
	"admin/message":     {"admin/session", "admin/offset", "admin/format", "kit"},
	"admin/deadletter":  {"admin/session", "admin/offset", "admin/coordinator", "admin/format", "kit"},
	"admin/user":        {"admin/session", "secrets", "kit"},
	"admin/reset":       {"admin/session", "admin/offset", "admin/coordinator", "kit"},
	"admin/coordinator": {"admin/session", "admin/offset", "kit"},
	"admin/offset":      {"admin/session", "kit"},
	"admin/format":      {"admin/session"},
	"admin/session":     {"screen", "kit"},

	// Programs of their own.
	"acceptance":              {},
	"acceptance/campaign":     {"kit"},
	"acceptance/lag-exporter": {"kit"},
	"lab/controltest":         {},
	"batch-reader":            {"kit"},
	"broken-board":            {"kit"},
	"share-worker":            {"kit"},
	"cmd/batch-reader":        {"batch-reader"},
	"cmd/kafka-workshop": {"cli", "batch-reader", "broken-board", "share-worker",
		"consumer", "ecommerce", "monitor", "producer", "score-simulator", "scoreboard"},
	"cmd/broken-board": {"broken-board"},
	"cmd/share-worker": {"share-worker"},

	// The tests of the whole repository.
	"": {},

	// For tests: no room above may import it.
	"standin":         {"local", "kit"},
	"admin/admintest": {"admin/session", "admin/offset", "admin/coordinator", "kit"},
}

// only holds who may import a package that would spread through all rooms otherwise. Everyone may import others.
var only = map[string][]string{
	"os/signal": {"cli", "acceptance/campaign", "kit"}, // signals are the business of who owns the process
	"github.com/spf13/cobra": { // admin makes commands, and cli mounts them
		"cli", "admin", "admin/cluster", "admin/topic", "admin/group", "admin/message", "admin/deadletter", "admin/user", "admin/reset",
		"admin/session", "admin/admintest",
	},
}

// roomOf returns the room of a package; "" for one of the standard library or of somebody else's.
func roomOf(path string) string {
	path, ours := strings.CutPrefix(path, "workshop.example/")
	switch service, room, _ := strings.Cut(path, "/"); {
	case !ours:
		return ""
	case service != "workshop":
		return service
	default:
		return room
	}
}

// refusal returns the rule that an import breaks, "" if it breaks none.
func refusal(from, to string) string {
	room := roomOf(from)
	allowed, known := rooms[room]
	if !known {
		return "each room says in rooms_test.go what it imports"
	}
	if few, restricted := only[to]; restricted && !slices.Contains(few, room) {
		return "only " + strings.Join(few, ", ") + " may"
	}
	target := roomOf(to)
	switch {
	case target == "" || slices.Contains(allowed, target):
		return ""
	case len(allowed) == 0:
		return room + " may import no other room"
	}
	return room + " may import " + strings.Join(allowed, ", ") + ": never upwards, and not sideways"
}

// imports lists what each package of the module and of kit imports, without its tests.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...", "workshop.example/kit/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		all[words[0]] = words[1:]
	}
	return all
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	seen := map[string]bool{}
	for from, all := range imports(t) {
		seen[roomOf(from)] = true
		for _, to := range all {
			if rule := refusal(from, to); rule != "" {
				t.Errorf("%s imports %s: %s", from, to, rule)
			}
		}
	}
	for room := range rooms {
		if !seen[room] {
			t.Errorf("there is no room %q", room)
		}
	}
}

// The control: made-up imports, each against a rule, and some against none.
func TestWrongImportIsRefused(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool // refused
	}{
		{module + "/local", module + "/cli", true},
		{module + "/screen", module + "/lab", true},
		{module + "/lab", module + "/cmd/workshop", true},
		{module + "/rig", module + "/lab", true},
		{module + "/rig", module + "/report", true},
		{module + "/report", module + "/rig", true},
		{module + "/match", module + "/student", true},
		{module + "/drill", module + "/lab", true},
		{module + "/experiment", module + "/lab", true},
		{module + "/local", module + "/guard", true},
		{module + "/lab", module + "/drill", true},
		{module + "/admin", module + "/doctor", true},
		{module + "/cmd/workshop", module + "/lab", true},
		{module + "/cli", module + "/standin", true},
		{module + "/lab", "os/signal", true},
		{module + "/local", "github.com/spf13/cobra", true},
		{module + "/guard", "workshop.example/kit/service", true},
		{"workshop.example/kit/kafka", module + "/screen", true},
		{"workshop.example/kit/kafka", "workshop.example/ecommerce/shoptest", true},
		{"workshop.example/kit/event", "workshop.example/producer", true},
		{module + "/a-new-room", "fmt", true},
		{module + "/admin/topic", module + "/admin/group", true},
		{module + "/admin/reset", module + "/admin/topic", true},
		{module + "/admin/session", module + "/admin/topic", true},
		{module + "/admin/session", module + "/admin/offset", true},
		{module + "/admin/offset", module + "/admin/coordinator", true},
		{module + "/admin/coordinator", module + "/admin/group", true},
		{module + "/admin/topic", module + "/admin", true},
		{module + "/admin/topic", module + "/cli", true},
		{module + "/admin/message", module + "/admin/admintest", true},
		{module + "/admin/topic", module + "/lab", true},
		{module + "/local", module + "/admin/session", true},
		{module + "/cli", module + "/admin/coordinator", true},
		{module + "/admin", module + "/admin/offset", true},
		{module + "/admin/topic", "os/signal", true},
		{module + "/admin/offset", "github.com/spf13/cobra", true},
		{module + "/admin/a-new-room", "fmt", true},

		{module + "/cmd/workshop", module + "/cli", false},
		{module + "/cli", module + "/lab", false},
		{module + "/cli", "os/signal", false},
		{module + "/local", "workshop.example/kit/service", false},
		{module + "/local", "github.com/IBM/sarama", false},
		{module + "/cli", module + "/admin/reset", false},
		{module + "/admin", module + "/admin/topic", false},
		{module + "/admin/group", module + "/admin/coordinator", false},
		{module + "/admin/group", "github.com/spf13/cobra", false},
	} {
		if rule := refusal(c.from, c.to); (rule != "") != c.want {
			t.Errorf("%s imports %s: refused %t (%s), want %t", c.from, c.to, rule != "", rule, c.want)
		}
	}
}

// experimentsNamed returns the labs and drills that a source names.
func experimentsNamed(source string) []string {
	return slices.DeleteFunc(append(lab.Labs.Names(), drill.Drills.Names()...), func(name string) bool {
		return !strings.Contains(source, strconv.Quote(name))
	})
}

// What all experiments stand on knows none of them.
func TestThePlatformNamesNoExperiment(t *testing.T) {
	for _, room := range []string{"rig", "report", "experiment", "match"} {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", room, len(files), err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if named := experimentsNamed(string(source)); len(named) > 0 && !strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s names %v", file, named)
			}
		}
	}
	if got := experimentsNamed(`if name == "acks" || name == "kill-leader" { // as order does`); !slices.Equal(got, []string{"acks", "kill-leader"}) {
		t.Errorf("the control: found %v", got)
	}
}
