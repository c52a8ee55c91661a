package service

import (
	"fmt"
)

// Text is words for students, in both languages.
type Text struct{ PT, EN string }

// Textf formats the same values, in the same order, in both languages.
func Textf(pt, en string, values ...any) Text {
	return Text{PT: fmt.Sprintf(pt, values...), EN: fmt.Sprintf(en, values...)}
}

// In returns the words in a language.
func (t Text) In(lang Lang) string { return Pick(lang, t.PT, t.EN) }
