//go:build brokers

package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// client is a folder of labs/clients: a producer and a scoreboard with a library of some language.
type client struct {
	name string
	run  func(t *testing.T, dir, program string) []string // producer, scoreboard
}

func (c client) command(t *testing.T, program string) []string {
	t.Helper()
	return c.run(t, filepath.Join(root(t), "labs", "clients", c.name), program)
}

// clients are those that are tested. CLIENTS=rdkafka has the one in Rust tested too, which takes minutes to build.
var clients = append([]client{
	{"aiokafka", pythonCommand},
	{"confluent-kafka", pythonCommand},
	{"franz-go", goCommand},
	{"kafka-clients", javaCommand},
	{"kafkajs", nodeCommand},
}, map[string][]client{"rdkafka": {{"rdkafka", rustCommand}}}[os.Getenv("CLIENTS")]...)

func pythonCommand(_ *testing.T, dir, program string) []string {
	return []string{os.Getenv("WORKSHOP_PYTHON"), filepath.Join(dir, program+".py")}
}

func javaCommand(t *testing.T, dir, program string) []string {
	t.Helper()
	needs(t, filepath.Join(dir, "target", "libs"), "mvn -q -f labs/clients/%s compile", filepath.Base(dir))
	classes := filepath.Join(dir, "target", "classes") + string(os.PathListSeparator) + filepath.Join(dir, "target", "libs", "*")
	return []string{"java", "-XX:TieredStopAtLevel=1", "-cp", classes, "workshop." + strings.ToUpper(program[:1]) + program[1:]}
}

func nodeCommand(t *testing.T, dir, program string) []string {
	t.Helper()
	needs(t, filepath.Join(dir, "node_modules"), "npm ci --prefix labs/clients/%s", filepath.Base(dir))
	return []string{"node", filepath.Join(dir, program+".js")}
}

func goCommand(t *testing.T, dir, program string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, program, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), program)
	if out, err := kafkatest.GoBuild(append([]string{"-o", path}, files...)...).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return []string{path}
}

func rustCommand(t *testing.T, dir, program string) []string {
	t.Helper()
	path := filepath.Join(dir, "target", "debug", program)
	needs(t, path, "cargo build --manifest-path labs/clients/%s/Cargo.toml", filepath.Base(dir))
	return []string{path}
}

// needs ends a test whose client is not installed, with the command that installs it.
func needs(t *testing.T, path, install, name string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not installed: "+install, name, name)
	}
}

// launch starts a client's program.
func launch(t *testing.T, command []string, vars ...string) *program {
	t.Helper()
	vars = append([]string{"BOOTSTRAP_SERVERS=" + strings.Join(stack.Brokers, ","), "PYTHONDONTWRITEBYTECODE=1"}, vars...)
	return start(t, vars, command[0], command[1:]...)
}

// The transactions of every client are read by our consumer, and a key is where ours, and so Java's, would have put it.
func TestClientsTransactionsAreRead(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const count = 120
			name := topic(t, "transactions", 3)
			producer := launch(t, c.command(t, "producer"), "TOPIC="+name, fmt.Sprint("COUNT=", count), "PACE=0")
			if code := producer.exit(patience); code != 0 {
				t.Fatalf("exit code %d\n%s", code, tail(producer.Logs()))
			}
			if got := len(acknowledged(producer)); got != count {
				t.Errorf("it says of %d messages where they are, want %d:\n%s", got, count, tail(producer.Lines()))
			}
			consumer := service(t, "consumer", "TOPIC="+name, "CONSUMER_GROUP="+name)
			kafkatest.Eventually(t, "all messages are consumed", func() bool { return len(consumed(consumer)) == count })
			consumer.terminate()
			if want := fmt.Sprintf("resumo: %d lidas · 0 ignoradas", count); !contains(consumer.Lines(), want) {
				t.Errorf("the consumer does not say %q:\n%s", want, tail(consumer.Lines()))
			}
			msgs, err := kafkatest.ReadAll(stack, name)
			if err != nil {
				t.Fatal(err)
			}
			murmur2 := sarama.NewMurmur2Partitioner(name)
			for _, msg := range msgs {
				var tx struct {
					User  string `json:"id_usuario"`
					Cents int64  `json:"valor_centavos"`
				}
				if err := json.Unmarshal(msg.Value, &tx); err != nil || tx.Cents == 0 || tx.User != string(msg.Key) {
					t.Errorf("key %q, value %s: %v", msg.Key, msg.Value, err)
				}
				if want, err := murmur2.Partition(&sarama.ProducerMessage{Key: sarama.ByteEncoder(msg.Key)}, 3); err != nil || want != msg.Partition {
					t.Errorf("key %s is on partition %d, want %d: %v", msg.Key, msg.Partition, want, err)
				}
			}
		})
	}
}

// guarantee is what a board shows that crashes at id 5: the last id of its first life, and the first of its second.
type guarantee struct{ shown, restartAt int }

var guarantees = map[string]guarantee{"at-most-once": {4, 6}, "at-least-once": {5, 5}, "exactly-once": {4, 5}}

