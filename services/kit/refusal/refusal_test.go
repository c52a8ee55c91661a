package refusal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sources are the packages whose errors and remarks a student meets through the tool. Those of the programs are log lines, in English.
var sources = []string{
	"../../workshop/cli", "../../workshop/admin", "../../workshop/local", "../../workshop/secrets", "../../workshop/progress",
	"../../workshop/rig", "../../workshop/lab", "../../workshop/drill", "../../workshop/student",
	"../kafkaenv", "../nearest", "../service",
}

// tables are the packages whose refusals are values in tables.
var tables = []string{"../kafka", "../kafka/secure"}

// alike have the same words in both languages, or are for callers and tests only.
var alike = []string{
	"--data-dir: %w", "--report: %v", "bootstrap.servers: %s", "broker %d: %w", "docker %s %s: %w: %s", "offset %d: %w", "pid of %s: %w",
	"record: %w", "record batch: %w", "record batch compressed with codec %d", "record of %d bytes where %d are left", "value of a record: %w",
	"offset %d of partition %d: not one of the ten messages: %s", "error %v, want one with %q, and no output; got:\n%s%s",
	"the output lacks %q:\n%s", "%d columns: a line of %d: %s",
}

// nouns are values that stand in the middle of a sentence: in Portuguese each has a sentence of its own.
var nouns = map[string][]string{
	"name exactly one %s (got %d)": {"topic", "group", "lab"},
	"%s sent back from %s":         {"1 letter", "2 letters"},
	"name the %s":                  {"topic", "topics", "group", "groups"},
	`%s %s is not as at the start, again and again: somebody else is at work with it`:                                          {"topic", "group"},
	`a %s is listed only where this user has DESCRIBE on it (kafka-acls --add --operation Describe --%[1]s NAME)`:              {"topic", "group"},
	`%s already taken: stop what listens there (if it is the compose stack: «docker compose down»), or use others: --ports %s`: {"port 7 is", "ports 7, 8 are"},
}

// Every format of an error or a remark has its Portuguese form, so that no student gets an English one: a new one turns this red.
func TestEveryRefusalIsTranslated(t *testing.T) {
	found := map[string]bool{}
	for _, dir := range sources {
		maps.Copy(found, formats(t, dir, said))
	}
	for _, dir := range tables {
		maps.Copy(found, formats(t, dir, inTable))
	}
	if len(found) < 200 {
		t.Fatalf("only %d formats were found in %s", len(found), sources)
	}
	for _, format := range untranslated(found) {
		t.Errorf("portuguese.txt has no Portuguese for %q", format)
	}
}

// The control: whatever a program makes an error or a remark with, it is found, and missed in the table; what is none is not.
func TestUntranslatedIsFound(t *testing.T) {
	dir := t.TempDir()
	const source = `package x
func f() {
	fmt.Errorf("one broker %d is green", 1)
	errors.New("two brokers " + "are green")
	service.UsageError(fmt.Sprintf("three %s brokers are green", x))
	o.Note("four brokers are green")
	o.Say("ten brokers are green")
	w(t.Words("eleven brokers are green"))
	t.remark("five brokers are green")
	t.words(fmt.Sprintf("twelve %d brokers are green", x))
	env.Fail("NAME", "six brokers are green")
	wrong = append(wrong, fmt.Sprintf("seven brokers are green: %q", x))
	_ = NotRun{Cause: "eight brokers are green"}
	_ = fmt.Sprintf("no error: brokers are green")
	_ = []refusal{{1, "nine brokers are green at last"}}
	fmt.Errorf("describe cluster: %w", err)
}`
	if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		said func(ast.Node) []ast.Expr
		want []string
	}{
		"calls":  {said, []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "ten", "eleven", "twelve"}},
		"tables": {inTable, []string{"eight", "nine"}},
	} {
		var got []string
		for _, format := range untranslated(formats(t, dir, c.said)) {
			got = append(got, strings.Fields(format)[0])
		}
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v are found, want %v", name, got, c.want)
		}
	}
}

// untranslated are the formats, in order, that the table has no Portuguese for.
func untranslated(found map[string]bool) (missing []string) {
	for _, format := range slices.Sorted(maps.Keys(found)) {
		if lettersIn(verb.ReplaceAllString(format, "")) < 4 || slices.Contains(alike, format) {
			continue
		}
		for _, format := range expanded(format) {
			if sample := sampleOf(format); Portuguese(sample) == sample {
				missing = append(missing, format)
			}
		}
	}
	return missing
}

// expanded are the sentences of a format with a noun in it, or the format.
func expanded(format string) (all []string) {
	const permission = "this user has no permission for %s on "
	if strings.HasPrefix(format, permission+"%s: ") {
		return []string{permission + "topic %s: grant it", permission + "group %s: grant it", permission + "the cluster: grant it"}
	}
	for _, noun := range nouns[format] {
		all = append(all, strings.ReplaceAll(strings.Replace(format, "%s", noun, 1), "%[1]s", noun))
	}
	if all == nil {
		all = []string{format}
	}
	return all
}

// sampleOf is a format with values.
func sampleOf(format string) string {
	return verb.ReplaceAllStringFunc(format, func(v string) string {
		switch v[len(v)-1] {
		case 'd':
			return "7"
		case 'q':
			return `"x"`
		}
		return "X"
	})
}

