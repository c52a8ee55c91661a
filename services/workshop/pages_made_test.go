package workshop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"workshop.example/kit/service"
	"workshop.example/workshop/drill"
	"workshop.example/workshop/lab"
)

// The pages in labs/pt-BR and labs/en are made from labs/pages, where each has both languages: its commands stand there once. A line
// «::: pt» begins what is for the Portuguese page alone, «::: en» what is for the English one, «:::» what is for both; «::: why NAME» puts
// the reason of a lab or a drill from its text file there. «<!-- en: NN-NAME -->» at the top is the English page's name where it differs.
const pagesAreMadeBy = "go test ./services/workshop -run TestPagesAreMade -update"

// pageFolders are where the pages of each language are.
var pageFolders = map[service.Lang]string{service.Portuguese: "pt-BR", service.English: "en"}

func TestPagesAreMade(t *testing.T) {
	made := map[string]bool{}
	for _, source := range pageSources(t) {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parseSource(filepath.Base(source), string(text))
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		for lang, folder := range pageFolders {
			path := filepath.Join(repository, "labs", folder, p.file[lang])
			made[path] = true
			if *update {
				if err := os.WriteFile(path, []byte(p.page(lang)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != p.page(lang) {
				t.Errorf("%s is not what %s makes it (%v): %s", path, source, err, pagesAreMadeBy)
			}
		}
	}
	for _, folder := range pageFolders {
		paths, err := filepath.Glob(filepath.Join(repository, "labs", folder, "*.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if !made[path] {
				t.Errorf("nothing in labs/pages makes %s", path)
			}
		}
	}
}

func pageSources(t *testing.T) []string {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(repository, "labs", "pages", "*.md"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	return sources
}

// pageSource is a page in both languages.
type pageSource struct {
	file map[service.Lang]string // the names of the pages
	body map[service.Lang][]string
}

var englishName = regexp.MustCompile(`^<!-- en: ([a-z0-9-]+) -->$`)

func parseSource(name, text string) (pageSource, error) {
	p := pageSource{
		file: map[service.Lang]string{service.Portuguese: name, service.English: name},
		body: map[service.Lang][]string{},
	}
	both := []service.Lang{service.Portuguese, service.English}
	into, fence := both, false
	var wrong []error
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fail := func(what string) { wrong = append(wrong, fmt.Errorf("line %d: %s", i+1, what)) }
		if m := englishName.FindStringSubmatch(line); m != nil {
			p.file[service.English] = m[1] + ".md"
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fence = !fence
		}
		mark, marks := strings.CutPrefix(line, ":::")
		if !marks {
			for _, lang := range into {
				p.body[lang] = append(p.body[lang], line)
			}
			continue
		}
		if fence {
			fail("in the middle of a block of code")
		}
		switch word, name, _ := strings.Cut(strings.TrimSpace(mark), " "); {
		case word == "pt" && len(into) == 2:
			into = both[:1]
		case word == "en" && len(into) == 1 && into[0] == service.Portuguese:
			into = both[1:]
		case word == "" && len(into) == 1 && into[0] == service.English:
			into = both
		case word == "why" && len(into) == 2:
			why, found := whyOf(name)
			if !found {
				fail(fmt.Sprintf("no lab and no drill is named %q", name))
			}
			for _, lang := range both {
				p.body[lang] = append(p.body[lang], strings.TrimSpace(why.In(lang)))
			}
		default:
			fail(line + " is not expected here: «::: pt», its text, «::: en», its text, «:::»")
		}
	}
	if len(into) != 2 || fence {
		wrong = append(wrong, errors.New("the last part has no end"))
	}
	for kind, found := range sameInBoth {
		pt, en := found.FindAllString(p.page(service.Portuguese), -1), found.FindAllString(p.page(service.English), -1)
		if len(pt) != len(en) {
			wrong = append(wrong, fmt.Errorf("%s: %d in Portuguese, %d in English", kind, len(pt), len(en)))
		}
	}
	return p, errors.Join(wrong...)
}

// sameInBoth is what both pages have as many of.
var sameInBoth = map[string]*regexp.Regexp{
	"headings": regexp.MustCompile(`(?m)^#+ `),
	"items":    regexp.MustCompile(`(?m)^ *(\d+\.|[*-]) `),
	"lines":    regexp.MustCompile(`(?m)^ *\|`), // of tables
	"fences":   regexp.MustCompile("(?m)^ *```"),
	"links":    regexp.MustCompile(`\]\(`),
}

// The control: a page that lacks something in one language is refused.
func TestHalfAPageIsRefused(t *testing.T) {
	whole := "::: pt\n# 1. Um\n::: en\n# 1. One\n:::\n\n```sh\nx\n```\n\n::: why at-most-once\n"
	if p, err := parseSource("01-um.md", "<!-- en: 01-one -->\n"+whole); err != nil || p.file[service.English] != "01-one.md" {
		t.Fatalf("%v, %+v", err, p)
	}
	for out, instead := range map[string]string{
		"::: en\n# 1. One\n": "", "# 1. One\n": "", "::: pt\n": "", "\n:::\n": "\n", "```\n\n": "", "at-most-once": "nothing", "::: why": "::: reason",
	} {
		if _, err := parseSource("01-um.md", strings.Replace(whole, out, instead, 1)); err == nil {
			t.Errorf("without %q it is accepted", out)
		}
	}
}

func whyOf(name string) (service.Text, bool) {
	if l, ok := lab.Labs.Find(name); ok {
		return l.Why, true
	}
	d, ok := drill.Drills.Find(name)
	return d.Why, ok
}

var blankLines = regexp.MustCompile(`\n{3,}`)

// page is the page in a language. Behind its title it leads to the other one.
func (p pageSource) page(lang service.Lang) string {
	other, word := service.English, "English"
	if lang == service.English {
		other, word = service.Portuguese, "Português"
	}
	text := strings.TrimSpace(blankLines.ReplaceAllString(strings.Join(p.body[lang], "\n"), "\n\n"))
	title, rest, _ := strings.Cut(text, "\n")
	return fmt.Sprintf("%s\n\n*[%s](../%s/%s)*\n%s\n\n<!-- Made from ../pages/%s: %s -->\n",
		title, word, pageFolders[other], p.file[other], rest, p.file[service.Portuguese], pagesAreMadeBy)
}
