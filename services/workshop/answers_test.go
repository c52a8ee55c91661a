package workshop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The teacher's answers have one for each prediction, exercise and question of each page, in both languages, and no more. The pages in
// English are made from the same sources.
func TestEveryExerciseHasItsAnswer(t *testing.T) {
	asked := asked(t)
	if len(asked) < 180 {
		t.Errorf("%d predictions, exercises and questions were found: there are more", len(asked))
	}
	for _, path := range []string{"docs/answers.md", "docs/pt-BR/answers.md"} {
		text, err := os.ReadFile(filepath.Join(repository, path))
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faultsOfAnswers(asked, string(text)) {
			t.Errorf("%s: %s", path, fault)
		}
	}
}

// The control: an answer that is taken out is missed, and so is a question that is.
func TestAMissingAnswerIsFound(t *testing.T) {
	asked := asked(t)
	whole, err := os.ReadFile(filepath.Join(repository, "docs", "answers.md"))
	if err != nil {
		t.Fatal(err)
	}
	without := regexp.MustCompile(`(?s)(## \[3\. .*?)\n\* \*\*2\*\*.*?\n\n`).ReplaceAllString(string(whole), "$1\n\n")
	if got, want := faultsOfAnswers(asked, without), []string{"no answer to 3 2"}; !slices.Equal(got, want) {
		t.Errorf("without an answer: %q, want %q", got, want)
	}
	fewer := slices.DeleteFunc(slices.Clone(asked), func(a string) bool { return a == "3 P1" })
	if got, want := faultsOfAnswers(fewer, string(whole)), []string{"an answer to 3 P1, which nobody asks"}; !slices.Equal(got, want) {
		t.Errorf("without a question: %q, want %q", got, want)
	}
}

var (
	bullet       = regexp.MustCompile(`(?m)^\* `)
	answer       = regexp.MustCompile(`^\* \*\*([PQ]?\d+)\*\* \S`)
	answeredPage = regexp.MustCompile(`^## \[(\d+)\. `)
)

// asked is what the pages ask, each as the page's number and the answer's: 3 P1, 3 1, 34 Q1.
func asked(t *testing.T) (all []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(repository, "labs", "pt-BR", "[0-9][0-9]-*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		page := strings.TrimPrefix(filepath.Base(path)[:2], "0")
		for _, section := range strings.Split(string(text), "\n## ")[1:] {
			kind, item := "", exercise
			switch title, _, _ := strings.Cut(section, "\n"); title {
			case "Antes de rodar: a sua previsão":
				kind, item = "P", bullet
			case "Perguntas":
				kind, item = "Q", bullet
			case "Exercícios":
			default:
				continue
			}
			for i := range item.FindAllString(section, -1) {
				all = append(all, fmt.Sprintf("%s %s%d", page, kind, i+1))
			}
		}
	}
	return all
}

// faultsOfAnswers are what is asked and not answered, and what is answered and not asked, or not in its place.
func faultsOfAnswers(asked []string, text string) (faults []string) {
	var answered []string
	page := ""
	for line := range strings.Lines(text) {
		if m := answeredPage.FindStringSubmatch(line); m != nil {
			page = m[1]
		}
		if m := answer.FindStringSubmatch(line); m != nil {
			answered = append(answered, page+" "+m[1])
		}
	}
	for _, a := range asked {
		if !slices.Contains(answered, a) {
			faults = append(faults, "no answer to "+a)
		}
	}
	for i, a := range answered {
		switch {
		case !slices.Contains(asked, a):
			faults = append(faults, "an answer to "+a+", which nobody asks")
		case slices.Contains(answered[:i], a):
			faults = append(faults, "two answers to "+a)
		}
	}
	return faults
}
