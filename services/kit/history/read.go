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
	err := Each(r, func(e Entry) { entries = append(entries, e) })
	return entries, err
}

// Each hands take what Read returns, entry by entry: a history may be larger than the memory.
func Each(r io.Reader, take func(Entry)) error {
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if line[0] == '{' && line[len(line)-1] != '}' {
			continue // torn
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if e.Step == "" || e.Phase == "" || e.Session == "" {
			return fmt.Errorf("line %d: no entry of a history: step, phase or session is missing", n)
		}
		take(e)
	}
}
