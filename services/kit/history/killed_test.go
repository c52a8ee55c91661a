package history

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// killedVariable makes this test a process that is to be killed, and says where its history is.
const killedVariable = "HISTORY_TEST_KILLED"

func TestMain(m *testing.M) {
	if path := os.Getenv(killedVariable); path != "" {
		work(path, os.Getenv(killedVariable+"_EARLY") != "")
	}
	os.Exit(m.Run())
}

// work does things for ever, and says so on standard output: "did N" is a deed, whose intent must be in the history,
// "told N" gives away its outcome. If it is early, it does its deeds before Flush.
func work(path string, early bool) {
	r, err := Open(path, "killed", func(err error) { panic(err) })
	if err != nil {
		panic(err)
	}
	intents, outcomes := r.Batch(), r.Batch()
	for n := 1; ; {
		var begun []Operation
		first := n
		for range 100 {
			begun = append(begun, intents.Begin(Send, Subject{Number: n, Stream: strings.Repeat("x", n%300)}))
			n++
		}
		if !early {
			intents.Flush()
		}
		for i := range begun {
			fmt.Println("did", first+i)
		}
		if early {
			select {} // the moment to be killed
		}
		for _, o := range begun {
			outcomes.OK(o)
		}
		outcomes.Flush()
		for i := range begun {
			fmt.Println("told", first+i)
		}
	}
}

// killed starts a process that works, kills it when it has written so many lines, and returns how many of its deeds
// lack an intent, and how many outcomes that it has told are not in its history.
func killed(t *testing.T, lines int, variables ...string) (withoutIntent, withoutResult int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.jsonl")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), killedVariable+"="+path), variables...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for in := bufio.NewScanner(out); in.Scan(); { // to the end: what was written before the kill counts
		if said = append(said, in.Text()); len(said) == lines {
			cmd.Process.Kill()
		}
	}
	cmd.Wait() // an error, as it was killed

	phases := map[string]bool{}
	for _, e := range read(t, path) {
		phases[string(e.Phase)+" "+strconv.Itoa(e.Number)] = true
	}
	for _, line := range said {
		if n, ok := strings.CutPrefix(line, "did "); ok && !phases["intent "+n] {
			withoutIntent++
		}
		if n, ok := strings.CutPrefix(line, "told "); ok && !phases["ok "+n] {
			withoutResult++
		}
	}
	return withoutIntent, withoutResult
}

// Whenever a process is killed, what it has done has its intent in the history, and what it has told its result.
func TestKilledProcessHasNoDeedWithoutIntent(t *testing.T) {
	for round := range 20 {
		if intents, results := killed(t, 1+round*137); intents+results > 0 {
			t.Errorf("killed after %d lines: %d deeds without an intent, %d told results that are missing", 1+round*137, intents, results)
		}
	}
	if intents, _ := killed(t, 100, killedVariable+"_EARLY=1"); intents != 100 {
		t.Errorf("control: of 100 deeds before Flush %d lack an intent, want all", intents)
	}
}

// A process that was killed in a write call leaves a line that is torn. Another that shares the file goes on behind it:
// the one is left out, the other read.
func TestTornLineOfAnotherProcess(t *testing.T) {
	first, second := sent(1), sent(2)
	second.Error = `{"at":"` // is escaped, and so no opening
	whole, behind := string(first.appendJSON(nil)), string(second.appendJSON(nil))
	for cut := range len(whole) + 1 {
		entries, err := Read(strings.NewReader(whole + "\n" + whole[:cut] + behind + "\n" + whole + "\n"))
		if err != nil || len(entries) != 3 || entries[1].Number != 2 || entries[1].Error != second.Error {
			t.Fatalf("torn after %q: %+v, %v", whole[:cut], entries, err)
		}
	}
	for _, bad := range []string{"nonsense" + behind, whole + `{"at":"` + behind[1:], whole + behind[:len(behind)-1] + ",}"} {
		if _, err := Read(strings.NewReader(bad + "\n")); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
