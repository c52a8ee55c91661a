package history

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Read returns the entries of a history in the order of the file. A line without its end is what a full
// disk leaves, a machine that lost power, or a process that was killed in a write call, and is left out, also
// where another process has gone on behind it. Any other line that is no entry is an error that names its number.
func Read(r io.Reader) ([]Entry, error) {
	var entries []Entry
	err := Each(r, func(e Entry) { entries = append(entries, e) })
	return entries, err
}

// Each hands take what Read returns, entry by entry: a history may be larger than the memory.
func Each(r io.Reader, take func(Entry)) error {
	in := bufio.NewReaderSize(r, 64<<10)
	d := new(decoder)
	var long []byte
	for n := 1; ; n++ {
		line, err := readLine(in, &long)
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
		e, err := d.entry(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if e.Step == "" || e.Phase == "" || e.Session == "" {
			return fmt.Errorf("line %d: no entry of a history: step, phase or session is missing", n)
		}
		take(e)
	}
}

// readLine returns a line with its end, until the next call. One that in cannot hold is put together in long.
func readLine(in *bufio.Reader, long *[]byte) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	*long = append((*long)[:0], line...)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = in.ReadSlice('\n')
		*long = append(*long, line...)
	}
	return *long, err
}
