package kafka_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// screen lists the packages that know of a screen, its words or the environment. Neither kafka nor group depends on
// one, not even by way of another package. The packages that connect them to a program are the control.
var screen = []string{"workshop.example/kit/fold", "workshop.example/kit/lines", "workshop.example/kit/service"}

func onScreen(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pkg).Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v", pkg, err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(dep string) bool { return !slices.Contains(screen, dep) })
}

func TestLibraryDoesNotKnowTheScreen(t *testing.T) {
	t.Parallel()
	for pkg, want := range map[string]bool{
		"workshop.example/kit/kafka":         false,
		"workshop.example/kit/kafka/group":   false,
		"workshop.example/kit/kafka/publish": false,
		"workshop.example/kit/kafkaenv":      true,
		"workshop.example/kit/lines":         true,
	} {
		if got := onScreen(t, pkg); (len(got) > 0) != want {
			t.Errorf("%s depends on %q, want dependence %t", pkg, got, want)
		}
	}
}
