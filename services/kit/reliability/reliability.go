// Package reliability keeps what the tests of a guarantee measured: a test calls Record, and a campaign
// (make campaign) gathers the records of all of its parts into docs/reliability.md.
package reliability

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// RecordVariable names the environment variable that names the file to which Record appends.
const RecordVariable = "RELIABILITY_RECORD"

// Measurement is what one test saw of one guarantee.
type Measurement struct {
	// Guarantee is a short sentence, such as "exactly-once counts every goal once".
	Guarantee string `json:"guarantee"`
	// Ground says where: embedded cluster, real brokers, or containers.
	Ground string `json:"ground"`
	// Test is the name of the test.
	Test string `json:"test"`
	// Seed repeats the run; 0 where nothing was left to chance.
	Seed uint64 `json:"seed,omitempty"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
	// Events are the messages, orders or goals that were judged.
	Events int `json:"events"`
	// Faults are those that were confirmed, by kind, such as "kill -9 of a broker".
	Faults map[string]int `json:"faults,omitempty"`
	// Of the events.
	Lost       int `json:"lost"`
	Duplicated int `json:"duplicated"`
	OutOfOrder int `json:"outOfOrder"`
	// Silence is the longest time without an acknowledgement, in seconds; 0 where nobody looked.
	Silence float64 `json:"silence,omitempty"`
	// Controls are broken variants of the subject, and Caught are those that the same judge found to be broken.
	Controls int `json:"controls,omitempty"`
	Caught   int `json:"caught,omitempty"`
}

// Grounds on which a guarantee is measured.
const (
	Embedded   = "embedded cluster"
	Brokers    = "real brokers"
	Containers = "containers"
)

// Clean reports whether nothing was lost, duplicated or out of order, and every control was caught.
func (m Measurement) Clean() bool {
	return m.Lost == 0 && m.Duplicated == 0 && m.OutOfOrder == 0 && m.Caught == m.Controls
}

// Record appends m to the file that RecordVariable names, as a line of JSON; without that variable it does
// nothing. Several processes may append to one file.
func Record(m Measurement) error {
	name := os.Getenv(RecordVariable)
	if name == "" {
		return nil
	}
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("record of %s: %w", m.Test, err)
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("record of %s: %w", m.Test, err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		f.Close()
		return fmt.Errorf("record of %s: %w", m.Test, err)
	}
	return f.Close()
}

// Read returns the measurements in a file that Record has written; a file that is not there has none.
// A line that is not a measurement is an error, which names the line.
func Read(name string) ([]Measurement, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []Measurement
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		var m Measurement
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", name, n, err)
		}
		all = append(all, m)
	}
	return all, lines.Err()
}
