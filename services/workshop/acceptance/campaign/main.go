// Command campaign proves at length what .ci/run proves in short: every guarantee, drill, lab and page with
// its repetitions, in parts. It goes on after a part that fails, says at the end what fell short, and writes
// what was measured to docs/reliability.md, and as a line of JSON to docs/reliability.jsonl.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const usage = `campaign: every guarantee, drill, lab and page with all of its repetitions, about 90 minutes.

It goes on after a part that fails, and says at the end what fell short. What was measured is written to
docs/reliability.md, and as a line of JSON to docs/reliability.jsonl. Run it by make campaign, from the
repository's root, on Linux: it needs what scripts/lane-brokers, lane-labs and lane-docker need.

  make campaign                        all parts
  make campaign ARGS="drills faults"   some of them; docs/ is left alone
  make campaign ARGS=--list            the parts, a line each

Exit codes: 0 all is as promised, 1 something fell short, 2 a mistake in the call, or interrupted.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("campaign", flag.ContinueOnError)
	flags.SetOutput(errs)
	list := flags.Bool("list", false, "print the parts, and run none")
	render := flags.Bool("render", false, "write reliability.md anew from the last line of reliability.jsonl, and run no part")
	jobs := flags.Int("jobs", 2, "how many parts run at once")
	docs := flags.String("docs", "docs", "the `folder` of reliability.md and reliability.jsonl")
	logs := flags.String("logs", filepath.Join("dist", "campaign"), "the `folder` of the parts' logs")
	flags.Usage = func() { fmt.Fprint(errs, usage); flags.PrintDefaults() }
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if *list {
		for _, p := range parts {
			fmt.Fprintf(out, "%-12s about %2.0f min   %s\n", p.name, p.about.Minutes(), p.what)
		}
		return 0
	}
	if *render {
		r, err := last(*docs)
		if err == nil {
			err = r.render(*docs)
		}
		if err != nil {
			fmt.Fprintln(errs, "campaign:", err)
			return 2
		}
		return 0
	}
	chosen, err := choose(flags.Args())
	if err == nil && *jobs < 1 {
		err = fmt.Errorf("--jobs is 1 or more, not %d", *jobs)
	}
	if err != nil {
		fmt.Fprintln(errs, "campaign:", err)
		return 2
	}
	c := campaign{out: out, logs: *logs, jobs: *jobs, began: time.Now()}
	r, err := c.run(ctx, chosen)
	if err == nil && len(chosen) == len(parts) {
		err = r.write(*docs)
	}
	if err != nil {
		fmt.Fprintln(errs, "campaign:", err)
		return 2
	}
	return r.summary(out)
}

// choose are the parts with these names, or all of them.
func choose(names []string) ([]part, error) {
	if len(names) == 0 {
		return parts, nil
	}
	var chosen []part
	var unknown, known []string
	for _, p := range parts {
		known = append(known, p.name)
		if slices.Contains(names, p.name) {
			chosen = append(chosen, p)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("no part %s: the parts are %s", strings.Join(unknown, ", "), strings.Join(known, ", "))
	}
	return chosen, nil
}
