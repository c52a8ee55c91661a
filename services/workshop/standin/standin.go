// Package standin is for tests of what starts the services: a test's own binary, under a link named for a service, stands
// in for it.
package standin

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

// Run behaves as a service does under up: it says that it runs, waits for the end of its
// standard input, and prints a last line. Before that it takes the steps of its script, as STEP=VALUE
// separated by blanks.
func Run(name string) int {
	if os.Args[1] != "--stop-on-eof" {
		return 99
	}
	// The watcher sees the connection's end when this process ends, whatever ends it.
	watcher, err := net.Dial("tcp", os.Getenv("STANDIN_WATCHER"))
	if err != nil {
		return 98
	}
	fmt.Fprintln(watcher, name)
	if _, err := watcher.Read(make([]byte, 1)); err != nil { // until it has counted us
		return 97
	}
	go func() {
		if _, err := watcher.Read(make([]byte, 1)); err == nil {
			os.Exit(4) // the watcher wants a crash
		}
	}()
	for step := range strings.FieldsSeq(os.Getenv("STANDIN_" + name)) {
		if code := takeStep(step); code >= 0 {
			return code
		}
	}
	io.Copy(io.Discard, os.Stdin)
	broker, _, _ := strings.Cut(os.Getenv("BOOTSTRAP_SERVERS"), ",")
	if conn, err := net.Dial("tcp", broker); err == nil {
		conn.Close()
		fmt.Println("brokers are still there")
	}
	fmt.Println("summary")
	return 0
}

// takeStep returns an exit code, or -1 to go on.
func takeStep(step string) int {
	verb, value, _ := strings.Cut(step, "=")
	switch verb {
	case "say":
		fmt.Println(value)
	case "unfinished":
		fmt.Print(value)
	case "log":
		fmt.Fprintln(os.Stderr, value)
	case "env":
		fmt.Printf("%s=%q\n", value, os.Getenv(value))
	case "long":
		n, _ := strconv.Atoi(value)
		fmt.Println(strings.Repeat("x", n))
	case "fail-below": // exit with 3 until the file, which every run makes longer, has this length
		n, _ := strconv.Atoi(value)
		path := os.Getenv("STANDIN_FILE")
		before, _ := os.ReadFile(path)
		os.WriteFile(path, append(before, '.'), 0o600)
		if len(before) < n {
			return 3
		}
	case "exit":
		code, _ := strconv.Atoi(value)
		return code
	case "deaf": // to every wish to stop
		select {}
	case "flood": // lines without end, and deaf
		for {
			fmt.Println("a line like any other")
		}
	case "babble": // lines until the stop
		go func() {
			for {
				fmt.Println("a line like any other")
			}
		}()
	}
	return -1
}
