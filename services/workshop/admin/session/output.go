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

// Print writes value as JSON, or what table writes, its columns aligned. Each write of table has to be one line.
// On a terminal, columns give way where there are too many: see [screen.Table].
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

// WriteJSON writes value and a line end. What could act on a terminal is written as an escape of JSON, which
// means the same: encoding/json leaves DEL, C1 (with the 8-bit CSI) and marks of direction as they are.
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

func Count[N int | int16 | int32 | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Number is the number, or a dash where it is not known.
func Number(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}
