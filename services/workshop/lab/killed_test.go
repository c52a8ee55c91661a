package lab

import (
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/rig"
)

// kill -9 of the tool: the programs of its lab end by themselves, also one that is paused. What else it
// has left behind, folders, topics, groups and open transactions, is in no way of the next: every lab
// runs again, with the same folder for temporary files and on the same cluster, and itself leaves nothing.
func TestKilled(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	cluster, temporary := kafkatest.Start(t), t.TempDir()
	shared := []string{"--brokers", strings.Join(cluster.Kafka().Brokers, ",")}
	cases := []struct {
		lab, when string // a line that is printed; the kill comes up to so much later
		later     time.Duration
		cluster   []string // nil: one of its own, which dies with it
	}{
		{"zombie", "board a is paused", time.Millisecond, nil},
		{"exactly-once", "Sending", 4 * time.Second, shared},
		{"hanging-transaction", "Sending", 4 * time.Second, shared},
		{"idempotence", "Producer started...", time.Second, nil},
		{"at-least-once", "! crash on purpose", 100 * time.Millisecond, shared},
	}
	tool := func(t *testing.T, out *kafkatest.Output, marked, lab, pace string, cluster []string) *exec.Cmd {
		return theTool(t, temporary, out, marked, append([]string{"lab", "run", lab, "--pace", pace}, cluster...)...)
	}
	t.Run("kill", func(t *testing.T) {
		for _, c := range cases {
			delay := time.Duration(rng.Int64N(int64(c.later)))
			t.Run(c.lab, func(t *testing.T) {
				t.Parallel()
				if c.lab == "zombie" && rig.Pause == nil {
					return
				}
				marked, out := kafkatest.Mark(t), &kafkatest.Output{}
				tool := tool(t, out, marked, c.lab, "100ms", c.cluster)
				if err := tool.Start(); err != nil {
					t.Fatal(err)
				}
				kafkatest.Eventually(t, "the lab prints "+c.when, func() bool { return strings.Contains(out.String(), c.when) })
				time.Sleep(delay) // not to wait for a state: to meet any
				if len(kafkatest.Marked(t, marked)) < 2 && kafkatest.CanSeeMarks {
					t.Errorf("no program runs:\n%s", out)
				}
				tool.Process.Kill()
				tool.Wait()
				kafkatest.Eventually(t, "the lab's programs have ended", func() bool { return len(kafkatest.Marked(t, marked)) == 0 })
			})
		}
	})
	folders, topics := leftBehind(t, temporary, cluster)
	t.Run("next", func(t *testing.T) {
		for _, c := range cases {
			t.Run(c.lab, func(t *testing.T) {
				t.Parallel()
				if c.lab == "zombie" && rig.Pause == nil {
					return
				}
				if want := "kafka-workshop-lab-" + c.lab; !slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(f, want) }) {
					t.Errorf("folders %v: the kill has left no %s: then this proves nothing", folders, want)
				}
				if want := "lab-" + c.lab; c.cluster != nil && !slices.ContainsFunc(topics, func(t string) bool { return strings.HasPrefix(t, want) }) {
					t.Errorf("topics %v: the kill has left none of %s: then this proves nothing", topics, c.lab)
				}
				out := &kafkatest.Output{}
				if err := tool(t, out, kafkatest.Mark(t), c.lab, "20ms", c.cluster).Run(); err != nil {
					t.Errorf("ended with %v:\n%s", err, out)
				}
			})
		}
	})
	if f, at := leftBehind(t, temporary, cluster); !slices.Equal(f, folders) || !slices.Equal(at, topics) {
		t.Errorf("the next have left something too: folders %v, topics %v; were %v, %v", f, at, folders, topics)
	}
}

// leftBehind are the labs' folders, and their topics on a cluster, sorted.
func leftBehind(t *testing.T, temporary string, cluster *kafkatest.Cluster) (folders, topics []string) {
	t.Helper()
	entries, err := os.ReadDir(temporary)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		folders = append(folders, e.Name())
	}
	admin, err := sarama.NewClusterAdmin(cluster.Kafka().Brokers, cluster.Kafka().AdminConfig("lab-test"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	all, err := admin.ListTopics()
	if err != nil {
		t.Fatal(err)
	}
	topics = slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(topic string) bool { return !strings.HasPrefix(topic, "lab-") })
	return folders, topics
}

// theTool is the tool itself, as a process, with a folder for its temporary files.
func theTool(t *testing.T, temporary string, out *kafkatest.Output, marked string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(kafkatest.Binaries(t), "workshop"), args...)
	cmd.Env = append(os.Environ(), marked, "WORKSHOP_LANG=en", "BOOTSTRAP_SERVERS=", "TMPDIR="+temporary, "TMP="+temporary, "TEMP="+temporary)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = time.Second
	return cmd
}
