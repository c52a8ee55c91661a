package service

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"workshop.example/kit/fold"
	"workshop.example/kit/nearest"
)

// usage writes the help, as wide as what it is read on: see [fold.Width].
func usage(w io.Writer, about About, flags *flag.FlagSet, env *Env) {
	width := fold.Width(w, env.lookup)
	healthcheck := "  " + about.Name + " healthcheck"
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s [flags]\n%s\n\nExamples:\n", fold.Prose(about.Summary, width), about.Name,
		fold.Item(healthcheck, len(healthcheck), "exit 0 if the service on OPS_ADDR is ready", width))
	for line := range strings.SplitSeq(about.Example, "\n") {
		fmt.Fprintln(w, strings.Join(fold.Command(line, width), "\n"))
	}
	fmt.Fprint(w, "\nFlags:\n")
	flags.VisitAll(func(f *flag.Flag) {
		if f.Usage != "" { // the others are variables, below
			fmt.Fprintln(w, fold.Item("  --"+f.Name, len("  --stop-on-eof"), f.Usage, width))
		}
	})
	fmt.Fprint(w, "\nEnvironment:\n")
	env.Usage(w)
	fmt.Fprintf(w, "\n%s\n", fold.Prose("Each of these is a flag too, which wins, except passwords: --history FILE is HISTORY=FILE.", width))
	fmt.Fprintf(w, "\n%s\n", fold.Prose("Exit codes: 0 done or stopped by a signal, 1 failed, 2 wrong use.", width))
}

// refused prints what is wrong with the command line, in English, in the language, and where to look.
func refused(lang Lang, program, wrong string) int {
	text := fmt.Sprintf("%s: %s\n%s\n", program, Words(lang, wrong), Words(lang, fmt.Sprintf("see «%s --help»", program)))
	io.WriteString(os.Stderr, fold.Lines(text, fold.Columns(os.Stderr, os.LookupEnv), 0))
	return ExitUsage
}

// undefined is how package flag begins its error for a flag that does not exist: it has no type for it.
const undefined = "flag provided but not defined: -"

// mistyped is an error of package flag, with the flag that was perhaps meant.
func mistyped(err error, flags *flag.FlagSet) string {
	name, ok := strings.CutPrefix(err.Error(), undefined)
	if !ok {
		return err.Error()
	}
	wrong := "unknown flag --" + name
	var names []string
	flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	if near := nearest.Names(name, names); len(near) > 0 {
		wrong += "; did you mean --" + strings.Join(near, ", or --") + "?"
	}
	return wrong
}

// unknownArgument refuses a word behind the program's name: a variable, perhaps, on the wrong side of it.
func unknownArgument(arg, program string, env *Env) string {
	wrong := fmt.Sprintf("unknown argument %q", arg)
	name, value, assigned := strings.Cut(arg, "=")
	if near := nearest.Names(name, env.names()); len(near) > 0 {
		if !assigned {
			value = "VALUE"
		}
		wrong += fmt.Sprintf("; did you mean %s --%s %s?", program, flagOf(near[0]), value)
	}
	return wrong
}

// names are those of the variables that were asked for.
func (e *Env) names() []string {
	var names []string
	for _, v := range e.vars {
		names = append(names, v.name)
	}
	return names
}

// Usage writes the variables that were asked for so far, each with its meaning, the accepted values and
// the default. COLUMNS is read like any other variable, see [fold.Width].
func (e *Env) Usage(w io.Writer) {
	width, longest := fold.Width(w, e.lookup), 0
	for _, name := range e.names() {
		longest = max(longest, len("  "+name))
	}
	for _, v := range e.vars {
		meaning := fmt.Sprintf("%s; accepted: %s", v.help, v.accepted)
		if v.fallback != "" {
			meaning += fmt.Sprintf(" (default %s)", v.fallback)
		}
		fmt.Fprintln(w, fold.Item("  "+v.name, longest, meaning, width))
	}
}
