package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/workshop/standin"
)

// intoClosedPipe runs a command line whose standard output nobody reads any more.
func intoClosedPipe(t *testing.T, bootstrap string, args ...string) (code int, stderr string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Close()
	said := &standin.Output{}
	to := &tool{stdout: w, stderr: said, environ: []string{"BOOTSTRAP_SERVERS=" + bootstrap, "WORKSHOP_LANG=en"}, kill: context.Background()}
	return to.run(t.Context(), args), said.String()
}

func TestCommandsWhoseReaderHasGoneEndInSilence(t *testing.T) {
	c := startBrokers(t)
	for _, topic := range []string{"t", "t.dlq"} {
		if err := c.CreateTopic(topic, 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	producer, err := sarama.NewSyncProducer(c.ListenAddrs(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	for _, topic := range []string{"t", "t.dlq"} {
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder("value")}); err != nil {
			t.Fatal(err)
		}
	}
	const one = "workshop: 1 message\n"
	for _, r := range []struct {
		args []string
		says string
	}{
		{[]string{"lab", "list"}, ""},
		{[]string{"topics", "list"}, ""},
		{[]string{"topics", "list", "-o", "json"}, ""},
		{[]string{"dlq", "show", "t.dlq"}, ""},
		{[]string{"dlq", "show", "t.dlq", "-o", "json"}, ""},
		{[]string{"consume", "t", "--from-beginning", "--to-end"}, one},
		{[]string{"consume", "t", "--from-beginning"}, one},
		{[]string{"consume", "t", "--from-beginning", "--group", "g"}, one},
	} {
		if code, stderr := intoClosedPipe(t, c.Bootstrap(), r.args...); code != 0 || stderr != r.says {
			t.Errorf("%v: exit code %d, want 0, and standard error %q, want %q", r.args, code, stderr, r.says)
		}
	}
}

// Whatever else goes wrong with what is printed, or with a connection, is a failure.
func TestOtherBrokenPipesAreFailures(t *testing.T) {
	_, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	path := func(path string, err error) error { return &fs.PathError{Op: "write", Path: path, Err: err} }
	for _, r := range []struct {
		name   string
		err    error
		stdout io.Writer
		want   bool
	}{
		{"the reader has gone", path(w.Name(), syscall.EPIPE), w, true},
		{"among others", errors.Join(errors.New("other"), path(w.Name(), syscall.EPIPE)), w, true},
		{"the disk is full", path(w.Name(), syscall.ENOSPC), w, false},
		{"another file's reader", path("report", syscall.EPIPE), w, false},
		{"a broker has hung up", &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}, w, false},
		{"not a file", path(w.Name(), syscall.EPIPE), &standin.Output{}, false},
	} {
		if got := readerGone(r.err, r.stdout); got != r.want {
			t.Errorf("%s: %t, want %t", r.name, got, r.want)
		}
	}
}
