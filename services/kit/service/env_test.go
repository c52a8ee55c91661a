package service

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEnvReads(t *testing.T) {
	e := EnvOf(map[string]string{
		"D": "250ms", "N": "3", "B": "false", "T": "my.topic_1-x", "L": "none", "H": ":9400", "S": "7", "O": "b",
		"HS": "a:1, b:2", "EMPTY": "",
	})
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"duration", e.Duration("D", time.Second, ""), 250 * time.Millisecond},
		{"duration unset", e.Duration("X", time.Second, ""), time.Second},
		{"set but empty counts as unset", e.Duration("EMPTY", time.Second, ""), time.Second},
		{"number", e.Number("N", 1, ""), uint64(3)},
		{"bool", e.Bool("B", true, ""), false},
		{"topic", e.Topic("T", "t", ""), "my.topic_1-x"},
		{"topic or a word", e.Topic("L", "t", "", "none"), "none"},
		{"host and port", e.HostPort("H", "", ""), ":9400"},
		{"seed", e.Seed("S", func() uint64 { return 1 }, ""), uint64(7)},
		{"random seed", e.Seed("X", func() uint64 { return 5 }, ""), uint64(5)},
		{"one of", e.OneOf("O", "a", []string{"a", "b"}, ""), "b"},
		{"text", e.Text("X", "fallback", "", ""), "fallback"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	if got, want := e.HostPorts("HS", "x:1", ""), []string{"a:1", "b:2"}; !slices.Equal(got, want) {
		t.Errorf("hosts %v, want %v", got, want)
	}
	if err := e.Err(); err != nil {
		t.Error(err)
	}
}

func TestEnvNamesEveryMistakeAtOnce(t *testing.T) {
	vars := map[string]string{
		"D1": "2", "D2": "-1s", "N1": "-1", "N2": "1.5", "B": "yes", "T1": "a b", "T2": "..", "T3": strings.Repeat("x", 250),
		"H1": "localhost", "H2": "h:70000", "HS": "a:1,,b:2", "S": "-3", "O": "c", "HS2": ":9092",
	}
	e := EnvOf(vars)
	e.Duration("D1", 0, "")
	e.Duration("D2", 0, "")
	e.Number("N1", 0, "")
	e.Number("N2", 0, "")
	e.Bool("B", true, "")
	e.Topic("T1", "t", "")
	e.Topic("T2", "t", "")
	e.Topic("T3", "t", "")
	e.HostPort("H1", "", "")
	e.HostPort("H2", "", "")
	e.HostPorts("HS", "x:1", "")
	e.HostPorts("HS2", "x:1", "")
	e.Seed("S", func() uint64 { return 0 }, "")
	e.OneOf("O", "a", []string{"a", "b"}, "")
	err := e.Err()
	var usage UsageError
	if !errors.As(err, &usage) {
		t.Fatalf("error %v is no UsageError", err)
	}
	for name, value := range vars {
		if !strings.Contains(err.Error(), name+"=\""+value+"\"") {
			t.Errorf("the error does not name %s with its value", name)
		}
	}
	if !strings.Contains(err.Error(), "accepted: a, b") {
		t.Errorf("the error does not give the accepted values:\n%v", err)
	}
}

func TestUsageListsWhatWasAskedFor(t *testing.T) {
	e := EnvOf(nil)
	e.Duration("PACE", 2*time.Second, "time between messages")
	var out bytes.Buffer
	e.Usage(&out)
	for _, word := range []string{"PACE", "2s", "a Go duration", "time between messages"} {
		if !strings.Contains(out.String(), word) {
			t.Errorf("no %q in\n%s", word, &out)
		}
	}
}
