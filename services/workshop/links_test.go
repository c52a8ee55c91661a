package workshop

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// installed reports whether a folder below labs is what a package manager or a compiler has made.
func installed(folder string) bool {
	return strings.HasPrefix(folder, ".") || folder == "node_modules" || folder == "target"
}

// Every relative link in the READMEs, in the docs and in the labs leads to something.
func TestLinksLeadSomewhere(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "README*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"labs", "docs"} {
		err = filepath.WalkDir(filepath.Join(repository, folder), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (installed(d.Name()) || d.Name() == "pages"): // what a package brings; what pages are made from
				return fs.SkipDir
			case filepath.Ext(path) == ".md":
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
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

// Who opens the repository sees what it is, and where to go on: the rest is in docs and labs.
func TestREADMEsAreShort(t *testing.T) {
	const most = 100
	for _, name := range []string{"README.md", "README.pt-BR.md"} {
		text, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(text), "\n"); lines > most {
			t.Errorf("%s has %d lines, at most %d", name, lines, most)
		}
	}
}

// The control: a link to nowhere is found, and what is no link of ours is left alone.
func TestDeadLinkIsFound(t *testing.T) {
	text := "[a](links_test.go) [b](nowhere.go#L3) ![c](nowhere.png)\n" +
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
