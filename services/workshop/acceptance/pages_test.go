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
	"testing"
	"time"
)

// page is one lab's page: the commands in it, and what it says that they print.
type page struct {
	path   string
	varies []string // names of masks
	steps  []step
}

// step is a fenced block with a command, and the output below it. The words behind «sh» say what the
// command needs, and its exit code where that is not 0.
type step struct {
	line    int
	command string
	words   []string
	// want is what the page shows of the output, in lines; "..." stands for any number of them. Lines of
	// different programs come in an order of their own each time: then each has its block. None: only the
	// exit code is checked.
	want [][]string
}

// masks are the fields that differ from run to run. A page declares which of them it uses: all else has
// to come out as it is written.
var masks = map[string]*regexp.Regexp{
	"partida":  regexp.MustCompile(`\b[0-9a-f]{8}\b`),
	"hora":     regexp.MustCompile(`\b\d{10}\.\d{1,7}\b`),
	"porta":    regexp.MustCompile(`\b(localhost|127\.0\.0\.1):\d+\b`),
	"tempo":    regexp.MustCompile(`\b\d+([.,]\d+)? ?(ms|s)\b`),
	"broker":   regexp.MustCompile(`\bbroker \d\b|\[\d \d\]`),
	"lista":    regexp.MustCompile(`\b\d+ \(ids? [^)]*\)`),                      // how many, and which
	"tira":     regexp.MustCompile(`^  \d.*$`),                                  // the strip of ids
	"retoma":   regexp.MustCompile(`\b(confirmado até o|continua no) id \d+\b`), // where a restart begins
	"offset":   regexp.MustCompile(`\boffset \d+\b`),
	"exibidas": regexp.MustCompile(`\bexibidas \d\b`), // a few: not those of a whole match
	"eventos":  regexp.MustCompile(`\b\d+ eventos novos\b`),
	"barrado":  regexp.MustCompile(`^enviadas [1-3]\d · confirmadas [1-3]\d · no tópico [1-3]\d\b`), // part of a match
	"contagem": regexp.MustCompile(`\b(confirmadas \d+|\d+ de \d+ eventos)\b`),                      // as many as there was time for
	"muitas":   regexp.MustCompile(`^enviadas \d{3,} · confirmadas \d{3,} · no tópico \d{3,}\b`),    // as many as there was time for
	"tópico":   regexp.MustCompile(`· no tópico \d+\b`),
	"quantas":  regexp.MustCompile(`\bproduzidas \d+ · exibidas \d+\b`), // as many as there was time for
	"repete":   regexp.MustCompile(`\brepetidas \d+( \(ids? [^)]*\))?`),
	"salto":    regexp.MustCompile(`(uma vez|\d+ vezes); a pior, de \d+ - \d+ para \d+ - \d+|última linha da tela é \d+ - \d+`),
	"gols":     regexp.MustCompile(`gols em cada partição: [\d, ]+`),
	"exibido":  regexp.MustCompile(`exibido até o id \d+`),
	// What has no key: where it went, and in which order it is read.
	"sorteio":  regexp.MustCompile(`sem chave: partição \d, offset \d|Partição \d:( \d,?)*$|uma partição depois da outra: [\d ]+`),
	"líder":    regexp.MustCompile(`\bTopicId: \S+|\bLeader: \d|\bReplicas: [\d,]+|\bIsr: [\d,]+`), // as kafka-topics says it
	"linha":    regexp.MustCompile(`^\d( +[\d,]+){2,3}`),                                           // a partition, its leader and replicas
	"papel":    regexp.MustCompile(`\bv3\.9 +\d+ +\d+ +(-|controller)`),
	"instante": regexp.MustCompile(`\b\d{4}-\d\d-\d\dT[\d:.]+Z`),
	"pid":      regexp.MustCompile(`\(pid \d+\)`),
	"cluster":  regexp.MustCompile(`\bcluster [\w-]{22}`),
	"pedidos":  regexp.MustCompile(`\b\d+ pedidos (a caminho|perdidos)\b|\bos outros \d+\b|\b(sem resposta|antes de marcar|morte do gateway): \d+\b`), // where kills strike
	"corrida":  regexp.MustCompile(`\b\d+ dos \d+ pedidos aceitos|\bas decisões somam [\d.]+`),
	"razão":    regexp.MustCompile(`\b\d+ e-mails contra \d+ em 3 partições: \d,\d\d vezes`),
	"colunas":  regexp.MustCompile(` {2,}`), // as wide as the longest name of the cluster
}

// pages are those of a language.
func pages(t *testing.T) []page {
	t.Helper()
	paths, err := filepath.Glob("../../../labs/pt-BR/*.md")
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
		p.path = path
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
			p.steps = append(p.steps, step{line: first, command: strings.Join(body, "\n"), words: words[1:]})
		case len(words) > 0 && words[0] == "text":
			// Of several ways to run the same, the first is checked word for word; with «text each», all of them.
			if shown < len(p.steps) {
				shown, of = len(p.steps), shown
			}
			if of < 0 {
				return p, fmt.Errorf("line %d: an output before the first command", first)
			}
			for i := of; i == of || i < len(p.steps) && slices.Contains(words, "each"); i++ {
				p.steps[i].want = append(p.steps[i].want, body)
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
		if slices.ContainsFunc(slices.Concat(s.want...), mask.MatchString) {
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

// run runs the steps that are chosen.
func (p page) run(t *testing.T, dir string, chosen func(step) bool) {
	t.Helper()
	for _, s := range p.steps {
		if !chosen(s) {
			continue
		}
		began := time.Now()
		lines, complaint, code := runStep(t, dir, s)
		t.Logf("line %d: %s: exit code %s after %s", s.line, s.command, code, time.Since(began).Round(100*time.Millisecond))
		if code != s.exit() {
			t.Errorf("line %d: exit code %s, and the page says %s; output:\n%s\non standard error:\n%s", s.line, code, s.exit(), strings.Join(lines, "\n"), complaint)
		}
		for _, want := range s.want {
			if missing, ok := p.check(lines, want); !ok {
				t.Errorf("line %d: the output lacks\n%s\nit is:\n%s", s.line, missing, strings.Join(lines, "\n"))
			}
		}
	}
}

// runStep runs a command of a page, as it stands there. Complaint is its standard error, where it failed.
func runStep(t *testing.T, dir string, s step) (lines []string, complaint, code string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", s.command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir()) // what it keeps goes with the test
	if python := os.Getenv("WORKSHOP_PYTHON"); python != "" {
		cmd.Env = append(cmd.Env, "PATH="+filepath.Dir(python)+":"+os.Getenv("PATH"))
	}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", s.command, err)
	}
	if exit != nil {
		complaint = string(exit.Stderr)
	}
	return strings.Split(string(out), "\n"), complaint, strconv.Itoa(cmd.ProcessState.ExitCode())
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
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
