//go:build brokers

package acceptance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
)

// kill -9 of a lab that kills brokers itself, one run after the other: at a random moment, while the
// followers are frozen, while the leader is dead. Each run has to put right what the one before has left,
// or it would not come to where it is killed; the last is not, and is as predicted. In CI two of the three moments
// have their turn.
func TestKilledLabOnBrokers(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	removeLabTopics(t)
	t.Cleanup(func() { mend(t) })
	type moment struct {
		when   string        // a line of the lab
		later  time.Duration // the kill comes up to so much after it
		broken func(t testing.TB, line string) bool
	}
	moments := map[string]moment{
		"any": {"", 12 * time.Second, func(testing.TB, string) bool { return true }}, // anything, or nothing
		"frozen followers": {"the followers [", 300 * time.Millisecond, func(t testing.TB, line string) bool { // ... [1 3] are frozen
			ids := regexp.MustCompile(`\d`).FindAllString(line, 2)
			return stopped(t, number(ids[0])) && stopped(t, number(ids[1]))
		}},
		"dead leader": {"kill -9 of broker ", 300 * time.Millisecond, func(t testing.TB, line string) bool {
			id := regexp.MustCompile(`broker (\d)`).FindStringSubmatch(line)[1]
			_, err := os.Stat(filepath.Join(os.Getenv("KAFKA_DATA"), "broker-"+id+".pid"))
			return os.IsNotExist(err)
		}},
	}
	for _, name := range rotated(t, "moments at which a lab is killed", 2, slices.Sorted(maps.Keys(moments))) {
		c := moments[name]
		p, delay := startAcks(t), within(rng, c.later)
		p.waitFor(c.when)
		select {
		case <-time.After(delay): // not to wait for a state: to meet any
		case <-p.ended:
			t.Fatalf("it ended by itself before its kill, with exit code %d", p.ProcessState.ExitCode())
		}
		p.crash()
		lines := p.Lines()
		line := lines[slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, c.when) })]
		t.Logf("killed %s after %q; its last line was %q", delay.Round(time.Millisecond), line, lines[len(lines)-1])
		if !c.broken(t, line) {
			t.Error("the kill has left no broker frozen or dead: then the next proves nothing")
		}
		p.awaitProgramsEnd()
	}
	began := time.Now()
	next := startAcks(t)
	if code := next.exit(5 * time.Minute); code != 0 {
		t.Errorf("the next run: exit code %d\n%s\n%s", code, strings.Join(next.Lines(), "\n"), tail(next.Logs()))
	}
	t.Logf("the next run was as predicted after %s", time.Since(began).Round(100*time.Millisecond))
	awaitWholeCluster(t)
	removeLabTopics(t)
}

// Ctrl-C, as a terminal does it, for the tool and all its children, while brokers are frozen and while one
// is dead: all go on and are in sync again, and no program is left and no topic. In CI one
// of the two has its turn.
func TestInterruptedLabOnBrokers(t *testing.T) {
	removeLabTopics(t)
	for _, when := range rotated(t, "interruptions of a lab", 1, []string{"the followers [", "kill -9 of broker "}) {
		t.Run(when, func(t *testing.T) {
			p := startAcks(t)
			p.waitFor(when)
			syscall.Kill(-p.Process.Pid, syscall.SIGINT)
			if code := p.exit(5 * time.Minute); code != 2 || !contains(p.Logs(), "stopped before there was a verdict") {
				t.Errorf("exit code %d, want 2; log:\n%s", code, tail(p.Logs()))
			}
			awaitWholeCluster(t)
			p.awaitProgramsEnd()
			if left := labTopics(t); len(left) > 0 {
				t.Errorf("it has left topics behind: %v", left)
			}
		})
	}
}

// labProcess is a lab in a process group of its own, whose programs can be told from those of others.
type labProcess struct {
	*program
	mark string
}

func startAcks(t testing.TB) *labProcess {
	t.Helper()
	mark := fmt.Sprintf("LAB_TEST=%d", time.Now().UnixNano())
	vars := []string{mark, "WORKSHOP_LANG=en", "BOOTSTRAP_SERVERS=" + strings.Join(stack.Brokers, ",")}
	return &labProcess{start(t, vars, "setsid", filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), "lab", "run", "acks"), mark}
}

// awaitProgramsEnd waits until none of the lab's simulators runs. The brokers that it has started have its
// environment too, and stay.
func (p *labProcess) awaitProgramsEnd() {
	p.t.Helper()
	kafkatest.Eventually(p.t, "the lab's programs have ended", func() bool {
		paths, _ := filepath.Glob("/proc/[0-9]*/environ")
		return !slices.ContainsFunc(paths, func(path string) bool {
			environ, _ := os.ReadFile(path) // it may have ended meanwhile
			program, _ := os.Readlink(filepath.Join(filepath.Dir(path), "exe"))
			return filepath.Base(program) == "score-simulator" && slices.Contains(strings.Split(string(environ), "\x00"), p.mark)
		})
	})
}

// mend puts right whatever a lab has left, where the next has not: other tests need the brokers.
func mend(t testing.TB) {
	for id := range 3 {
		text, _ := os.ReadFile(filepath.Join(os.Getenv("KAFKA_DATA"), fmt.Sprintf("broker-%d.pid", id+1)))
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			syscall.Kill(pid, syscall.SIGCONT)
		}
	}
	native(t, "up")
}

// awaitWholeCluster wants every broker to answer, none of them stopped, and all replicas in sync.
func awaitWholeCluster(t testing.TB) {
	t.Helper()
	native(t, "status") // an error unless every process answers
	for id := range int32(3) {
		if stopped(t, id+1) {
			t.Errorf("broker %d is stopped (SIGSTOP)", id+1)
		}
	}
	awaitInSync(t, "__consumer_offsets")
}

// stopped reports whether a broker's process is, by SIGSTOP.
func stopped(t testing.TB, id int32) bool {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", brokerPID(t, id)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(status), "\nState:\tT")
}

func number(id string) int32 {
	n, _ := strconv.Atoi(id)
	return int32(n)
}

// labTopics are those of labs, which take them away at their end, unless they are killed.
func labTopics(t testing.TB) []string {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	all, err := admin.ListTopics()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool { return !strings.HasPrefix(name, "lab-") })
}

// removeLabTopics deletes what killed labs have left: other tests look whether theirs leave anything.
func removeLabTopics(t testing.TB) {
	t.Helper()
	for _, name := range labTopics(t) {
		admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
		if err != nil {
			t.Fatal(err)
		}
		if err := admin.DeleteTopic(name); err != nil {
			t.Error(err)
		}
		admin.Close()
	}
	kafkatest.Eventually(t, "the topics of killed labs are gone", func() bool { return len(labTopics(t)) == 0 })
}
