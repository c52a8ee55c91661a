package service

import (
	"flag"
	"fmt"
	"strings"
)

// flagOf is the flag for a variable: --max-age for MAX_AGE.
func flagOf(variable string) string { return strings.ReplaceAll(strings.ToLower(variable), "_", "-") }

// addFlags defines a flag for each variable that was asked for, for shells in which a variable before a command means nothing. The map
// gets those that are given. Passwords have none: other users of the machine see command lines.
func (e *Env) addFlags(flags *flag.FlagSet) (given map[string]string) {
	given = map[string]string{}
	for _, name := range e.names() {
		if !strings.HasSuffix(name, "_PASSWORD") && flags.Lookup(flagOf(name)) == nil {
			flags.Func(flagOf(name), "", func(value string) error { given[name] = value; return nil })
		}
	}
	return given
}

// with is an environment in which the flags that are given win.
func (e *Env) with(given map[string]string) *Env {
	return &Env{flags: given, lookup: func(name string) (string, bool) {
		if value, ok := given[name]; ok {
			return value, true
		}
		return e.lookup(name)
	}}
}

// assignment is how a setting was given.
func (e *Env) assignment(name, value string) string {
	if _, ok := e.flags[name]; ok {
		return fmt.Sprintf("--%s %q", flagOf(name), value)
	}
	return fmt.Sprintf("%s=%q", name, value)
}
