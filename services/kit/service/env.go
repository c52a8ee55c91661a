package service

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Env reads a service's configuration from environment variables. Every mistake is kept until
// [Env.Err] reports all of them at once, so that nobody mends them one start at a time; every
// variable that was asked for is listed by [Env.Usage], so that --help cannot lag behind the code.
//
// A variable that is set but empty counts as unset: compose files pass "${PACE:-}" that way.
type Env struct {
	lookup func(string) (string, bool)
	flags  map[string]string // values of variables that were given as flags
	vars   []variable
	errs   []string

	ignored []Ignored
}

// Ignored is a variable that is set and has no effect.
type Ignored struct{ Name, Value, Because string }

// Ignore records that a variable has no effect because of another: a service logs it as a warning.
func (e *Env) Ignore(name, because string) {
	value, _ := e.lookup(name)
	e.ignored = append(e.ignored, Ignored{name, value, because})
}

// Ignored are the variables that [Env.Ignore] was told of.
func (e *Env) Ignored() []Ignored { return e.ignored }

type variable struct{ name, fallback, accepted, help string }

// NewEnv reads from lookup, which is os.LookupEnv outside of tests.
func NewEnv(lookup func(string) (string, bool)) *Env { return &Env{lookup: lookup} }

// EnvOf reads from a map, for tests and for programs that compose an environment themselves.
func EnvOf(vars map[string]string) *Env {
	return NewEnv(func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
}

// Err names every bad variable with the accepted values, or is nil. Its type is [UsageError].
func (e *Env) Err() error {
	if len(e.errs) == 0 {
		return nil
	}
	noun := "environment variables are"
	if len(e.errs) == 1 {
		noun = "environment variable is"
	}
	if len(e.flags) > 0 {
		noun = strings.Replace(noun, "environment variable", "setting", 1)
	}
	return UsageError(fmt.Sprintf("%d %s wrong:\n  %s", len(e.errs), noun, strings.Join(e.errs, "\n  ")))
}

// Fail records a mistake that only shows when several variables are looked at together.
func (e *Env) Fail(name, remedy string) {
	value, _ := e.lookup(name)
	e.errs = append(e.errs, fmt.Sprintf("%s: %s", e.assignment(name, value), remedy))
}

// get registers the variable and returns its value; ok is false where it is unset or empty.
func (e *Env) get(name, fallback, accepted, help string) (value string, ok bool) {
	e.vars = append(e.vars, variable{name, fallback, accepted, help})
	value, _ = e.lookup(name)
	return value, value != ""
}

// parsed is the shape of every typed variable: the default where it is unset or wrong, and a
// mistake on record where parse refuses the value.
func parsed[T any](e *Env, name string, fallback T, shown, accepted, help string, parse func(string) (T, error)) T {
	value, ok := e.get(name, shown, accepted, help)
	if !ok {
		return fallback
	}
	v, err := parse(value)
	if err != nil {
		e.errs = append(e.errs, fmt.Sprintf("%s: %v; accepted: %s", e.assignment(name, value), err, accepted))
		return fallback
	}
	return v
}

// Text is any text, or fallback.
func (e *Env) Text(name, fallback, accepted, help string) string {
	return parsed(e, name, fallback, fallback, accepted, help, func(s string) (string, error) { return s, nil })
}

// OneOf is one of the accepted words, exactly as written.
func (e *Env) OneOf(name, fallback string, accepted []string, help string) string {
	return parsed(e, name, fallback, fallback, strings.Join(accepted, ", "), help, func(s string) (string, error) {
		for _, a := range accepted {
			if s == a {
				return s, nil
			}
		}
		return "", fmt.Errorf("not an accepted value")
	})
}

// Lang reads WORKSHOP_LANG.
func (e *Env) Lang() Lang {
	lang := e.OneOf("WORKSHOP_LANG", "pt", []string{"pt", "pt-BR", "en"}, "language of the lines on standard output")
	return Lang(lang[:2])
}

// Bool is true or false.
func (e *Env) Bool(name string, fallback bool, help string) bool {
	return e.OneOf(name, strconv.FormatBool(fallback), []string{"true", "false"}, help) == "true"
}

// Number is a whole number of at least zero.
func (e *Env) Number(name string, fallback uint64, help string) uint64 {
	return parsed(e, name, fallback, strconv.FormatUint(fallback, 10), "a whole number from 0", help, func(s string) (uint64, error) {
		n, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			return 0, fmt.Errorf("not a whole number from 0")
		}
		return n, nil
	})
}

// Seed is a number, or a random one where the variable is unset: the caller prints it, so that a
// run can be repeated.
func (e *Env) Seed(name string, random func() uint64, help string) uint64 {
	return parsed(e, name, random(), "random, printed", "a whole number from 0", help, func(s string) (uint64, error) {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("not a whole number from 0")
		}
		return n, nil
	})
}

// Duration is a Go duration of at least zero, such as 250ms.
func (e *Env) Duration(name string, fallback time.Duration, help string) time.Duration {
	const accepted = "a Go duration from 0, such as 250ms or 2s"
	return parsed(e, name, fallback, fallback.String(), accepted, help, func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("not a duration from 0")
		}
		return d, nil
	})
}

// legalTopic is Kafka's own rule for topic names (org.apache.kafka.common.internals.Topic), which
// also refuses "." and ".." and anything over 249 characters.
var legalTopic = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// LegalTopic reports whether Kafka accepts the name for a topic.
func LegalTopic(name string) bool {
	return legalTopic.MatchString(name) && name != "." && name != ".."
}

// Topic is a legal topic name; also, given as words that are accepted besides, such as "none".
func (e *Env) Topic(name, fallback, help string, also ...string) string {
	accepted := "a topic name: 1 to 249 of a-z A-Z 0-9 . _ -"
	for _, word := range also {
		accepted += ", or " + word
	}
	return parsed(e, name, fallback, fallback, accepted, help, func(s string) (string, error) {
		if !LegalTopic(s) {
			return "", fmt.Errorf("not a legal topic name")
		}
		return s, nil
	})
}

// HostPort is one host:port; an empty host stands for every address of this machine.
func (e *Env) HostPort(name, fallback, help string) string {
	return parsed(e, name, fallback, fallback, "host:port", help, func(s string) (string, error) { return s, checkHostPort(s, true) })
}

// HostPorts is a comma-separated list of host:port.
func (e *Env) HostPorts(name, fallback, help string) []string {
	return parsed(e, name, strings.Split(fallback, ","), fallback, "host:port, comma separated", help, SplitHostPorts)
}

// SplitHostPorts cuts a comma-separated list of host:port; spaces around an entry are dropped.
func SplitHostPorts(list string) ([]string, error) {
	var addrs []string
	for _, addr := range strings.Split(list, ",") {
		addr = strings.TrimSpace(addr)
		if err := checkHostPort(addr, false); err != nil {
			return nil, err
		}
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

func checkHostPort(addr string, toListen bool) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not host:port", addr)
	}
	if host == "" && !toListen {
		return fmt.Errorf("%q has no host", addr)
	}
	lowest := 1
	if toListen {
		lowest = 0 // to listen on, a free port of the system's choice
	}
	if n, err := strconv.Atoi(port); err != nil || n < lowest || n > 65535 {
		return fmt.Errorf("%q has no port from %d to 65535", addr, lowest)
	}
	return nil
}
