package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"workshop.example/kit/history"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
)

func (t *tool) labVerdictCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verdict FILE...",
		Short: "Judge histories that programs have written (HISTORY)",
		Long: `verdict reads the histories of programs that ran with HISTORY=FILE, and says for each topic what was lost and what
was repeated on the way from the producers to the screens. All programs may have written to one file.

Give it the histories of producers and consumers together: what only one side has written down cannot be compared.
A step without a result, of a program that was killed, gets the benefit of the doubt, and what was sent and is not
read yet does not count as lost.

Exit codes: 0 nothing lost, repeated or out of order; 1 something was; 2 wrong use, or a file that is no history.`,
		Example: `  HISTORY=match.jsonl bin/workshop up --services score-simulator,scoreboard
  workshop lab verdict match.jsonl`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("a history is to be named: a file that programs wrote with HISTORY=FILE")
			}
			return nil
		},
		ValidArgsFunction: completeFiles,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := t.printVerdicts(args); err != nil {
			return &runError{err}
		}
		return nil
	}
	return cmd
}

// printVerdicts judges the histories in files, topic by topic.
func (t *tool) printVerdicts(files []string) error {
	lang, err := t.lang()
	if err != nil {
		return err
	}
	histories := verdict.NewHistories()
	for _, name := range files {
		if err := readHistory(name, histories.Add); err != nil {
			return service.UsageError(fmt.Sprintf("%s: %v", name, err))
		}
	}
	runs := histories.Observed()
	if len(runs) == 0 {
		return service.UsageError("no message is in these histories, neither sent nor shown")
	}
	clean := true
	printf := t.printer(t.stdout)
	for _, topic := range slices.Sorted(maps.Keys(runs)) {
		v := runs[topic].Check()
		clean = clean && v.Clean()
		printf("%s: %s\n", topic, report.Summary(runs[topic], v, lang))
	}
	if !clean { // the lines have said why
		return errors.New(service.Pick(lang, "nem toda mensagem saiu uma vez e em ordem", "not every message came out once and in order"))
	}
	return nil
}

func readHistory(name string, take func(history.Entry)) error {
	file, err := os.Open(name)
	if err != nil {
		return errors.Unwrap(err) // the name is said already
	}
	defer file.Close()
	return history.Each(file, take)
}
