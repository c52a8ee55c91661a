//go:build labs || docker || brokers

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The folders of the pages, by language. The commands are the same in both.
const (
	portuguese = "pt-BR"
	english    = "en"
)

// page is one lab's page: the commands in it, and what it says that they print.
type page struct {
	path   string
	lang   string
	varies []string // names of masks
	steps  []step
}

// step is a fenced block with a command, and the output below it. The words behind «sh» say what the
// command needs, and its exit code where that is not 0. With «background» it runs until the page's end,
// while the next ones are run. A page with a «long» one begins before the others.
type step struct {
	line    int
	command string
	words   []string
	// want is what the page shows of the output, in lines; "..." stands for any number of them. Lines of
	// different programs come in an order of their own each time: then each has its block. None: only the
	// exit code is checked.
	want [][]string
	// screen is what the programs in the background print because of it, in the same form.
	screen [][]string
}

// pages are those of a language.
func pages(t *testing.T, lang string) []page {
	t.Helper()
	paths, err := filepath.Glob("../../../labs/" + lang + "/*.md")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	var all []page
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parsePage(string(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		p.path, p.lang = path, lang
		all = append(all, p)
	}
	return all
}

var declared = regexp.MustCompile(`^<!-- varia: (.*) -->$`)

func parsePage(text string) (p page, err error) {
	lines := strings.Split(text, "\n")
	shown, of := 0, -1 // steps that an output was shown for; the first of those that it is of
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if m := declared.FindStringSubmatch(line); m != nil {
			for _, name := range strings.Fields(m[1]) {
				if masks[name] == nil {
					return p, fmt.Errorf("line %d: there is no mask %q", i+1, name)
				}
				p.varies = append(p.varies, name)
			}
		}
		info, fenced := strings.CutPrefix(line, "```")
		if !fenced {
			continue
		}
		first := i + 1
		indent := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
		}
		var body []string
		for _, l := range lines[first:min(i, len(lines))] {
			body = append(body, strings.TrimPrefix(l, strings.Repeat(" ", indent)))
		}
		switch words := strings.Fields(info); {
		case len(words) > 0 && words[0] == "sh":
			if n := len(p.steps); n > 0 && p.steps[n-1].has("background") {
				shown, of = n, -1 // the output below this one is not that of what runs on
			}
			p.steps = append(p.steps, step{line: first, command: strings.Join(body, "\n"), words: words[1:]})
		case len(words) > 0 && words[0] == "text":
			// Of several ways to run the same, the first is checked word for word; with «text each», all of them.
			// With «text background» it is what the programs in the background print meanwhile.
			if shown < len(p.steps) {
				shown, of = len(p.steps), shown
			}
			if of < 0 {
				return p, fmt.Errorf("line %d: an output before the first command", first)
			}
			for i := of; i == of || i < len(p.steps) && slices.Contains(words, "each"); i++ {
				to := &p.steps[i].want
				if slices.Contains(words, "background") || p.steps[i].has("background") {
					to = &p.steps[i].screen
				}
				*to = append(*to, unfold(body))
			}
		}
	}
	if len(p.steps) == 0 {
		return p, fmt.Errorf("no command: a page without one proves nothing")
	}
	for _, name := range p.varies {
		if !p.shows(masks[name]) {
			return p, fmt.Errorf("nothing that it shows is %q: what varies is less than it says", name)
		}
	}
	return p, nil
}

// shows reports whether a line of an output matches.
func (p page) shows(mask *regexp.Regexp) bool {
	for _, s := range p.steps {
		if slices.ContainsFunc(slices.Concat(slices.Concat(s.want, s.screen)...), mask.MatchString) {
			return true
		}
	}
	return false
}

// has says whether a step needs something.
func (s step) has(word string) bool { return slices.Contains(s.words, word) }

func (s step) exit() string {
	for _, w := range s.words {
		if code, ok := strings.CutPrefix(w, "exit="); ok {
			return code
		}
	}
	return "0"
}

// mask replaces what may differ.
func (p page) mask(line string) string {
	line = strings.TrimRight(line, " ")
	for _, name := range p.varies {
		line = masks[name].ReplaceAllString(line, "*")
	}
	return strings.TrimRight(line, " ")
}

