package report

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"workshop.example/kit/service"
)

// Words are an experiment's words for students: the file NAME.toml beside its code.
type Words struct {
	Summary service.Text
	Will    [3]service.Text // what runs, what is broken and, where that needs a word, how it is shown, what is predicted
	Why     service.Text    // the paragraph under the verdict

	Place int // in the list of all, for a lab the number of its page; 0: it is not listed
	Takes int // seconds on the embedded cluster; 0: not said
	Ask   []Question
	Lines []string // what [Part.Line] says in English on the embedded cluster, part by part: regular expressions

	Controls map[string]ControlWords // by name
	Own      map[string]OwnWords     // by the role of a student's program, where it runs otherwise than with ours
	Says     map[string]service.Text // what it says of a run, by key: formats for [Texts]
}

// ControlWords are a control's words.
type ControlWords struct {
	Swap service.Text // what is put in whose place
	Want service.Text // what must be seen
}

// OwnWords are those of an experiment with a program of the student's own.
type OwnWords struct {
	Will [3]service.Text
	Why  service.Text
}

// With returns the words for an experiment with a student's program in a role. What they predict nobody is asked.
func (w Words) With(role string) Words {
	if own, ok := w.Own[role]; ok {
		w.Will, w.Why, w.Ask = own.Will, own.Why, nil
	}
	return w
}

// wordsFile is the form of a file: each language by itself, as it is translated. Line breaks within a text are spaces.
type wordsFile struct {
	Place int
	Takes int
	Lines []string
	Ask   []struct {
		Part          int
		Count, PT, EN string
	}
	PT, EN   language
	Controls map[string]struct{ PT, EN controlLanguage }
	Own      map[string]struct{ PT, EN language } // without a summary
	Says     map[string]struct{ PT, EN string }   // the languages side by side, as they take the same values
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
	w.Place, w.Takes, w.Lines = f.Place, f.Takes, f.Lines
	for i, q := range f.Ask {
		if q.Part < 1 || !slices.Contains(Counts, q.Count) {
			wrong = append(wrong, fmt.Errorf("%s.toml: ask[%d]: part %d, count %q; accepted: 1 and more, %s",
				name, i, q.Part, q.Count, strings.Join(Counts, ", ")))
		}
		w.Ask = append(w.Ask, Question{q.Part, q.Count, both(fmt.Sprintf("ask[%d]", i), q.PT, q.EN)})
	}
	w.Summary = both("summary", f.PT.Summary, f.EN.Summary)
	w.Why = both("why", f.PT.Why, f.EN.Why)
	w.Will = threeTexts(name, "will", f.PT.Will, f.EN.Will, &wrong)
	w.Own = map[string]OwnWords{}
	for _, role := range slices.Sorted(maps.Keys(f.Own)) {
		o, key := f.Own[role], "own."+role
		w.Own[role] = OwnWords{threeTexts(name, key+".will", o.PT.Will, o.EN.Will, &wrong), both(key+".why", o.PT.Why, o.EN.Why)}
	}
	w.Controls = map[string]ControlWords{}
	for control, c := range f.Controls {
		w.Controls[control] = ControlWords{both(control+".swap", c.PT.Swap, c.EN.Swap), both(control+".want", c.PT.Want, c.EN.Want)}
	}
	w.Says = texts(name, f.Says, &wrong)
	return w, errors.Join(wrong...)
}

// threeTexts are what an experiment says beforehand.
func threeTexts(file, key string, pt, en []string, wrong *[]error) (will [3]service.Text) {
	if len(pt) != len(will) || len(en) != len(will) {
		*wrong = append(*wrong, fmt.Errorf("%s.toml: %s is %d texts in pt and %d in en, want %d", file, key, len(pt), len(en), len(will)))
		return will
	}
	for i := range will {
		will[i] = bothLanguages(file, fmt.Sprintf("%s[%d]", key, i), pt[i], en[i], wrong)
	}
	return will
}

// ReadTexts reads NAME.toml, a table for each text. An error names every text that is missing in a language.
func ReadTexts(files fs.FS, name string) (map[string]service.Text, error) {
	var f map[string]struct{ PT, EN string }
	wrong, err := decode(files, name, &f)
	if err != nil {
		return nil, err
	}
	all := texts(name, f, &wrong)
	return all, errors.Join(wrong...)
}

func texts(file string, from map[string]struct{ PT, EN string }, wrong *[]error) map[string]service.Text {
	all := map[string]service.Text{}
	for _, key := range slices.Sorted(maps.Keys(from)) {
		all[key] = bothLanguages(file, key, from[key].PT, from[key].EN, wrong)
	}
	return all
}

// Texts returns the text of a key, in which values stand for the verbs of package fmt, the same ones in both languages.
type Texts func(key string, values ...any) service.Text

// NewTexts returns the texts that read returns, which is called once. A test holds the keys that the code uses to those that
// the files have: an unknown one panics.
func NewTexts(read func() (map[string]service.Text, error)) Texts {
	all := sync.OnceValue(func() map[string]service.Text {
		texts, err := read()
		if err != nil {
			panic(err) // files that are compiled in
		}
		return texts
	})
	return func(key string, values ...any) service.Text {
		text, ok := all()[key]
		if !ok {
			panic("no text " + key)
		}
		if len(values) == 0 {
			return text
		}
		return service.Textf(text.PT, text.EN, values...)
	}
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
