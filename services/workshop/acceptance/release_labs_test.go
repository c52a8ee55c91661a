//go:build labs

package acceptance

import (
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"workshop.example/workshop/local"
)

// release unpacks the archive of a system from the folder that WORKSHOP_RELEASE names, or builds the one binary as scripts/release
// does. It returns the folder, which holds nothing else.
func release(t *testing.T, goos, goarch string) (dir, tool string) {
	t.Helper()
	dir = t.TempDir()
	name := "workshop"
	if goos == "windows" {
		name += ".exe"
	}
	if releases := os.Getenv("WORKSHOP_RELEASE"); releases != "" {
		dir = unpack(t, fmt.Sprintf("%s/*_%s_%s.*", releases, goos, goarch), dir)
		return dir, filepath.Join(dir, "bin", name)
	}
	tool = filepath.Join(dir, "bin", name)
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", tool, "./services/workshop/cmd/kafka-workshop")
	build.Dir = root(t)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir, tool
}

// unpack unpacks the one archive that matches a pattern, and returns its folder.
func unpack(t *testing.T, pattern, dir string) string {
	t.Helper()
	archives, err := filepath.Glob(pattern)
	if err != nil || len(archives) != 1 {
		t.Fatalf("%s: %v, %v; want one archive", pattern, archives, err)
	}
	if strings.HasSuffix(archives[0], ".zip") {
		var files *zip.ReadCloser
		if files, err = zip.OpenReader(archives[0]); err == nil {
			defer files.Close()
			err = os.CopyFS(dir, files)
		}
	} else {
		err = exec.Command("tar", "-xzf", archives[0], "-C", dir).Run()
	}
	if err != nil {
		t.Fatalf("%s: %v", archives[0], err)
	}
	folders, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(folders) != 1 {
		t.Fatalf("%s holds %v, %v; want one folder", archives[0], folders, err)
	}
	return folders[0]
}

// A laptop gets one file, and from it alone a lab runs, with the programs that it starts beside itself.
func TestReleaseIsOneFile(t *testing.T) {
	dir, tool := release(t, runtime.GOOS, runtime.GOARCH)
	info, err := os.Stat(tool)
	if err != nil {
		t.Fatal(err)
	}
	if size := info.Size(); size > 40_000_000 {
		t.Errorf("the binary has %d bytes, at most 40,000,000 were promised", size)
	}
	output := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "WORKSHOP_LANG=en", "BOOTSTRAP_SERVERS=", "XDG_STATE_HOME="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	wants := func(out, text string) {
		t.Helper()
		if !strings.Contains(out, text) {
			t.Errorf("the output lacks %q:\n%s", text, out)
		}
	}
	wants(output(tool, "lab", "run", "at-most-once", "--pace", "20ms"), "as predicted for at-most-once")
	wants(output(tool, "exec", "producer", "--version"), "producer ")

	if os.Getenv("WORKSHOP_RELEASE") == "" { // whose archives have links
		wants(output(tool, "exec", "--link"), " programs in ")
	}
	link := local.Binary(filepath.Dir(tool), "producer")
	wants(output(link, "--version"), "producer ")
	wants(output(link, "--help"), "PACE")

	mains, err := filepath.Glob(filepath.Join(root(t), "services", "*", "cmd", "*"))
	if err != nil || len(mains) < 18 {
		t.Fatalf("%d programs, %v", len(mains), err)
	}
	for _, main := range mains {
		if name := filepath.Base(main); !strings.HasSuffix(name, "workshop") {
			wants(output(tool, "exec", name, "--help"), name)
		}
	}
}

// The control: without the programs within it the same file in the same place runs no lab.
func TestToolAloneRunsNoLab(t *testing.T) {
	dir := t.TempDir()
	tool := local.Binary(dir, "workshop")
	data, err := os.ReadFile(local.Binary(os.Getenv("WORKSHOP_BIN"), "workshop"))
	if err == nil {
		err = os.WriteFile(tool, data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "lab", "run", "at-most-once").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "não há ") {
		t.Errorf("%v\n%s", err, out)
	}
}