// check compares output with what the page shows, and returns the line of the page that is not there.
func (p page) check(got, want []string) (missing string, ok bool) {
	got = unfold(got)
	at, gap := 0, true // whatever comes before the first line was not quoted
	for _, line := range want {
		if strings.TrimSpace(line) == "..." {
			gap = true
			continue
		}
		found := -1
		for i := at; i < len(got); i++ {
			if p.mask(got[i]) == p.mask(line) {
				found = i
				break
			}
			if !gap {
				break
			}
		}
		if found < 0 {
			return line, false
		}
		at, gap = found+1, false
	}
	if rest := got[at:]; !gap && len(slices.DeleteFunc(slices.Clone(rest), func(s string) bool { return strings.TrimSpace(s) == "" })) > 0 {
		return "(the end: the output goes on with " + rest[0] + ")", false
	}
	return "", true
}

func (p page) name() string { return strings.TrimSuffix(filepath.Base(p.path), ".md") }

// number is what the page begins with, in both languages.
func (p page) number() string { number, _, _ := strings.Cut(p.name(), "-"); return number }

// run runs the steps that are chosen.
func (p page) run(t *testing.T, dir string, chosen func(step) bool) {
	t.Helper()
	steps := slices.DeleteFunc(slices.Clone(p.steps), func(s step) bool { return !chosen(s) })
	var enter []string
	if slices.ContainsFunc(steps, step.mine) {
		enter = ownNetwork(t)
	}
	var background terminal
	for _, s := range steps {
		began, shown := time.Now(), background.now()
		cmd := s.prepare(t, dir, enter)
		cmd.Env = append(cmd.Env, "WORKSHOP_LANG="+p.lang)
		if s.has("background") {
			background.start(t, cmd, s.exit())
		} else {
			p.finish(t, s, cmd)
		}
		for _, want := range s.screen {
			background.await(t, p, shown, want)
		}
		t.Logf("line %d: %s: %s", s.line, s.command, time.Since(began).Round(100*time.Millisecond))
	}
}

// finish runs a command to its end, and compares.
func (p page) finish(t *testing.T, s step, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", s.command, err)
	}
	lines := strings.Split(string(out), "\n")
	if code := exitCode(cmd); code != s.exit() {
		var complaint []byte
		if exit != nil {
			complaint = exit.Stderr
		}
		t.Errorf("line %d: exit code %s, and the page says %s; output:\n%s\non standard error:\n%s", s.line, code, s.exit(),
			strings.Join(lines, "\n"), complaint)
	}
	for _, want := range s.want {
		if missing, ok := p.check(lines, want); !ok {
			t.Errorf("line %d: the output lacks\n%s\nit is:\n%s", s.line, missing, strings.Join(lines, "\n"))
		}
	}
}

func exitCode(cmd *exec.Cmd) string { return strconv.Itoa(cmd.ProcessState.ExitCode()) }

// prepare is a command of a page, as it stands there. Enter runs it in another network.
func (s step) prepare(t *testing.T, dir string, enter []string) *exec.Cmd {
	t.Helper()
	ctx := t.Context() // ends before what is in the background does
	if s.has("background") {
		ctx = context.Background()
	} else {
		most := 3 * time.Minute
		if s.has("docker") || s.has("brokers") || s.has("long") {
			most = 10 * time.Minute // images may be built first, and brokers be started again and again
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, most)
		t.Cleanup(cancel)
	}
	args := append(slices.Clone(enter), "bash", "-c", s.command)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // what it has started holds its output
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "COLUMNS=", "TMPDIR="+t.TempDir()) // what it keeps goes with the test
	if python := os.Getenv("WORKSHOP_PYTHON"); python != "" {
		cmd.Env = append(cmd.Env, "PATH="+filepath.Dir(python)+":"+os.Getenv("PATH"))
	}
	return cmd
}

// classroom is a folder as a student sees it: the programs under bin/, the labs, and python3 with
// kafka-python on the PATH.
func classroom(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"bin": os.Getenv("WORKSHOP_BIN"), "labs": filepath.Join(root, "labs"), "scripts": filepath.Join(root, "scripts"),
		"compose": filepath.Join(root, "compose"),
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
