//go:build brokers

package acceptance

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// farm is ZooKeeper and three brokers, each on a machine of its own.
type farm struct {
	t       testing.TB
	cloud   *cloud
	data    string
	cluster kafka.Cluster
}

var farmBrokers = []byte{1, 2, 3}

// openFarm starts them, with their data and logs in a folder. The test's end stops them.
func openFarm(t testing.TB, dir string) *farm {
	t.Helper()
	f := &farm{t: t, cloud: newCloud(t, 1, 2, 3, zooKeeperHost), data: filepath.Join(dir, "kafka")}
	if err := os.MkdirAll(f.data, 0o755); err != nil {
		t.Fatal(err)
	}
	f.write(zooKeeperHost,
		"dataDir=./zookeeper\nclientPort=32181\nclientPortAddress=0.0.0.0\ntickTime=2000\nmaxClientCnxns=0\nadmin.enableServer=false\n")
	for _, id := range farmBrokers {
		f.cluster.Brokers = append(f.cluster.Brokers, fmt.Sprintf("%s:909%d", cloudAddr(id), id))
		f.write(id, brokerSettings(t)+fmt.Sprintf("broker.id=%[1]d\nlog.dirs=broker-%[1]d\nzookeeper.connect=%[2]s:32181\n"+
			"listeners=INTERNAL://0.0.0.0:2909%[1]d,EXTERNAL://0.0.0.0:909%[1]d\n"+
			"advertised.listeners=INTERNAL://%[3]s:2909%[1]d,EXTERNAL://%[3]s:909%[1]d\n", id, cloudAddr(zooKeeperHost), cloudAddr(id)))
	}
	t.Cleanup(func() {
		var pids []int
		for host := range f.cloud.cables {
			if pid := f.pid(host); pid > 0 {
				syscall.Kill(pid, syscall.SIGKILL)
				pids = append(pids, pid)
			}
		}
		if err := gone(pids, kafkatest.Deadline); err != nil { // they write into the folder
			t.Error(err)
		}
	})
	if err := f.awaitWhole(); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *farm) write(host byte, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.data, nodeName(host)+".properties"), []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// brokerSettings are those of compose/broker.env, as properties.
