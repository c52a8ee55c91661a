package workshop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/lab"
)

// repository is where the READMEs and the labs' pages are.
const repository = "../.."

// Every lab has its page, and its line in the index, in the order of the course. The pages' commands and
// outputs are the acceptance tests' matter (scripts/lane-labs).
func TestEveryLabHasItsPage(t *testing.T) {
	for folder, index := range map[string]string{"pt-BR": "README.md", "en": "README.en.md"} {
		t.Run(folder, func(t *testing.T) { everyLabHasItsPage(t, folder, filepath.Join(repository, "labs", index)) })
	}
}

func everyLabHasItsPage(t *testing.T, folder, index string) {
	text, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \| \[([a-z-]+)\]\((.*?)\) \|`).FindAllStringSubmatch(string(text), -1) {
		number, name, page := m[1], m[2], m[3]
		listed = append(listed, name)
		if want := fmt.Sprintf("%s/%02s-%s.md", folder, number, name); page != want {
			t.Errorf("%s links lab %s to %s, want %s", index, name, page, want)
		}
		text, err := os.ReadFile(filepath.Join(repository, "labs", page))
		if err != nil {
			continue // a link to nowhere, which is another test's; or the lab is, and has no page: below
		}
		if want := "# " + number + ". "; !strings.HasPrefix(string(text), want) {
			t.Errorf("%s does not begin with %q", page, want)
		}
		if !strings.Contains(string(text), "lab run "+name+"\n") {
			t.Errorf("%s does not run %s", page, name)
		}
	}
	var order []string
	for _, l := range lab.Labs.All() {
		order = append(order, l.Name)
		if pages, _ := filepath.Glob(filepath.Join(repository, "labs", folder, "[0-9][0-9]-"+l.Name+".md")); len(pages) != 1 {
			t.Errorf("lab %s has %d pages, want 1", l.Name, len(pages))
		}
	}
	if !slices.Equal(listed, order) {
		t.Errorf("%s lists, in this order, %v, want %v", index, listed, order)
	}
}

// Every lab's page has what a student needs: see lacking.
func TestEveryPageIsWhole(t *testing.T) {
	for lang, folder := range pageFolders {
		for _, l := range lab.Labs.All() {
			for _, lack := range lacking(lang, l, pageOf(t, folder, l)) {
				t.Errorf("the page of %s in %s lacks %s", l.Name, folder, lack)
			}
		}
	}
}

// And so has every page about the shop: its commands stand behind a shop that runs in another terminal.
func TestEveryPageOfTheShopIsWhole(t *testing.T) {
	for lang, folder := range pageFolders {
		pages := shopPages(t, folder)
		for path, text := range pages {
			for _, lack := range lacking(lang, experiment.Spec{}, text) {
				t.Errorf("%s lacks %s", path, lack)
			}
		}
		if len(pages) < 5 {
			t.Errorf("%d pages in %s run the shop: there are more", len(pages), folder)
		}
	}
}

// shopPages are those that run the e-commerce system, and no lab.
func shopPages(t *testing.T, folder string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(repository, "labs", folder, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "```sh background\nbin/workshop up --ecommerce") {
			pages[path] = string(text)
		}
	}
	return pages
}

// The control: whatever is taken out of a page that is whole is missed.
func TestHalfAPageIsFound(t *testing.T) {
	l, _ := lab.Labs.Find("at-most-once")
	whole := pageOf(t, "pt-BR", l)
	for _, c := range []struct{ out, instead, lack string }{
		{"**Objetivo.**", "", "its goal"},
		{"## Antes de rodar: a sua previsão", "## Teoria", "the section «Antes de rodar: a sua previsão»"},
		{"Escreva num papel", "Pense", "a prediction to write down"},
		{"```sh\nbin/workshop lab run at-most-once\n", "```sh\nbin/workshop lab list\n", "its command with Go"},
		{"docker compose run --rm workshop lab run at-most-once\n", "docker compose up\n", "its command with Docker"},
		{"```text", "```", "what there is to see"},
		{"## Por quê", "## No código", "the section «Por quê»"},
		{"../../services/", "https://example.org/", "a link into the code"},
		{"\n2. ", "\n", "two exercises"},
		{"   ```sh python", "   ```python", "a command in exercise 2"},
	} {
		half := strings.ReplaceAll(whole, c.out, c.instead)
		if half == whole {
			t.Errorf("there is no %q in the page: then this proves nothing", c.out)
		}
		if got := lacking(service.Portuguese, l, half); !slices.Contains(got, c.lack) {
			t.Errorf("without %q it is said to lack %q, want %q", c.out, got, c.lack)
		}
	}
}

// Every page has a drawing, with its title and a description for a reader who does not see it.
func TestEveryPageHasADrawing(t *testing.T) {
	for _, folder := range pageFolders {
		paths, err := filepath.Glob(filepath.Join(repository, "labs", folder, "*.md"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no pages in %s: %v", folder, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, lack := range undrawn(string(text)) {
				t.Errorf("%s lacks %s", path, lack)
			}
		}
	}
}

