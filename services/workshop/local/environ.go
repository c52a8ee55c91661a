package local

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"workshop.example/kit/kafkaenv"
)

// Lookup returns a variable's value in an environment as of [os.Environ].
func Lookup(environ []string, name string) (value string, ok bool) {
	for _, entry := range environ {
		if n, value := splitEntry(entry); sameName(n, name) {
			return value, true
		}
	}
	return "", false
}

// Without returns a copy of an environment that lacks the variables of these names.
func Without(environ []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _ := splitEntry(entry)
		return slices.ContainsFunc(names, func(n string) bool { return sameName(n, name) })
	})
}

// OwnNames are the variables that each service needs a value of its own for: two pairs read two topics in two groups, only one
// process can listen on a port, and the embedded cluster speaks plain text. The user's values of them are ignored.
var OwnNames = append([]string{
	"BOOTSTRAP_SERVERS", "kafka_host_url", "TOPIC", "CONSUMER_GROUP", "GROUP_INSTANCE_ID", "TRANSACTIONAL_ID",
	"DEAD_LETTER_TOPIC", "OPS_ADDR",
}, kafkaenv.SecurityVariables...)

func isOwn(name string) bool {
	return slices.ContainsFunc(OwnNames, func(own string) bool { return sameName(own, name) })
}

// ignored returns the user's variables that no service sees.
func ignored(user []string) []string {
	var names []string
	for _, entry := range user {
		name, value := splitEntry(entry)
		if value != "" && isOwn(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// splitEntry splits NAME=value. Windows has hidden entries that begin with an equals sign.
func splitEntry(entry string) (name, value string) {
	if i := strings.Index(entry[min(1, len(entry)):], "="); i >= 0 {
		return entry[:i+1], entry[i+2:]
	}
	return entry, ""
}

// sameName compares names of variables, ignoring case on Windows.
func sameName(a, b string) bool {
	return a == b || runtime.GOOS == "windows" && strings.EqualFold(a, b)
}

// Binary returns where a program's executable is expected.
func Binary(dir, name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name)
}
