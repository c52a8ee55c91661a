// Package refusal says in Portuguese what programs refuse, remark and report. Sentences are English in the code, as errors are everywhere
// in Go; where one is printed for a student, it is translated. Log lines stay English.
package refusal

import (
	"cmp"
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

//go:embed portuguese.txt
var file string

// phrase is an English format of package fmt and its Portuguese form.
type phrase struct {
	format  string
	pattern *regexp.Regexp
	values  []int // of the format's arguments, from 0: the group of the pattern that has it
	letters int   // of the format's own
	pt      string
}

var phrases = sync.OnceValue(func() []phrase {
	var all []phrase
	format, newline := "", strings.NewReplacer(`\n`, "\n")
	for line := range strings.Lines(file) {
		line = newline.Replace(strings.TrimSuffix(line, "\n"))
		if pt, indented := strings.CutPrefix(line, "\t"); indented {
			all = append(all, compile(format, pt))
		} else {
			format = line
		}
	}
	slices.SortFunc(all, func(a, b phrase) int { return cmp.Or(b.letters-a.letters, strings.Compare(a.format, b.format)) })
	return all
})

var verb = regexp.MustCompile(`%(?:\[(\d+)\])?([dqsvw])`)

func compile(format, pt string) phrase {
	p := phrase{format: format, pt: pt}
	var pattern strings.Builder
	pattern.WriteString(`(?s)^`)
	end, argument := 0, 0
	for group, m := range verb.FindAllStringSubmatchIndex(format, -1) {
		own := format[end:m[0]]
		p.letters += lettersIn(own)
		pattern.WriteString(regexp.QuoteMeta(own))
		if m[2] >= 0 {
			argument, _ = strconv.Atoi(format[m[2]:m[3]])
			argument--
		}
		if argument >= len(p.values) {
			p.values = append(p.values, group+1)
		}
		argument++
		switch format[m[4]:m[5]] {
		case "d":
			pattern.WriteString(`(-?\d+)`)
		case "q":
			pattern.WriteString(`("(?:[^"\\]|\\.)*")`)
		case "w":
			pattern.WriteString(`(.+)`) // an error has as many parts as it can
		default:
			pattern.WriteString(`(.+?)`)
		}
		end = m[1]
	}
	p.letters += lettersIn(format[end:])
	pattern.WriteString(regexp.QuoteMeta(format[end:]) + `$`)
	p.pattern = regexp.MustCompile(pattern.String())
	return p
}

func lettersIn(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// Portuguese returns what an English sentence of a program is in Portuguese. What there are no words for stays as it is: names, what
// brokers and the system say.
func Portuguese(english string) string {
	p, end := phraseOf(english)
	if p != nil && !p.general() {
		return p.with(p.pattern.FindStringSubmatch(english[:end])) + english[end:]
	}
	if lines := strings.Split(english, "\n"); len(lines) > 1 {
		for i, line := range lines {
			bare := strings.TrimLeft(line, " ")
			lines[i] = line[:len(line)-len(bare)] + Portuguese(bare)
		}
		return strings.Join(lines, "\n")
	}
	// An error with a name before it.
	if name, rest, ok := strings.Cut(english, ": "); ok && !strings.Contains(name, "; ") {
		if said := Portuguese(rest); said != rest {
			return name + ": " + said
		}
	}
	if p != nil {
		return p.with(p.pattern.FindStringSubmatch(english[:end])) + english[end:]
	}
	// Several errors.
	if parts := strings.Split(english, "; "); len(parts) > 1 {
		for i, part := range parts {
			parts[i] = Portuguese(part)
		}
		return strings.Join(parts, "; ")
	}
	return english
}

// general reports whether a phrase says little of its own between two values, such as what is accepted.
func (p phrase) general() bool { return p.letters < 9 && strings.HasPrefix(p.format, "%") }

// phraseOf is the most specific phrase that is all of a sentence, or all but a detail in brackets at its end, and where the phrase ends;
// nil where there is none.
func phraseOf(english string) (best *phrase, end int) {
	ends := []int{len(english)}
	if strings.HasSuffix(english, ")") {
		for i, r := range english {
			if r == '(' && i > 0 && english[i-1] == ' ' {
				ends = append(ends, i-1)
			}
		}
	}
	for _, e := range ends {
		for _, p := range phrases() { // from the most specific one on
			if best != nil && p.letters <= best.letters {
				break
			}
			if p.pattern.MatchString(english[:e]) {
				best, end = &p, e
				break
			}
		}
	}
	return best, end
}

// with is the Portuguese form with the values of a match, each translated by itself.
func (p phrase) with(match []string) string {
	argument := 0
	return verb.ReplaceAllStringFunc(p.pt, func(v string) string {
		if m := verb.FindStringSubmatch(v); m[1] != "" {
			argument, _ = strconv.Atoi(m[1])
			argument--
		}
		argument++
		return Portuguese(match[p.values[argument-1]])
	})
}
