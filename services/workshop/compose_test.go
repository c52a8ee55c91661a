package workshop

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// On a slow laptop a broker took 174 s to be healthy, and what waits for it takes longer. What is healthy sooner counts at once.
func TestStartPeriodsCoverASlowLaptop(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "compose", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	period, checks := regexp.MustCompile(`(?m)^ +start_period: (\S+)$`), 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := period.FindAllStringSubmatch(string(text), -1)
		if n := strings.Count(string(text), " interval: "); n != len(found) {
			t.Errorf("%s: %d health checks with an interval, %d with a start period", filepath.Base(file), n, len(found))
		}
		for _, m := range found {
			if d, err := time.ParseDuration(m[1]); err != nil || d < 4*time.Minute {
				t.Errorf("%s: start_period %s, want 4 minutes or more", filepath.Base(file), m[1])
			}
		}
		checks += len(found)
	}
	if checks < 5 {
		t.Errorf("%d health checks in %d files", checks, len(files))
	}
}