// formats are the texts of calls that make an error or a remark, in the files of a folder and below.
func formats(t *testing.T, dir string, said func(ast.Node) []ast.Expr) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, e := range said(n) {
				if text, ok := literal(e); ok && strings.Contains(text, " ") {
					found[text] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// said is the text of a call that makes an error or a remark, or of a field that does.
func said(n ast.Node) []ast.Expr {
	var text ast.Expr
	switch n := n.(type) {
	case *ast.CallExpr:
		if i, says := sayingArgument(n.Fun); says && i < len(n.Args) {
			text = n.Args[i]
		}
		if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "append" && len(n.Args) == 2 { // mistakes, to be named at once
			if list, ok := n.Args[0].(*ast.Ident); ok && list.Name == "wrong" {
				text = n.Args[1]
			}
		}
	case *ast.KeyValueExpr:
		if name, ok := n.Key.(*ast.Ident); ok && (name.Name == "Cause" || name.Name == "Reason") {
			text = n.Value
		}
	}
	if inner, ok := text.(*ast.CallExpr); ok && len(inner.Args) > 0 { // UsageError(fmt.Sprintf(...))
		if name, ok := inner.Fun.(*ast.SelectorExpr); ok && name.Sel.Name == "Sprintf" {
			text = inner.Args[0]
		}
	}
	return []ast.Expr{text}
}

// inTable are the sentences among the values of a table, and what said finds of fields.
func inTable(n ast.Node) (texts []ast.Expr) {
	if _, ok := n.(*ast.KeyValueExpr); ok {
		texts = said(n)
	}
	table, ok := n.(*ast.CompositeLit)
	if !ok {
		return texts
	}
	for _, e := range table.Elts {
		if value, keyed := e.(*ast.KeyValueExpr); keyed {
			e = value.Value
		}
		// What a metric means is in /metrics, in English.
		if text, ok := literal(e); ok && strings.Count(text, " ") > 3 && !strings.HasSuffix(text, ".") {
			texts = append(texts, e)
		}
	}
	return texts
}

// sayingArgument is the index of the argument that is an English format, for functions that make an error or a remark.
func sayingArgument(fun ast.Expr) (int, bool) {
	name, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return 0, false
	}
	switch name.Sel.Name {
	case "Errorf", "UsageError", "Note", "Say", "Words", "remark", "words":
		return 0, true
	case "New":
		of, ok := name.X.(*ast.Ident)
		return 0, ok && of.Name == "errors"
	case "Fail":
		of, ok := name.X.(*ast.Ident)
		return 1, ok && of.Name == "env"
	}
	return 0, false
}

// literal is a string as it is written, with %s for the parts that are no literals.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.ParenExpr:
		return literal(e.X)
	case *ast.BinaryExpr:
		left, isLeft := literal(e.X)
		right, isRight := literal(e.Y)
		if !isLeft {
			left = "%s"
		}
		if !isRight {
			right = "%s"
		}
		return left + right, isLeft || isRight
	}
	return "", false
}

// A Portuguese form has the values of its English one, and each of them is another text.
func TestFormsFit(t *testing.T) {
	for _, p := range phrases() {
		argument := 0
		for _, m := range verb.FindAllStringSubmatch(p.pt, -1) {
			if m[1] != "" {
				argument, _ = strconv.Atoi(m[1])
				argument--
			}
			argument++
			if argument > len(p.values) {
				t.Fatalf("%q: value %d of %d", p.pt, argument, len(p.values))
			}
		}
		if verbs := len(verb.FindAllString(p.pt, -1)); verbs < len(p.values) {
			t.Errorf("%q has %d values, and %q %d", p.format, len(p.values), p.pt, verbs)
		}
	}
}

// The examples are sentences as programs say them, each with its Portuguese on the next line.
func TestPortuguese(t *testing.T) {
	examples, err := os.ReadFile("testdata/examples.txt")
	if err != nil {
		t.Fatal(err)
	}
	english := ""
	for line := range strings.Lines(string(examples)) {
		line = strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `\n`, "\n")
		want, indented := strings.CutPrefix(line, "\t")
		if !indented {
			english = line
			continue
		}
		if got := Portuguese(english); got != want {
			t.Errorf("%s\nis\n%s\nwant\n%s", english, got, want)
		}
	}
}

var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

// A word alone is the name of a topic or a group, wherever it stands in a sentence: no phrase is one.
func TestNamesStay(t *testing.T) {
	for _, p := range phrases() {
		if topicName.MatchString(p.format) {
			t.Errorf("portuguese.txt has %q, which could be a name", p.format)
		}
	}
	if !topicName.MatchString("under-replicated") { // the control
		t.Error("a word alone is not seen")
	}
	if said := Portuguese("missing deleted"); said != "missing apagado" {
		t.Errorf("a topic named missing is %q", said)
	}
}

// A broker's text of many parts, none of which is known, takes as long as its length asks for: with a try for each way to divide it this
// would not end.
func TestManyPartsEnd(t *testing.T) {
	for _, part := range []string{"a: ", "a; ", "a: b; ", "a (b: ", "a\n", `"a": `} {
		text := strings.Repeat(part, 100) + "b)"
		if got := Portuguese(text); got != text {
			t.Errorf("%q is %q", text, got)
		}
	}
}
