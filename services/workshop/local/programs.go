package local

import (
	"slices"
	"strings"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
)

// StandardTopics returns the topics of the five services, wherever they run. Transactions are keyed by user and spread
// over three partitions; the score needs one partition, or its goals would interleave.
func StandardTopics() []kafka.Topic {
	return slices.Concat(
		kafka.Topic{Name: "transactions", Partitions: 3, Replicas: 3}.WithDeadLetters(),
		[]kafka.Topic{{Name: "transactions.alerts", Partitions: 3, Replicas: 3}}, // of the monitor, by user
		kafka.Topic{Name: "scoreGame", Partitions: 1, Replicas: 3}.WithDeadLetters(),
		// What the scoreboard writes in its transactions: a partition for each of scoreGame's.
		[]kafka.Topic{{Name: "scoreBoard", Partitions: 1, Replicas: 3}},
		[]kafka.Topic{{Name: event.ExperimentsTopic, Partitions: 1, Replicas: 3}}, // what labs and drills tell the class board
	)
}

// program is a service with its settings under up.
type program struct {
	name     string
	set      []string // NAME=value that it gets
	defaults []string // NAME=value that it gets if the user has not set NAME
	fixed    []string // NAME=value that it gets even if the user has set NAME, which is meant for another program
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
	// The last, so that the first score is not kept waiting. It accepts no other isolation, which is for the consumer and the scoreboard.
	{
		name:  monitor,
		set:   []string{"TOPIC=transactions", "CONSUMER_GROUP=monitor", "GROUP_INSTANCE_ID=monitor"},
		fixed: []string{"ISOLATION=read_committed"},
	},
}

// environment returns the user's environment as this program gets it.
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

// ProgramNames returns the services that up starts by default.
func ProgramNames() []string { return namesOf(programs) }

// ServiceNames returns the services of both systems.
func ServiceNames() []string { return slices.Concat(ProgramNames(), EcommerceNames()) }

// EcommerceNames returns the services of the e-commerce system.
func EcommerceNames() []string { return namesOf(ecommercePrograms) }

func namesOf(all []program) []string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.name
	}
	return names
}

// choose returns the programs named in a comma-separated list, in the order in which they are started. An empty list
// stands for all programs of one system.
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
		if !slices.Contains(ServiceNames(), wanted[i]) {
			return nil, service.UsageError("--services: " + nearest.Unknown("service", wanted[i], ServiceNames()) + ", comma separated")
		}
	}
	all := slices.Concat(programs, ecommercePrograms)
	return slices.DeleteFunc(all, func(p program) bool { return !slices.Contains(wanted, p.name) }), nil
}
