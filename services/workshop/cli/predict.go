package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/report"
)

// guess is what the user answers to a question.
type guess struct {
	report.Question
	given  bool
	number int
}

// askGuesses asks the questions on out and reads an answer for each from in. An empty line, or the end of in, is none.
// An error is ctx's.
func askGuesses(ctx context.Context, in io.Reader, out io.Writer, questions []report.Question, lang service.Lang) ([]guess, error) {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(in); scanner.Scan(); {
			select {
			case lines <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	heading := service.Text{PT: "O que você acha? (um número; Enter: não sei)", EN: "What do you expect? (a number; Enter: no idea)"}
	fmt.Fprintf(out, "\n%s\n", heading.In(lang))
	var guesses []guess
	for _, q := range questions {
		g := guess{Question: q}
		for {
			fmt.Fprintf(out, "  %s ", q.Text.In(lang))
			var line string
			select {
			case line = <-lines: // empty at the end of in
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if line = strings.TrimSpace(line); line == "" {
				break
			}
			number, err := strconv.Atoi(line)
			if err == nil && number >= 0 {
				g.given, g.number = true, number
				break
			}
			fmt.Fprintln(out, service.Text{PT: "  um número, como 0 ou 12, ou Enter", EN: "  a number, such as 0 or 12, or Enter"}.In(lang))
		}
		guesses = append(guesses, g)
	}
	fmt.Fprintln(out)
	return guesses, nil
}

// compareGuesses prints each answer beside the number that came out, in lines of up to width columns.
func compareGuesses(out io.Writer, guesses []guess, result report.Result, lang service.Lang, width int) {
	right, lines := 0, []string{}
	for _, g := range guesses {
		number, ok := result.Answer(g.Question)
		if !ok {
			continue
		}
		mark, yours := report.Sign(g.given && g.number == number), ""
		switch {
		case !g.given:
			mark = "·"
		case g.number == number:
			right++
		default:
			yours = fmt.Sprintf(service.Text{PT: " (você: %d)", EN: " (you: %d)"}.In(lang), g.number)
		}
		lines = append(lines, fmt.Sprintf("  %s %s %d%s", mark, g.Text.In(lang), number, yours))
	}
	heading := service.Text{PT: "Seus palpites: %d de %d", EN: "Your guesses: %d of %d"}.In(lang)
	text := fmt.Sprintf("\n"+heading+"\n%s\n", right, len(lines), strings.Join(lines, "\n"))
	io.WriteString(out, fold.Lines(text, width, 4))
}
