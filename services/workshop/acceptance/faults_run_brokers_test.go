//go:build brokers

package acceptance

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// faultsRun is the whole system on a farm.
type faultsRun struct {
	t        *testing.T
	farm     *farm
	seed     uint64
	evidence *evidence
	began    time.Time

	producers, simulators, consumers, boards []*subject
	shop                                     *shopUnderFaults
}

// seedOf is made of CI_SEED and what it is for, or random where there is none.
func seedOf(what string) uint64 {
	text := os.Getenv("CI_SEED")
	if text == "" {
		return rand.Uint64()
	}
	h := fnv.New64a()
	h.Write([]byte(text + what))
	return h.Sum64()
}

// keptFolder is a folder that stays when the test fails.
func keptFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "faults-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what the programs and the brokers have left is kept in %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// newFaultsRun starts the programs, with their files in a folder.
func newFaultsRun(t *testing.T, dir string, farm *farm, seed uint64, pace time.Duration) *faultsRun {
	t.Helper()
	r := &faultsRun{t: t, farm: farm, seed: seed, began: time.Now(), evidence: &evidence{
		Brokers: farm.cluster.Brokers, Transactions: "transactions", Scores: "scoreGame", Board: "scoreBoard",
		Boards: map[string][]string{}, dir: dir, read: fromBrokers(farm.cluster),
	}}
	three := func(name string, partitions int32) kafka.Topic {
		return kafka.Topic{Name: name, Partitions: partitions, Replicas: 3}
	}
	farm.createTopics(append(append(three("transactions", 3).WithDeadLetters(), three("scoreGame", 1).WithDeadLetters()...),
		three("scoreBoard", 1))...)

	r.producers = append(r.producers, r.sender("producer", "producer", "TOPIC=transactions", "PACE="+pace.String()))
	r.producers = append(r.producers, r.sender("producer-lz4", "producer", "TOPIC=transactions", "PACE="+pace.String(), "COMPRESSION=lz4"))
	r.simulators = append(r.simulators, r.sender("simulator", "score-simulator", "TOPIC=scoreGame", "PACE=250ms", "MATCHES=0"))
	r.simulators = append(r.simulators, r.sender("simulator-transactional", "score-simulator", "TOPIC=scoreGame", "PACE=500ms", "MATCHES=0",
		"TRANSACTIONAL_ID=simulator", "ABORT_EVERY=5"))
	r.consumers = append(r.consumers,
		r.program("consumer-static", "consumer", "TOPIC=transactions", "CONSUMER_GROUP=consumers", "GROUP_INSTANCE_ID=one"))
	r.consumers = append(r.consumers, r.program("consumer", "consumer", "TOPIC=transactions", "CONSUMER_GROUP=consumers"))
	for _, delivery := range deliveries {
		r.boards = append(r.boards, r.program("scoreboard-"+
			delivery, "scoreboard", "TOPIC=scoreGame", "BOARD_TOPIC=scoreBoard", "CONSUMER_GROUP="+delivery,
			"GROUP_INSTANCE_ID=one", "DELIVERY="+delivery, "MATCHES=0", "STATE_DIR="+dir))
	}
	for _, s := range r.subjects() {
		kafkatest.Eventually(t, s.name+" prints", func() bool {
			info, err := os.Stat(filepath.Join(dir, s.screen(1)))
			return err == nil && info.Size() > 0
		})
	}
	return r
}

func (r *faultsRun) subjects() (all []*subject) {
	for _, some := range [][]*subject{r.producers, r.simulators, r.consumers, r.boards} {
		all = append(all, some...)
	}
	return all
}

// program starts a program for as long as the run.
func (r *faultsRun) program(name, program string, vars ...string) *subject {
	r.t.Helper()
	all := append([]string{
		fmt.Sprintf("BOOTSTRAP_SERVERS=%s,%s,%s", r.farm.cluster.Brokers[0], r.farm.cluster.Brokers[1], r.farm.cluster.Brokers[2]),
		"WORKSHOP_LANG=pt",
	}, vars...)
	return subjectNamed(r.t, r.evidence.dir, name, program, func(int) []string { return all })
}