// Each client's board keeps each guarantee over a crash on real brokers. The control: one that delivers at most once is
// not taken for one that delivers exactly once.
func TestClientsKeepTheGuarantees(t *testing.T) {
	t.Parallel()
	name := topic(t, "scoreGame", 1)
	simulator := service(t, "score-simulator", "TOPIC="+name, "PACE=0", "SEED=8")
	if code := simulator.exit(patience); code != 0 {
		t.Fatalf("score-simulator: exit code %d", code)
	}
	events := sentEvents(t, simulator)
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			command := c.command(t, "scoreboard")
			for delivery := range guarantees {
				t.Run(delivery, func(t *testing.T) {
					t.Parallel()
					if err := crashedBoard(t, command, name, delivery, delivery, events); err != nil {
						t.Error(err)
					}
				})
			}
			t.Run("control", func(t *testing.T) {
				t.Parallel()
				if err := crashedBoard(t, command, name, "at-most-once", "exactly-once", events); err == nil {
					t.Error("a board that delivers at most once passes for exactly once")
				}
			})
			t.Run("unknown delivery", func(t *testing.T) {
				t.Parallel()
				p := launch(t, command, "DELIVERY=twice")
				if code := p.exit(patience); code != 2 || !contains(p.Logs(), "DELIVERY=twice: accepted: at-most-once, at-least-once, exactly-once") {
					t.Errorf("exit code %d, says %s", code, tail(p.Logs()))
				}
			})
		})
	}
}

// crashedBoard has a board crash at id 5 and start again, and says what is not as the guarantee has it.
func crashedBoard(t *testing.T, command []string, name, delivery, judgedAs string, events []event.ScoreEvent) error {
	t.Helper()
	boards, want := topic(t, "scoreBoard", 1), guarantees[judgedAs]
	vars := []string{"TOPIC=" + name, "CONSUMER_GROUP=" + boards, "GROUP_INSTANCE_ID=one", "BOARD_TOPIC=" + boards, "DELIVERY=" + delivery}
	for life, events := range [][]event.ScoreEvent{events[:want.shown], events[want.restartAt-1:]} {
		p := launch(t, command, append(vars, []string{"FAIL_AT_ID=5", "FAIL_AT_ID=0"}[life])...)
		if code, want := p.exit(patience), []int{exitCrashed, 0}[life]; code != want {
			return fmt.Errorf("life %d: exit code %d, want %d\n%s", life+1, code, want, tail(p.Logs()))
		}
		lines := append([]string{"Aguardando eventos...", "TeamA      TeamB"}, shown(events)...)
		if got := p.Lines(); !slices.Equal(got, lines) {
			return fmt.Errorf("life %d shows:\n%s\nwant:\n%s", life+1, strings.Join(got, "\n"), strings.Join(lines, "\n"))
		}
	}
	if judgedAs == "exactly-once" {
		return boardMistake(boards, events)
	}
	return nil
}

// The labs judge a client's board as they judge a student's: on an embedded cluster, while a match is played.
func TestLabsJudgeClients(t *testing.T) {
	t.Parallel()
	for i, c := range clients {
		lab := []string{"at-most-once", "at-least-once"}[i%2]
		t.Run(c.name+" "+lab, func(t *testing.T) {
			t.Parallel()
			script := filepath.Join(t.TempDir(), "board")
			text := "#!/bin/sh\nexec"
			for _, word := range c.command(t, "scoreboard") {
				text += " '" + word + "'"
			}
			if err := os.WriteFile(script, []byte(text+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			workshop := filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop")
			p := start(t, []string{"BOOTSTRAP_SERVERS="}, workshop, "lab", "run", lab, "--scoreboard", script)
			if code := p.exit(time.Minute); code != 0 {
				t.Errorf("exit code %d:\n%s\n%s", code, strings.Join(p.Lines(), "\n"), tail(p.Logs()))
			}
		})
	}
}

// Each client's board shares a group of range with our consumer, as the table of labs/clients says; kafkajs cannot, in no group
// of ours.
func TestClientsShareAGroup(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		for _, strategy := range []string{"range", "roundrobin"} {
			refused := c.name == "kafkajs"
			if strategy != "range" && !refused {
				continue
			}
			t.Run(c.name+" "+strategy, func(t *testing.T) {
				t.Parallel()
				name := topic(t, "share", 2)
				vars := []string{"TOPIC=" + name, "CONSUMER_GROUP=" + name, "GROUP_STRATEGY=" + strategy}
				ours := service(t, "consumer", vars...)
				ours.waitFor("(agora: 0, 1)")
				theirs := launch(t, c.command(t, "scoreboard"), vars...)
				if refused {
					if code := theirs.exit(patience); code == 0 || !contains(theirs.Logs(), "INCONSISTENT_GROUP_PROTOCOL") {
						t.Errorf("exit code %d\n%s", code, tail(theirs.Logs()))
					}
					return
				}
				kafkatest.Eventually(t, "each has one of two partitions", func() bool {
					return contains(ours.Lines(), "(agora: 0)") || contains(ours.Lines(), "(agora: 1)")
				})
				kafkatest.Eventually(t, "they are two members by "+strategy, func() bool {
					members, protocol := membersOf(t, name)
					return members == 2 && protocol == strategy
				})
			})
		}
	}
}

// membersOf asks the brokers how many members share the partitions of a group, and by which strategy. While the group rebalances nobody
// does: a member that has joined has no partitions yet, and another still reads all of them.
func membersOf(t *testing.T, name string) (members int, protocol string) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	groups, err := admin.DescribeConsumerGroups([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	if groups[0].State != "Stable" {
		return 0, ""
	}
	return len(groups[0].Members), groups[0].Protocol
}
