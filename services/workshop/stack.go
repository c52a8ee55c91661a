package main

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"workshop.example/kit/kafka"
	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
)

// standardTopics are the topics of the stack, wherever it runs. Transactions are keyed by user and
// spread over three partitions; the score needs one, or its goals would interleave.
func standardTopics() []kafka.Topic {
	return slices.Concat(
		kafka.Topic{Name: "transactions", Partitions: 3, Replicas: 3}.WithDeadLetters(),
		kafka.Topic{Name: "scoreGame", Partitions: 1, Replicas: 3}.WithDeadLetters(),
		// What the scoreboard writes in its transactions: a partition for each of scoreGame's.
		[]kafka.Topic{{Name: "scoreBoard", Partitions: 1, Replicas: 3}},
	)
}

// program is one of the services as up starts it.
type program struct {
	name     string
	set      []string // NAME=value that it gets
	defaults []string // NAME=value that it gets where the user has not set NAME
	fixed    []string // NAME=value that it gets whatever the user has set, who means another program
}

// programs are started in this order.
var programs = []program{
	{name: "producer", set: []string{"TOPIC=transactions"}},
	// Static members: after a crash the restart has its partitions back at once.
	{name: "consumer", set: []string{"TOPIC=transactions", "CONSUMER_GROUP=cg-group-id", "GROUP_INSTANCE_ID=consumer"}},
	{name: "score-simulator", set: []string{"TOPIC=scoreGame"}, defaults: []string{"MATCHES=0", "MATCH_PAUSE=10s"}},
	{
		name:     "scoreboard",
		set:      []string{"TOPIC=scoreGame", "CONSUMER_GROUP=group1", "GROUP_INSTANCE_ID=scoreboard"},
		defaults: []string{"MATCHES=0"},
	},
}

// ownNames are variables of which one value cannot serve four programs: two pairs read two topics,
// in two groups, and a port can be listened on once.
var ownNames = []string{
	"BOOTSTRAP_SERVERS", "kafka_host_url", "TOPIC", "CONSUMER_GROUP", "GROUP_INSTANCE_ID", "TRANSACTIONAL_ID",
	"DEAD_LETTER_TOPIC", "OPS_ADDR",
}

func isOwn(name string) bool {
	return slices.ContainsFunc(ownNames, func(own string) bool { return sameName(own, name) })
}

// environment is the user's environment as this program gets it.
func (p program) environment(user []string, bootstrap string) []string {
	env := []string{"BOOTSTRAP_SERVERS=" + bootstrap}
	env = append(env, p.set...)
	have := func(name string) bool {
		return slices.ContainsFunc(env, func(entry string) bool {
			n, value := splitEntry(entry)
			return sameName(n, name) && value != "" // empty counts as unset, as it does for the services
		})
	}
	for _, entry := range user {
		if name, _ := splitEntry(entry); !isOwn(name) {
			env = append(env, entry)
		}
	}
	for _, entry := range p.defaults {
		if name, _ := splitEntry(entry); !have(name) {
			env = append(env, entry)
		}
	}
	return append(env, p.fixed...) // of two values of a name the last one counts
}

// ignored are the user's variables that no service gets to see.
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

// splitEntry cuts NAME=value. Windows has hidden entries that begin with an equals sign.
func splitEntry(entry string) (name, value string) {
	if i := strings.Index(entry[min(1, len(entry)):], "="); i >= 0 {
		return entry[:i+1], entry[i+2:]
	}
	return entry, ""
}

// sameName compares names of variables, which on Windows do not depend on case.
func sameName(a, b string) bool {
	return a == b || runtime.GOOS == "windows" && strings.EqualFold(a, b)
}

// programNames are the services that up starts where none are named.
func programNames() []string { return namesOf(programs) }

// serviceNames are the accepted values of --services: of both systems.
func serviceNames() []string { return slices.Concat(programNames(), namesOf(ecommercePrograms)) }

func namesOf(all []program) []string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.name
	}
	return names
}

// choose returns the programs named in a comma-separated list, in the order of the stack; all of the
// e-commerce system or of the other where it is empty.
func choose(list string, ecommerce bool) ([]program, error) {
	switch {
	case list == "" && ecommerce:
		return ecommercePrograms, nil
	case list == "":
		return programs, nil
	}
	wanted := strings.Split(list, ",")
	for i, name := range wanted {
		wanted[i] = strings.TrimSpace(name)
		if !slices.Contains(serviceNames(), wanted[i]) {
			return nil, service.UsageError("--services: " + nearest.Unknown("service", wanted[i], serviceNames()) + ", comma separated")
		}
	}
	return slices.DeleteFunc(slices.Concat(programs, ecommercePrograms), func(p program) bool { return !slices.Contains(wanted, p.name) }), nil
}

// binary is where the program's executable is expected.
func (p program) binary(dir string) string {
	name := p.name
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name)
}
