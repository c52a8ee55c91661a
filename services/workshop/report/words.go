package report

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"workshop.example/kit/service"
)

// Words are an experiment's words for students: the file NAME.toml beside its code.
type Words struct {
	Summary service.Text
	Will    [3]service.Text // what runs, what is broken and, where that needs a word, how it is shown, what is predicted
	Why     service.Text    // the paragraph under the verdict

	Place int      // in the list of all, for a lab the number of its page; 0: it is not listed
	Lines []string // what [Part.Line] says in English on the embedded cluster, part by part: regular expressions

	Controls map[string]ControlWords // by name
}

// ControlWords are a control's words.
type ControlWords struct {
	Swap service.Text // what is put in whose place
	Want service.Text // what must be seen
}

// wordsFile is the form of a file: each language by itself, as it is translated. Line breaks within a text are spaces.
type wordsFile struct {
	Place    int
	Lines    []string
	PT, EN   language
	Controls map[string]struct{ PT, EN controlLanguage }
}

type language struct {
	Summary string
	Will    []string
	Why     string
}

type controlLanguage struct{ Swap, Want string }

// ReadWords reads NAME.toml. An error names every text that is missing in a language, and every key that means nothing.
func ReadWords(files fs.FS, name string) (Words, error) {
	var f wordsFile
	var w Words
	wrong, err := decode(files, name, &f)
	if err != nil {
		return w, err
	}
	both := func(key, pt, en string) service.Text { return bothLanguages(name, key, pt, en, &wrong) }
	w.Place, w.Lines = f.Place, f.Lines
	w.Summary = both("summary", f.PT.Summary, f.EN.Summary)
	w.Why = both("why", f.PT.Why, f.EN.Why)
	if len(f.PT.Will) != len(w.Will) || len(f.EN.Will) != len(w.Will) {
		return w, errors.Join(append(wrong,
			fmt.Errorf("%s.toml: will is %d texts in pt and %d in en, want %d", name, len(f.PT.Will), len(f.EN.Will), len(w.Will)))...)
	}
	for i := range w.Will {
		w.Will[i] = both(fmt.Sprintf("will[%d]", i), f.PT.Will[i], f.EN.Will[i])
	}
	w.Controls = map[string]ControlWords{}
	for control, c := range f.Controls {
		w.Controls[control] = ControlWords{both(control+".swap", c.PT.Swap, c.EN.Swap), both(control+".want", c.PT.Want, c.EN.Want)}
	}
	return w, errors.Join(wrong...)
}

// ReadTexts reads NAME.toml, a table for each text. An error names every text that is missing in a language.
func ReadTexts(files fs.FS, name string) (map[string]service.Text, error) {
	var f map[string]struct{ PT, EN string }
	wrong, err := decode(files, name, &f)
	if err != nil {
		return nil, err
	}
	texts := map[string]service.Text{}
	for _, key := range slices.Sorted(maps.Keys(f)) {
		texts[key] = bothLanguages(name, key, f[key].PT, f[key].EN, &wrong)
	}
	return texts, errors.Join(wrong...)
}

// decode reads NAME.toml into a value. Unknown are an error for each key that means nothing.
func decode(files fs.FS, name string, into any) (unknown []error, err error) {
	meta, err := toml.DecodeFS(files, name+".toml", into)
	for _, key := range meta.Undecoded() {
		unknown = append(unknown, fmt.Errorf("%s.toml: unknown key %s", name, key))
	}
	return unknown, err
}

// bothLanguages returns a text with line breaks as spaces, and appends an error for each language that lacks it.
func bothLanguages(file, key, pt, en string, wrong *[]error) service.Text {
	t := service.Text{PT: strings.Join(strings.Fields(pt), " "), EN: strings.Join(strings.Fields(en), " ")}
	if t.PT == "" {
		*wrong = append(*wrong, fmt.Errorf("%s.toml: no %s in pt", file, key))
	}
	if t.EN == "" {
		*wrong = append(*wrong, fmt.Errorf("%s.toml: no %s in en", file, key))
	}
	return t
}

// MustWords is ReadWords for files that are compiled in, and that a test has read.
func MustWords(files fs.FS, name string) Words {
	w, err := ReadWords(files, name)
	if err != nil {
		panic(err)
	}
	return w
}
