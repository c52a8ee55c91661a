package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workshop.example/kit/fold"
)

// help writes what cobra's own help says, folded to the terminal's width. Cobra would need a template of ours for that,
// which costs 5 MB: the linker then keeps every method.
func (t *tool) help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	width := fold.Width(w, t.lookup)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUsage:\n", fold.Prose(strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)), width))
	if cmd.Runnable() {
		b.WriteString(strings.Join(fold.Line("  "+cmd.UseLine(), width, 6), "\n") + "\n")
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s [command]\n", cmd.CommandPath())
	}
	if cmd.HasExample() {
		b.WriteString("\nExamples:\n")
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			b.WriteString(strings.Join(fold.Command(line, width), "\n") + "\n")
		}
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nAvailable Commands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				b.WriteString(fold.Item("  "+sub.Name(), 2+sub.NamePadding(), sub.Short, width) + "\n")
			}
		}
	}
	writeFlags(&b, "Flags:", cmd.LocalFlags(), width)
	writeFlags(&b, "Global Flags:", cmd.InheritedFlags(), width)
	if cmd.HasAvailableSubCommands() {
		more := fmt.Sprintf("Use %q for more information about a command.", cmd.CommandPath()+" [command] --help")
		b.WriteString("\n" + fold.Prose(more, width) + "\n")
	}
	io.WriteString(w, b.String())
}

// writeFlags writes a table of flags, or nothing if none are to be shown.
func writeFlags(b *strings.Builder, title string, flags *pflag.FlagSet, width int) {
	if !flags.HasAvailableFlags() {
		return
	}
	var names, meanings []string
	longest := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		kind, usage := pflag.UnquoteUsage(f)
		name = strings.TrimRight(name+" "+kind, " ")
		names, meanings = append(names, name), append(meanings, strings.ReplaceAll(usage, "\n", " ")+defaultOf(f))
		longest = max(longest, len(name))
	})
	b.WriteString("\n" + title + "\n")
	for i, name := range names {
		b.WriteString(fold.Item(name, longest, meanings[i], width) + "\n")
	}
}

// defaultOf returns a flag's default for the help, "" for a zero value.
func defaultOf(f *pflag.Flag) string {
	switch {
	case slices.Contains([]string{"", "0", "0s", "false", "[]"}, f.DefValue):
		return ""
	case f.Value.Type() == "string":
		return fmt.Sprintf(" (default %q)", f.DefValue)
	}
	return fmt.Sprintf(" (default %s)", f.DefValue)
}