// sender is a program with a history, and in each life a seed of its own.
func (r *faultsRun) sender(name, program string, vars ...string) *subject {
	r.t.Helper()
	all := append([]string{fmt.Sprintf("BOOTSTRAP_SERVERS=%s,%s,%s", r.farm.cluster.Brokers[0], r.farm.cluster.Brokers[1],
		r.farm.cluster.Brokers[2]),
		"HISTORY=" + r.evidence.path(name+".history")}, vars...)
	return subjectNamed(r.t, r.evidence.dir, name, program, func(life int) []string {
		return append(all[:len(all):len(all)], fmt.Sprintf("SEED=%d", r.seed+uint64(life)))
	})
}

// settle ends what sends, and waits until all has come out that went in; then everything ends as SIGTERM says.
func (r *faultsRun) settle() (orders shoptest.Judgement, reports int) {
	r.t.Helper()
	orders, files := r.shop.settle()
	r.end(r.producers, r.simulators)
	ends := r.ends()
	r.awaitCommitted("consumers", "transactions", ends["transactions"])
	for _, delivery := range deliveries {
		r.awaitCommitted(delivery, "scoreGame", ends["scoreGame"])
	}
	r.end(r.consumers, r.boards)
	if r.t.Failed() {
		r.tails()
	}
	return orders, len(files)
}

func (r *faultsRun) end(groups ...[]*subject) {
	r.t.Helper()
	for _, subjects := range groups {
		for _, s := range subjects {
			if code, err := s.stop(); code != 0 || err != nil {
				r.t.Errorf("%s ended with exit code %d after SIGTERM, %v", s.name, code, err)
			}
		}
	}
}

// ends are the positions behind the last records of each partition.
func (r *faultsRun) ends() map[string]map[int32]int64 {
	r.t.Helper()
	ends := map[string]map[int32]int64{"transactions": {}, "scoreGame": {}}
	for topic, of := range ends {
		err := r.evidence.read(topic, func(msg *sarama.ConsumerMessage) error {
			of[msg.Partition] = msg.Offset + 1
			return nil
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	return ends
}

// awaitCommitted waits until a group has committed the ends of a topic. It may take any time, but not two minutes
// without any progress.
func (r *faultsRun) awaitCommitted(group, topic string, ends map[int32]int64) {
	r.t.Helper()
	admin, err := sarama.NewClusterAdmin(r.farm.cluster.Brokers, r.farm.cluster.AdminConfig("faults"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer admin.Close()
	var partitions []int32
	for p := range ends {
		partitions = append(partitions, p)
	}
	progress, last := time.Now(), int64(-1)
	for time.Since(progress) < 2*kafkatest.Deadline {
		left := int64(0)
		answer, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: partitions})
		for p, end := range ends {
			if err != nil || answer.GetBlock(topic, p) == nil {
				left++
				continue
			}
			at := answer.GetBlock(topic, p).Offset
			left += max(0, end-max(at, 0))
			if group == "exactly-once" {
				r.evidence.Committed = at
			}
		}
		if left == 0 {
			return
		}
		if left != last {
			progress, last = time.Now(), left
		}
		time.Sleep(100 * time.Millisecond)
	}
	r.t.Errorf("%s has still to commit %d offsets of %s, and does not get on", group, last, topic)
}

// kinds are the faults of the programs.
func (r *faultsRun) kinds() []faultKind {
	var kinds []faultKind
	for _, s := range r.subjects() {
		kinds = append(kinds, programFaults(s)...)
	}
	return append(kinds, r.shop.kinds()...)
}

// tails shows the last words of all programs.
func (r *faultsRun) tails() {
	r.t.Helper()
	for _, s := range r.subjects() {
		if text, err := os.ReadFile(r.evidence.path(s.name + ".log")); err == nil {
			r.t.Logf("%s:\n%s", s.name, tail(strings.Split(strings.TrimSpace(string(text)), "\n")))
		}
	}
}