func brokerSettings(t testing.TB) string {
	t.Helper()
	file, err := os.Open(filepath.Join(root(t), "compose", "broker.env"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var settings strings.Builder
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, found := strings.Cut(strings.TrimPrefix(lines.Text(), "KAFKA_"), "=")
		if found && strings.HasPrefix(lines.Text(), "KAFKA_") && name != "HEAP_OPTS" && name != "JMX_PORT" {
			fmt.Fprintf(&settings, "%s=%s\n", strings.ToLower(strings.ReplaceAll(name, "_", ".")), value)
		}
	}
	return settings.String()
}

// nodeName is what scripts/native-kafka calls it.
func nodeName(host byte) string {
	if host == zooKeeperHost {
		return "zookeeper"
	}
	return fmt.Sprintf("broker-%d", host)
}

// shortLife is how a JVM starts that will not live long enough to profit from its second compiler: it takes half the time.
const shortLife = "KAFKA_JVM_PERFORMANCE_OPTS=-XX:+UseSerialGC -XX:TieredStopAtLevel=1"

// native calls scripts/native-kafka on a machine.
func (f *farm) native(command string, host byte) error {
	arg := strings.TrimPrefix(nodeName(host), "broker-")
	m := f.cloud.cables[host].machine
	out, code := m.run([]string{"KAFKA_DATA=" + f.data, shortLife}, filepath.Join(root(f.t), "scripts", "native-kafka"), command, arg)
	if code != 0 {
		return fmt.Errorf("native-kafka %s %s: exit code %d\n%s", command, arg, code, out)
	}
	return nil
}

// start starts ZooKeeper first where it is among them, and the brokers at once.
func (f *farm) start(hosts ...byte) error {
	if slices.Contains(hosts, zooKeeperHost) {
		if err := f.native("start", zooKeeperHost); err != nil {
			return err
		}
	}
	return each(hosts, func(host byte) error {
		if host == zooKeeperHost {
			return nil
		}
		return f.native("start", host)
	})
}

// each does something to several at once.
func each(hosts []byte, do func(byte) error) error {
	errs := make([]error, len(hosts))
	var all sync.WaitGroup
	for i, host := range hosts {
		all.Go(func() { errs[i] = do(host) })
	}
	all.Wait()
	return errorsIn(errs)
}

func errorsIn(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// pid is the process of a broker or of ZooKeeper; 0 where none runs.
func (f *farm) pid(host byte) int {
	text, err := os.ReadFile(filepath.Join(f.data, nodeName(host)+".pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if state := processState(pid); err != nil || state == 0 || state == 'Z' {
		return 0
	}
	return pid
}

// processState is the letter of /proc: T is paused, Z has ended; 0 where there is no process.
func processState(pid int) byte {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	after := strings.LastIndexByte(string(stat), ')') // the name may hold anything
	if after < 0 || after+2 >= len(stat) {
		return 0
	}
	return stat[after+2]
}

// dial is how long a connection to a broker takes.
func (f *farm) dial(host byte, within time.Duration) (time.Duration, error) {
	began := time.Now()
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("%s:909%d", cloudAddr(host), host), within)
	if err != nil {
		return time.Since(began), err
	}
	conn.Close()
	return time.Since(began), nil
}

// awaitWhole waits until every partition of every topic has its three replicas in sync. What has ended it starts again, as
// Docker does: a broker whose first session with ZooKeeper ends, on a machine that has no time for it, gives up.
func (f *farm) awaitWhole() error {
	lacks := ""
	for end := time.Now().Add(4 * kafkatest.Deadline); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if err := f.start(f.down()...); err != nil {
			lacks = err.Error()
		} else if lacks = f.lacks(); lacks == "" {
			return nil
		}
	}
	return fmt.Errorf("the cluster does not become whole: %s", lacks)
}

// down are those that do not run.
func (f *farm) down() (hosts []byte) {
	for host := range f.cloud.cables {
		if host != clientsHost && f.pid(host) == 0 {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// lacks says what keeps the cluster from being whole.
func (f *farm) lacks() string {
	conf := f.cluster.AdminConfig("faults")
	conf.Net.DialTimeout, conf.Net.ReadTimeout = 2*time.Second, 3*time.Second
	conf.Metadata.Retry.Max = 0
	client, err := sarama.NewClient(f.cluster.Brokers, conf)
	if err != nil {
		return err.Error()
	}
	defer client.Close()
	controller, err := client.Controller()
	if err != nil {
		return err.Error()
	}
	// Another broker may describe what was before the fault.
	metadata, err := controller.GetMetadata(&sarama.MetadataRequest{Version: 7, AllowAutoTopicCreation: false})
	if err != nil {
		return err.Error()
	}
	if len(metadata.Brokers) < len(farmBrokers) {
		return fmt.Sprintf("%d brokers are registered", len(metadata.Brokers))
	}
	for _, topic := range metadata.Topics {
		for _, p := range topic.Partitions {
			if p.Leader < 0 || len(p.Isr) < len(p.Replicas) {
				return fmt.Sprintf("%s/%d: leader %d, in sync %v", topic.Name, p.ID, p.Leader, p.Isr)
			}
		}
	}
	return ""
}

// leads is the broker that leads a partition of the transactions, whichever.
func (f *farm) leads(rng *rand.Rand) byte {
	client, err := sarama.NewClient(f.cluster.Brokers, f.cluster.Config("faults"))
	if err != nil {
		return some(rng, 1)[0]
	}
	defer client.Close()
	leader, err := client.Leader("transactions", rng.Int32N(3))
	if err != nil {
		return some(rng, 1)[0]
	}
	return byte(leader.ID())
}
