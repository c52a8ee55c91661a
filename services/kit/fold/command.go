package fold

import "strings"

// Command breaks an example: a command, and behind two spaces or more a remark. A remark that does not
// fit goes below its command. A command that does not fit goes on behind a backslash, as a shell
// reads it, and is never broken inside quotes.
func Command(line string, width int) []string {
	line = strings.ReplaceAll(line, "\t", "  ")
	if width <= 0 || Cells(line) <= width {
		return []string{line}
	}
	bare := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(bare)]
	command, remark, _ := strings.Cut(bare, "  ")
	remark = strings.TrimLeft(remark, " ")
	deeper := indent + "    "

	var parts []string
	part := indent
	for i, word := range shellWords(command) {
		switch {
		case i == 0:
			part += word
		case Cells(part)+1+Cells(word)+len(" \\") > width:
			parts = append(parts, part+" \\")
			part = deeper + word
		default:
			part += " " + word
		}
	}
	parts = append(parts, part)
	if remark != "" {
		parts = append(parts, Line(deeper+remark, width, len(deeper))...)
	}
	return parts
}

// shellWords cuts a command at its blanks, but not inside quotes.
func shellWords(command string) []string {
	var words []string
	word, quote := "", rune(0)
	for _, r := range command {
		if r == ' ' && quote == 0 {
			words, word = append(words, word), ""
			continue
		}
		switch {
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		}
		word += string(r)
	}
	return append(words, word)
}
