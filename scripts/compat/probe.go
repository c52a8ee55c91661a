// What the probes in Go share. scripts/compat-clients says what is asked of a probe.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

type record struct {
	Key     *string      `json:"key"`
	Value   *string      `json:"value"`
	Headers [][2]*string `json:"headers"`
}

type job struct {
	Topic, Codec, Transaction string
	Committed                 bool
	Records                   []record
}

type result struct {
	Partitions []int32  `json:"partitions,omitempty"`
	Records    []record `json:"records,omitempty"`
	Error      string   `json:"error,omitempty"`
}

func octets(s *string) []byte {
	if s == nil {
		return nil
	}
	return []byte(*s)
}

func text(b []byte) *string {
	if b == nil {
		return nil
	}
	s := string(b)
	return &s
}

// answer does a job for each line of standard input, and prints its result as a line.
func answer(do func(job) (result, error)) {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var j job
		if err := json.Unmarshal(in.Bytes(), &j); err != nil {
			panic(err)
		}
		r, err := do(j)
		if err != nil {
			r.Error = err.Error()
		}
		line, _ := json.Marshal(r)
		fmt.Println(string(line))
	}
}
