package session

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"workshop.example/kit/service"
	"workshop.example/workshop/screen"
)

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
