package workshop

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// The texts of an experiment stand in its text file, in both languages. The code has their keys, and what is to be put into them.
func TestTextsOfExperiments(t *testing.T) {
	for folder, least := range map[string]int{"lab": 150, "drill": 40, "student": 10} {
		if uses := checkTexts(t, folder); uses < least {
			t.Errorf("%s: only %d texts were found", folder, uses)
		}
	}
}

// checkTexts compares the keys in the code of a folder with those in its text files, and returns how many uses it saw.
func checkTexts(t *testing.T, folder string) (uses int) {
	t.Helper()
	texts := readTexts(t, folder)
	files, used := map[string]string{"says": "says"}, map[string]bool{} // the text file by the name of its variable
	visit(t, folder, func(n ast.Node, _ string) {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if call, ok := spec.Values[0].(*ast.CallExpr); ok && called(call) == "Texts" {
				files[spec.Names[0].Name], _ = stringOf(call.Args[0])
			}
		}
	})
	visit(t, folder, func(n ast.Node, at string) {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := called(n)
			file, ok := files[name]
			if name == "Textf" && slices.ContainsFunc(n.Args[:2], hasWords) {
				t.Errorf("%s: a text that belongs into a text file", at)
			}
			if !ok || len(n.Args) == 0 {
				return
			}
			key, ok := stringOf(n.Args[0])
			if !ok {
				t.Errorf("%s: %s wants its key as a literal, so that it can be found", at, name)
				return
			}
			uses++
			text, there := texts[file+" "+key]
			used[file+" "+key] = true
			switch values := n.Args[1:]; {
			case !there:
				t.Errorf("%s: %s.toml has no text %s", at, file, key)
			case len(values) == 0 && strings.Contains(text[0], "%"):
				t.Errorf("%s: %s is given no values", at, key)
			case len(values) > 0 && len(verbs(text[0])) != len(values):
				t.Errorf("%s: %s takes %d values, not %d", at, key, len(verbs(text[0])), len(values))
			}
		case *ast.KeyValueExpr:
			if id, ok := n.Key.(*ast.Ident); ok && id.Name == "PT" && hasWords(n.Value) && !strings.HasPrefix(at, "drill/timeline.go") {
				t.Errorf("%s: a text that belongs into a text file", at)
			}
		}
	})
	for key, text := range texts {
		if !used[key] {
			t.Errorf("%s: nobody says %s", folder, key)
		}
		if pt, en := verbs(text[0]), verbs(text[1]); !slices.Equal(pt, en) {
			t.Errorf("%s: %s takes %v in pt and %v in en", folder, key, pt, en)
		}
	}
	return uses
}

// readTexts returns pt and en of each text in a folder, by file and key.
func readTexts(t *testing.T, folder string) map[string][2]string {
	t.Helper()
	type text struct{ PT, EN string }
	all := map[string][2]string{}
	paths, _ := filepath.Glob(filepath.Join(folder, "*.toml"))
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".toml")
		of := struct{ Says map[string]text }{}
		var into any = &of
		if name == "says" {
			into = &of.Says
		}
		if name == "hints" {
			continue // chosen by what was seen: their own test has them
		}
		if _, err := toml.DecodeFile(path, into); err != nil {
			t.Fatal(err)
		}
		for key, s := range of.Says {
			all[name+" "+key] = [2]string{s.PT, s.EN}
		}
	}
	return all
}

// visit calls f with each node of the code in a folder, and where it is.
func visit(t *testing.T, folder string, f func(n ast.Node, at string)) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(folder, "*.go"))
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.ToSlash(path), source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if n != nil {
				f(n, set.Position(n.Pos()).String())
			}
			return true
		})
	}
}

// called is the name of what a call calls, without its package or receiver.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func stringOf(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

var (
	verb  = regexp.MustCompile(`%[-+ 0-9.]*[a-zA-Z]`)
	words = regexp.MustCompile(`\pL{2}`)
)

// verbs are those of a format, in their order.
func verbs(format string) []string {
	return verb.FindAllString(strings.ReplaceAll(format, "%%", ""), -1)
}

// hasWords reports whether an expression is or begins with a literal that says something in a language.
func hasWords(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := stringOf(e)
		return words.MatchString(verb.ReplaceAllString(s, ""))
	case *ast.BinaryExpr:
		return hasWords(e.X) || hasWords(e.Y)
	case *ast.CallExpr:
		return slices.ContainsFunc(e.Args, hasWords)
	}
	return false
}
