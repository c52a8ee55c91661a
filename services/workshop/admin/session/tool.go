package session

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/screen"
)

// ClientID is the client id of this program, which brokers and «groups describe» show.
const ClientID = "workshop"

// Tool is what the commands need from the process.
type Tool struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Lang           service.Lang  // of sentences; English if empty
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

// Words returns a sentence, whose format is English, in the tool's language. Names of columns, states of groups and keys of JSON are
// Kafka's own words, and the same in both.
func (t *Tool) Words(format string, args ...any) string {
	return service.Words(t.Lang, fmt.Sprintf(format, args...))
}

// In returns words in the tool's language. They stand side by side in the code where Words would take one of them for a name.
func (t *Tool) In(text service.Text) string { return text.In(cmp.Or(t.Lang, service.English)) }

// Say writes Words as a line.
func (t *Tool) Say(format string, args ...any) error { return t.Line(t.Words(format, args...)) }

// Line writes a line to standard output, safe for a terminal.
func (t *Tool) Line(text string) error {
	_, err := fmt.Fprintln(service.Guard(t.Stdout, service.IsTerminal(t.Stdout)), text)
	return err
}

// Note writes Words as a remark to standard error, folded to the width of the terminal.
func (t *Tool) Note(format string, args ...any) {
	line := service.Safe("workshop: " + t.Words(format, args...))
	fmt.Fprintln(t.Stderr, strings.Join(fold.Line(line, t.Width(), 4), "\n"))
}

// Process returns this program as a client of package kafka describes itself.
func (t *Tool) Process() *service.Process {
	return &service.Process{
		Name: ClientID, Lang: cmp.Or(t.Lang, service.English), Out: service.NewLines(t.Stderr),
		Log: slog.New(slog.NewTextHandler(t.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// Waiting notes why a command waits.
func (t *Tool) Waiting(cause error) { t.Note("waiting: %v", cause) }

// NoteCopies notes that the replicas which the embedded cluster names do not exist.
func (t *Tool) NoteCopies() {
	t.Note("this is the embedded cluster, which replicates nothing: it keeps each partition once, whatever replicas it names")
}

// Print writes value as JSON, or else the table, whose columns are separated by tabs and whose writes are a line each. On a terminal
// that is too narrow some columns are left out: see [screen.Table].
func (o *Options) Print(value any, table func(w io.Writer)) error {
	if o.Output == "json" {
		return WriteJSON(o.Stdout, value, "  ")
	}
	var text strings.Builder
	table(service.Guard(&text, service.IsTerminal(o.Stdout)))
	dropped, err := screen.Table(o.Stdout, text.String(), o.Width())
	if err == nil && len(dropped) > 0 {
		o.Note("the terminal is too narrow for %s: a wider one shows all, and so does -o json", strings.Join(dropped, ", "))
	}
	return err
}

// WriteJSON writes value as JSON and a newline. Characters that could act on a terminal are escaped, which means the same: package
// json leaves DEL, C1 controls (with the 8-bit CSI) and marks of direction as they are.
func WriteJSON(w io.Writer, value any, indent string) error {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetIndent("", indent)
	if err := enc.Encode(value); err != nil {
		return err
	}
	// Of all these Safe writes only DEL in a form that JSON does not have.
	_, err := io.WriteString(w, service.SafeLines(strings.ReplaceAll(text.String(), "\x7f", `\u007f`)))
	return err
}

// Count returns a number and a noun, with an s unless the number is 1.
func Count[N int | int16 | int32 | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Number returns a number, or a dash for nil.
func Number(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}
