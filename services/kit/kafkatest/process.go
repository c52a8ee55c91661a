package kafkatest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"workshop.example/kit/history"
	"workshop.example/kit/service"
)

// Output keeps what a service printed. It is safe for concurrent use.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Lines are the lines so far.
func (o *Output) Lines() []string {
	text := strings.TrimSuffix(o.String(), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// Run is a service's run function at work in this process.
type Run struct {
	Out  *Output // lines for students
	Logs *Output
	Ops  *service.Ops
	t    testing.TB
	stop context.CancelFunc
	done chan error
}

// StartRun calls run with an environment, as service.Main would. The test's end stops it.
func StartRun[C any](t testing.TB, vars map[string]string, configure func(*service.Env) C,
	run func(context.Context, C, *service.Process) error) *Run {
	t.Helper()
	env := service.EnvOf(vars)
	cfg := configure(env)
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	r := &Run{Out: &Output{}, Logs: &Output{}, Ops: service.NewOps("test"), t: t, done: make(chan error, 1)}
	p := &service.Process{
		Name: "test", Lang: service.Portuguese, Out: service.NewLines(r.Out),
		Log: slog.New(slog.NewTextHandler(r.Logs, nil)), Ops: r.Ops,
	}
	if vars["WORKSHOP_LANG"] == "en" {
		p.Lang = service.English
	}
	if path := vars["HISTORY"]; path != "" {
		recorder, err := history.Open(path, p.Name, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { recorder.Close() })
		p.History = recorder
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	go func() { r.done <- run(ctx, cfg, p) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-r.done:
		case <-time.After(Deadline):
			t.Errorf("the service did not stop within %s", Deadline)
		}
		if t.Failed() {
			t.Logf("output:\n%s\nlogs:\n%s", r.Out, r.Logs)
		}
	})
	return r
}

// WaitFor waits until a line contains text.
func (r *Run) WaitFor(text string) {
	r.t.Helper()
	Eventually(r.t, "output has "+text, func() bool { return strings.Contains(r.Out.String(), text) })
}

// Stop is what SIGTERM does; it returns run's error. After ten seconds Docker would kill.
func (r *Run) Stop() error {
	r.t.Helper()
	began := time.Now()
	r.stop()
	err := r.Wait()
	if took := time.Since(began); took > 10*time.Second {
		r.t.Errorf("the stop took %s", took)
	}
	return err
}

// Wait returns run's error when it ends by itself.
func (r *Run) Wait() error {
	r.t.Helper()
	select {
	case err := <-r.done:
		r.done <- err // for another call, and for the clean-up
		return err
	case <-time.After(Deadline):
		r.t.Fatalf("the service did not end within %s", Deadline)
		return nil
	}
}
