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

// ClientID is what brokers, and other people's «groups describe», see of this program.
const ClientID = "workshop"

// Tool is what the commands get from the process.
type Tool struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Columns        func() int    // the width of the terminal behind Stdout; nil, or 0: it goes to none
	Standard       []kafka.Topic // the topics that apply creates where none are named
	// Ecommerce are those of the e-commerce system. The error is wrong use.
	Ecommerce func() ([]kafka.Topic, error)
	// Cluster is the one that the flag --bootstrap-servers names, or else the environment.
	Cluster func(flag string) (kafka.Cluster, error)
}

// Width is the width of the terminal; 0 where the output goes to none.
func (t *Tool) Width() int {
	if t.Columns == nil {
		return 0
	}
	return t.Columns()
}

// Say writes a line of the result.
func (t *Tool) Say(format string, args ...any) error {
	_, err := fmt.Fprintf(service.Guard(t.Stdout, service.IsTerminal(t.Stdout)), format+"\n", args...)
	return err
}

// Note says something that is not the result.
func (t *Tool) Note(format string, args ...any) {
	line := service.Safe(fmt.Sprintf("workshop: "+format, args...))
	fmt.Fprintln(t.Stderr, strings.Join(fold.Line(line, t.Width(), 4), "\n"))
}

// Process is this program as the parts of kit see it.
func (t *Tool) Process() *service.Process {
	return &service.Process{
		Name: ClientID, Lang: service.English, Out: service.NewLines(t.Stderr),
		Log: slog.New(slog.NewTextHandler(t.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// Waiting says on standard error what a command waits for.
func (t *Tool) Waiting(cause error) { t.Note("waiting: %v", cause) }

// NoteCopies says what is wrong with the replicas that the embedded cluster names.
func (t *Tool) NoteCopies() {
	t.Note("this is the embedded cluster, which replicates nothing: it keeps each partition once, whatever replicas it names")
}
