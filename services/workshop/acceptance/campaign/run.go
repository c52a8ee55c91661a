package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"workshop.example/kit/reliability"
)

type campaign struct {
	out   io.Writer
	logs  string
	jobs  int
	began time.Time
	say   sync.Mutex
}

// run runs parts, so many at once, and gathers what they have measured. An error means that the campaign itself
// failed or was interrupted; a part that fails is in the report.
func (c *campaign) run(ctx context.Context, chosen []part) (report, error) {
	r := newReport(ctx, c.began)
	if err := os.MkdirAll(c.logs, 0o777); err != nil {
		return r, err
	}
	record, err := filepath.Abs(filepath.Join(c.logs, "record.jsonl"))
	if err != nil {
		return r, err
	}
	if err := os.RemoveAll(record); err != nil {
		return r, err
	}
	if slices.ContainsFunc(chosen, func(p part) bool { return p.network }) {
		if err := c.prepare(ctx); err != nil {
			return r, err
		}
	}
	var running sync.WaitGroup
	free := make(chan struct{}, c.jobs)
	r.Parts = make([]outcome, len(chosen))
	for i, p := range chosen {
		free <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		running.Go(func() {
			r.Parts[i] = c.part(ctx, p, record)
			<-free
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		return r, fmt.Errorf("interrupted; nothing was written; the logs are in %s", c.logs)
	}
	r.Seconds = time.Since(c.began).Seconds()
	r.Measurements, err = reliability.Read(record)
	return r, err
}

// prepare fetches what the parts need that have no network but their own.
func (c *campaign) prepare(ctx context.Context) error {
	c.tell("%-12s what the tests need of the internet", "prepare")
	out, err := exec.CommandContext(ctx, "scripts/lane-brokers", "--prepare").CombinedOutput()
	if err != nil {
		return fmt.Errorf("scripts/lane-brokers --prepare: %w\n%s", err, out)
	}
	return nil
}

// part runs one part to its end.
func (c *campaign) part(ctx context.Context, p part, record string) outcome {
	o := outcome{Name: p.name, What: p.what, Log: filepath.Join(c.logs, p.name+".log")}
	c.tell("%-12s %s (about %.0f min): %s", p.name, p.what, p.about.Minutes(), o.Log)
	began := time.Now()
	err := c.command(ctx, p, record, o.Log)
	o.Seconds = time.Since(began).Seconds()
	if err != nil {
		o.Error = cmp.Or(strings.Join(failedTests(o.Log), ", "), err.Error())
		c.tell("%-12s FELL SHORT after %s: %s", p.name, time.Since(began).Round(time.Second), o.Error)
		return o
	}
	c.tell("%-12s as promised after %s", p.name, time.Since(began).Round(time.Second))
	return o
}

// failedTests are the tests that a log says have failed; of a test with subtests only those.
func failedTests(log string) []string {
	text, err := os.ReadFile(log)
	if err != nil {
		return nil
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: ")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, " ")
		names = slices.DeleteFunc(names, func(other string) bool { return other == name || strings.HasPrefix(name, other+"/") })
		if !slices.ContainsFunc(names, func(other string) bool { return strings.HasPrefix(other, name+"/") }) {
			names = append(names, name)
		}
	}
	return names
}

func (c *campaign) command(ctx context.Context, p part, record, log string) error {
	f, err := os.Create(log)
	if err != nil {
		return err
	}
	defer f.Close()
	args := p.command
	if p.network {
		args = append([]string{"scripts/own-network"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = f, f
	bin := "bin"
	if p.race {
		bin = filepath.Join(bin, "race")
	}
	if bin, err = filepath.Abs(bin); err != nil {
		return err
	}
	cmd.Env = append(os.Environ(), "CAMPAIGN=1", "WORKSHOP_BIN="+bin, reliability.RecordVariable+"="+record)
	if p.network {
		data, err := os.MkdirTemp("", "campaign-kafka-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(data)
		cmd.Env = append(cmd.Env, "KAFKA_DATA="+data)
	}
	cmd.Env = append(cmd.Env, p.env...)
	// A lane stops what it has started when it is asked to end.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 2 * time.Minute
	return cmd.Run()
}

func (c *campaign) tell(format string, args ...any) {
	c.say.Lock()
	defer c.say.Unlock()
	fmt.Fprintf(c.out, "%6s  %s\n", time.Since(c.began).Round(time.Second), fmt.Sprintf(format, args...))
}

// newReport says when and where. Its commit has -dirty where the tree differs from it.
func newReport(ctx context.Context, began time.Time) report {
	commit := "unknown"
	if out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12").Output(); err == nil {
		commit = strings.TrimSpace(string(out))
	}
	return report{Date: began.UTC().Format(time.RFC3339), Commit: commit, Go: runtime.Version(), Machine: machine()}
}

// machine is the processor, its cores, the memory and the system.
func machine() string {
	text := fmt.Sprintf("%d cores, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	if model := field("/proc/cpuinfo", "model name"); model != "" {
		text = model + ", " + text
	}
	var kB int
	if _, err := fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kB); err == nil {
		text += fmt.Sprintf(", %d GiB", (kB+1<<19)>>20)
	}
	return text
}

// field is the first value of a name in one of Linux's files, or nothing.
func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
