package session

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// ClientID is the client id of this program, which brokers and «groups describe» show.
const ClientID = "workshop"

// Tool is what the commands need from the process.
type Tool struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Columns        func() int    // returns the width of the terminal behind Stdout, or 0; may be nil
	Standard       []kafka.Topic // topics that apply creates by default
	// Ecommerce returns the topics of the e-commerce system. Its error is one of usage.
	Ecommerce func() ([]kafka.Topic, error)
	// Cluster returns the cluster that the value of --bootstrap-servers names, or else the environment.
	Cluster func(flag string) (kafka.Cluster, error)
}

// Width returns the width of the terminal, or 0 if the output goes elsewhere.
func (t *Tool) Width() int {
	if t.Columns == nil {
		return 0
	}
	return t.Columns()
}

// Say writes a line to standard output, safe for a terminal.
func (t *Tool) Say(format string, args ...any) error {
	_, err := fmt.Fprintf(service.Guard(t.Stdout, service.IsTerminal(t.Stdout)), format+"\n", args...)
	return err
}

// Note writes a remark to standard error, folded to the width of the terminal.
func (t *Tool) Note(format string, args ...any) {
	line := service.Safe(fmt.Sprintf("workshop: "+format, args...))
	fmt.Fprintln(t.Stderr, strings.Join(fold.Line(line, t.Width(), 4), "\n"))
}

// Process returns this program as a client of package kafka describes itself.
func (t *Tool) Process() *service.Process {
	return &service.Process{
		Name: ClientID, Lang: service.English, Out: service.NewLines(t.Stderr),
		Log: slog.New(slog.NewTextHandler(t.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// Waiting notes why a command waits.
func (t *Tool) Waiting(cause error) { t.Note("waiting: %v", cause) }

// NoteCopies notes that the replicas which the embedded cluster names do not exist.
func (t *Tool) NoteCopies() {
	t.Note("this is the embedded cluster, which replicates nothing: it keeps each partition once, whatever replicas it names")
}
