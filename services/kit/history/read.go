package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Read returns the entries of a history in the order of the file. A line without its end is what a full
// disk leaves, or a machine that lost power, and is left out; any other line that is no entry is an
// error that names its number.
func Read(r io.Reader) ([]Entry, error) {
	var entries []Entry
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return entries, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if line[0] == '{' && line[len(line)-1] != '}' {
			continue // torn
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return entries, fmt.Errorf("line %d: %w", n, err)
		}
		if e.Step == "" || e.Phase == "" || e.Session == "" {
			return entries, fmt.Errorf("line %d: no entry of a history: step, phase or session is missing", n)
		}
		entries = append(entries, e)
	}
}
