package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"workshop.example/workshop/lab"
)

// repository is where the READMEs and the labs' pages are.
const repository = "../.."

// Every lab has its page, and its line in the index, in the order of the course. The pages' commands and
// outputs are the acceptance tests' matter (scripts/lane-labs).
func TestEveryLabHasItsPage(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(repository, "labs", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \| \[([a-z-]+)\]\((.*?)\) \|`).FindAllStringSubmatch(string(index), -1) {
		number, name, page := m[1], m[2], m[3]
		listed = append(listed, name)
		if want := fmt.Sprintf("pt-BR/%02s-%s.md", number, name); page != want {
			t.Errorf("the index links lab %s to %s, want %s", name, page, want)
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
	for _, l := range lab.All() {
		order = append(order, l.Name)
		if pages, _ := filepath.Glob(filepath.Join(repository, "labs", "pt-BR", "[0-9][0-9]-"+l.Name+".md")); len(pages) != 1 {
			t.Errorf("lab %s has %d pages, want 1", l.Name, len(pages))
		}
	}
	listed = slices.DeleteFunc(listed, func(name string) bool { return !slices.Contains(order, name) })
	if !slices.Equal(listed, order) {
		t.Errorf("labs/README.md lists, in this order, %v, want %v", listed, order)
	}
}

// Every relative link in the READMEs and in the labs leads to something.
func TestLinksLeadSomewhere(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "README*.md"))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(filepath.Join(repository, "labs"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), "."): // a student's .venv has pages too
			return fs.SkipDir
		case filepath.Ext(path) == ".md":
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checked += len(relativeLinks(string(text)))
		for _, link := range deadLinks(filepath.Dir(file), string(text)) {
			t.Errorf("%s: there is no %s", file, link)
		}
	}
	if len(files) < 5 || checked < 20 {
		t.Errorf("%d links in %d files: there are more", checked, len(files))
	}
}

// The control: a link to nowhere is found, and what is no link of ours is left alone.
func TestDeadLinkIsFound(t *testing.T) {
	text := "[a](main.go) [b](nowhere.go#L3) ![c](nowhere.png)\n" +
		"[web](https://example.org/nowhere) [mail](mailto:a@b) [here](#top)\n```text\n[x](in-a-block)\n```\n[`d`](lab/nowhere.go)"
	want := []string{"nowhere.go", "nowhere.png", "lab/nowhere.go"}
	if got := deadLinks(".", text); !slices.Equal(got, want) {
		t.Errorf("dead links %q, want %q", got, want)
	}
}

// deadLinks are the relative links of a page in a folder that lead to no file and no folder.
func deadLinks(folder, text string) []string {
	return slices.DeleteFunc(relativeLinks(text), func(link string) bool {
		_, err := os.Stat(filepath.Join(folder, link))
		return err == nil
	})
}

var markdownLink = regexp.MustCompile(`\]\(([^)#\s]*)[^)]*\)`)

// relativeLinks are the links of a page to files beside it, without what follows a #.
func relativeLinks(text string) []string {
	var links []string
	block := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			block = !block
		}
		if block {
			continue
		}
		for _, m := range markdownLink.FindAllStringSubmatch(line, -1) {
			if link := m[1]; link != "" && !strings.Contains(link, ":") {
				links = append(links, link)
			}
		}
	}
	return links
}
