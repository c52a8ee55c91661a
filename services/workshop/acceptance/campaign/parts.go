package main

import "time"

// part is a piece of the campaign: a command, and what it needs of the machine.
type part struct {
	name, what string
	about      time.Duration // on two cores
	command    []string
	env        []string
	network    bool // it has its own brokers on the usual ports, in a network of its own
	race       bool // its programs are those with the race detector
}

// brokers is a part on real brokers: the tests whose names match.
func brokers(name string, about time.Duration, tests, what string, env ...string) part {
	return part{name: name, what: what, about: about, command: []string{"scripts/lane-brokers", "-run", tests}, env: env, network: true}
}

// parts, the longest first.
var parts = []part{
	brokers("faults", 40*time.Minute, "^TestRandomFaults$", "the whole system under random faults, judged twice", "FAULTS_FOR=35m"),
	brokers("drills", 27*time.Minute, "Drill|Migration", "every drill with its repetitions, the way out of ZooKeeper, and what they refuse"),
	{
		name: "containers", what: "the compose files, every drill and page in containers", about: 20 * time.Minute,
		command: []string{"scripts/lane-docker"},
	},
	{
		name: "labs", what: "every lab ten times on the embedded cluster, each time another match", about: 20 * time.Minute,
		command: []string{"scripts/repeat-labs", "10"}, env: []string{"BOOTSTRAP_SERVERS="},
	},
	{
		name: "soak", what: "the exactly-once scoreboard under thousands of faults", about: 10 * time.Minute,
		command: []string{"go", "test", "-race", "-count=1", "-timeout", "1h", "-v", "-run", "Soak", "./services/scoreboard"},
		env:     []string{"SOAK_EVENTS=60000", "SOAK_FAULTS=2500"}, race: true,
	},
	brokers("labs-brokers", 12*time.Minute, "Lab|Control|Pages", "every lab, control and page on real brokers"),
	brokers("kills", 10*time.Minute, "Survive|Killed|Order",
		"twenty kills a board, leaders' deaths, a thousand orders from fifty clients each"),
	{
		name: "pages", what: "every page of the labs on the embedded cluster", about: 5 * time.Minute,
		command: []string{"scripts/lane-labs"}, race: true,
	},
	{
		name: "repeat", what: "the packages whose tests depend on time, five times", about: 10 * time.Minute,
		command: []string{
			"go", "test", "-race", "-count=5", "-parallel", "8", "-timeout", "1h", "./services/kit/kafka/...", "./services/kit/service",
			"./services/producer", "./services/consumer", "./services/scoreboard", "./services/monitor/...", "./services/ecommerce/...",
		}, race: true,
	},
	{
		name: "speed", what: "the consumer and the producer beside other clients", about: 10 * time.Minute,
		command: []string{"scripts/bench-peers", "--print"},
	},
	{
		name: "capacity", what: "what three brokers hold, and how they bear 300 clients", about: 8 * time.Minute,
		command: []string{"scripts/measure-capacity", "--print"},
	},
}