// The control: a page without a drawing is found, and so is a drawing, also the second one, without its texts.
func TestAPageWithoutADrawingIsFound(t *testing.T) {
	whole := "# 1\n\n```mermaid\nflowchart LR\n  accTitle: t\n  accDescr: d\n  a --> b\n```\n"
	inBraces := strings.Replace(whole, "accDescr: d", "accDescr {\n    d\n  }", 1)
	for page, lack := range map[string]string{
		"# 1\n": "a drawing", "```text\n  accTitle: t\n  accDescr: d\n```\n": "a drawing",
		strings.Replace(whole, "Title: t", "Title:", 1):                "accTitle in drawing 1",
		strings.Replace(whole, "  accDescr: d\n", "", 1):               "accDescr in drawing 1",
		strings.Replace(inBraces, "    d\n", "", 1):                    "accDescr in drawing 1",
		whole + strings.Replace(whole, "  accTitle: t\n", "", 1):       "accTitle in drawing 2",
		whole + strings.ReplaceAll(whole, "  accDescr: d", "accDescr"): "accDescr in drawing 2",
	} {
		if got := undrawn(page); !slices.Equal(got, []string{lack}) {
			t.Errorf("%q is said to lack %q, want %q", page, got, lack)
		}
	}
	for _, page := range []string{whole, inBraces, whole + inBraces} {
		if got := undrawn(page); len(got) > 0 {
			t.Errorf("%q is said to lack %q", page, got)
		}
	}
}

var (
	drawing         = regexp.MustCompile("(?ms)^ *```mermaid\n(.*?)^ *```$")
	textsOfDrawings = map[string]*regexp.Regexp{
		"accTitle": regexp.MustCompile(`(?m)^ *accTitle: \S`),
		"accDescr": regexp.MustCompile(`(?m)^ *accDescr(: \S| \{\n *[^\s}])`), // a long one stands in braces
	}
)

// undrawn is what a page lacks of its drawings.
func undrawn(page string) (lacks []string) {
	drawings := drawing.FindAllStringSubmatch(page, -1)
	if len(drawings) == 0 {
		return []string{"a drawing"}
	}
	for i, d := range drawings {
		for name, text := range textsOfDrawings {
			if !text.MatchString(d[1]) {
				lacks = append(lacks, fmt.Sprintf("%s in drawing %d", name, i+1))
			}
		}
	}
	return lacks
}

func pageOf(t *testing.T, folder string, l experiment.Spec) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(repository, "labs", folder, "[0-9][0-9]-"+l.Name+".md"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("pages of %s: %v, %v", l.Name, paths, err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// headings are the words that a lab's page has in a language, the sections in this order.
type headings struct{ goal, paper, predict, run, see, why, code, exercises string }

var headingsOf = map[service.Lang]headings{
	service.Portuguese: {
		"**Objetivo.**", "num papel", "Antes de rodar: a sua previsão", "Rode", "O que você vai ver", "Por quê", "No código", "Exercícios",
	},
	service.English: {
		"**Goal.**", "on paper", "Before you run it: your prediction", "Run it", "What you will see", "Why", "In the code", "Exercises",
	},
}

var exercise = regexp.MustCompile(`(?m)^\d+\. `)

// lacking is what a lab's page, or with no lab one about the shop, does not have, of what all of them must: a goal, a prediction to write
// down, the command with Go and with Docker (which cannot kill brokers), what it prints, why, where in
// the code, and two exercises, each with a command that checks it.
func lacking(lang service.Lang, l experiment.Spec, page string) (lacks []string) {
	need := func(what string, there bool) {
		if !there {
			lacks = append(lacks, what)
		}
	}
	h := headingsOf[lang]
	need("its goal", strings.Contains(page, "\n"+h.goal+" "))
	in, at := map[string]string{}, 0
	for _, name := range []string{h.predict, h.run, h.see, h.why, h.code, h.exercises} {
		i := strings.Index(page[at:], "\n## "+name+"\n")
		need("the section «"+name+"»", i >= 0)
		if i < 0 {
			continue
		}
		at += i + 1
		in[name], _, _ = strings.Cut(page[at:], "\n## ")
	}
	need("a prediction to write down", regexp.MustCompile(h.paper+`(?s:.*)\n\* `).MatchString(in[h.predict]))
	block := func(words, command string) bool {
		return regexp.MustCompile("(?m)^```sh" + words + "\n" + regexp.QuoteMeta(command+" lab run "+l.Name) + "\n").MatchString(in[h.run])
	}
	if l.Name == "" {
		need("a shop that runs", strings.Contains(in[h.run], "\n```sh background\nbin/workshop up --ecommerce"))
		need("its command with Docker", strings.Contains(in[h.run], "\n```sh docker\ndocker compose --profile ecommerce up"))
	} else if l.Brokers {
		need("its command with Go", block(" brokers", "bin/workshop"))
	} else {
		need("its command with Go", block("", "bin/workshop"))
		need("its command with Docker", block(" docker", "docker compose run --rm workshop") ||
			block(" docker kraft", "docker compose -f compose.kraft.yaml run --rm workshop")) // where the stack with ZooKeeper lacks something
	}
	need("what there is to see", strings.Contains(in[h.see], "\n```text\n"))
	need("a reason", strings.Count(in[h.why], ". ") > 2)
	need("a link into the code", strings.Contains(in[h.code], "](../../services/"))
	exercises := exercise.Split(in[h.exercises], -1)[1:]
	need("two exercises", len(exercises) >= 2)
	for i, text := range exercises {
		need(fmt.Sprintf("a command in exercise %d", i+1), strings.Contains(text, "\n   ```sh"))
	}
	return lacks
}
