package admin

import (
	"encoding/json"
	"io"
	"strings"

	"workshop.example/kit/service"
)

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
