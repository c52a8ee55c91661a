package service

import (
	"fmt"
	"slices"

	"workshop.example/kit/refusal"
)

// Text is words for students, in both languages.
type Text struct{ PT, EN string }

// Textf formats the same values, in the same order, in both languages. A value that is a Text stands for its words in each.
func Textf(pt, en string, values ...any) Text {
	return Text{PT: fmt.Sprintf(pt, in(Portuguese, values)...), EN: fmt.Sprintf(en, in(English, values)...)}
}

func in(lang Lang, values []any) []any {
	all := slices.Clone(values)
	for i, v := range all {
		if t, ok := v.(Text); ok {
			all[i] = t.In(lang)
		}
	}
	return all
}

// In returns the words in a language.
func (t Text) In(lang Lang) string { return Pick(lang, t.PT, t.EN) }

// Words returns an English sentence of a program in a language: see package refusal.
func Words(lang Lang, english string) string {
	if lang == Portuguese {
		return refusal.Portuguese(english)
	}
	return english
}
