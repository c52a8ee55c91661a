package lab

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Brokers is the power over the brokers of a cluster on this machine: those of scripts/native-kafka, or
// those of the compose stack. The id ZooKeeper stands for that.
type Brokers interface {
	Pause(id int32) error  // it answers nothing any more, and does not know
	Resume(id int32) error // of a broker that is paused; no error where it is not
	Kill(id int32) error   // kill -9
	Stop(id int32) error   // in its own way: it hands over what it leads, and ends
	Start(id int32) error  // of a broker that is down
	Running(id int32) bool // paused or not

	// ClusterID is what a broker has written down of the cluster that it belongs to; "" where it has not.
	ClusterID(id int32) string
}

// ZooKeeper stands for it where a broker is named: brokers count from 1 here.
const ZooKeeper int32 = 0

// NodeName is that of a process, and of a container, of the stack.
func NodeName(id int32) string {
	if id == ZooKeeper {
		return "zookeeper"
	}
	return fmt.Sprintf("broker-%d", id)
}

// Stricken is brokers, and what was done to them. It is safe for concurrent use.
type Stricken struct {
	brokers Brokers

	mu           sync.Mutex
	paused, down map[int32]bool
}

func newStricken(brokers Brokers) *Stricken {
	return &Stricken{brokers: brokers, paused: map[int32]bool{}, down: map[int32]bool{}}
}

func (s *Stricken) note(list map[int32]bool, id int32, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is {
		list[id] = true
	} else {
		delete(list, id)
	}
}

func (s *Stricken) noted(list map[int32]bool) []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(list))
}

// Pause pauses a broker until Resume or Mend.
func (s *Stricken) Pause(id int32) error {
	s.note(s.paused, id, true)
	return s.brokers.Pause(id)
}

// Resume lets a paused broker go on.
func (s *Stricken) Resume(id int32) error {
	if err := s.brokers.Resume(id); err != nil {
		return err
	}
	s.note(s.paused, id, false)
	return nil
}

// Kill kills a broker; it stays dead until Start or Mend.
func (s *Stricken) Kill(id int32) error {
	s.note(s.down, id, true)
	return s.brokers.Kill(id)
}

// Stop ends a broker in its own way; it stays down until Start or Mend.
func (s *Stricken) Stop(id int32) error {
	s.note(s.down, id, true)
	return s.brokers.Stop(id)
}

// Start starts a broker that is down. Native ones answer when it returns.
func (s *Stricken) Start(id int32) error {
	if err := s.brokers.Start(id); err != nil {
		return err
	}
	s.note(s.down, id, false)
	return nil
}

// Running reports whether there is a process, paused or not.
func (s *Stricken) Running(id int32) bool { return s.brokers.Running(id) }

// ClusterID is that of the cluster that the brokers belong to, as they wrote it down; "" where none has.
func (s *Stricken) ClusterID() string {
	for id := int32(1); id <= BrokerCount; id++ {
		if name := s.brokers.ClusterID(id); name != "" {
			return name
		}
	}
	return ""
}

// Mend undoes whatever is not undone yet, ZooKeeper first: brokers do not start without it. What it
// cannot undo it tries again at the next call.
func (s *Stricken) Mend() error {
	if s == nil {
		return nil
	}
	var errs []error
	for _, id := range s.noted(s.paused) {
		errs = append(errs, s.Resume(id))
	}
	for _, id := range s.noted(s.down) {
		errs = append(errs, s.Start(id))
	}
	return errors.Join(errs...)
}

// BrokerCount is how many brokers the experiments that kill them need.
const BrokerCount = 3

// FindBrokers says who runs the brokers here. A *NotRun says that nobody does.
func FindBrokers(o Options) (*Stricken, error) {
	native := &nativeBrokers{data: o.KafkaData, script: filepath.Join(o.BinDir, "..", "scripts", "native-kafka"), environ: o.Environ}
	docker := &dockerBrokers{prefix: o.ContainerPrefix}
	switch {
	case native.known() && pause != nil:
		return newStricken(native), nil
	case docker.known():
		return newStricken(docker), nil
	}
	return nil, &NotRun{fmt.Sprintf("brokers are killed here, so it runs on the machine that they run on, and needs three real ones: "+
		"there is no process of «scripts/native-kafka up» (pid files in %s; KAFKA_DATA names another folder), and no container %sbroker-1 (docker compose up -d)", o.KafkaData, o.ContainerPrefix)}
}

// StartAll starts what is down, and lets go on what is paused: an experiment before that was killed
// itself has left it so, perhaps.
func (s *Stricken) StartAll(say func(Text)) error {
	for id := ZooKeeper; id <= BrokerCount; id++ {
		if s.Running(id) {
			s.brokers.Resume(id) // an error says that there was nothing to resume
			continue
		}
		say(Text{fmt.Sprintf("%s está parado: começando-o", NodeName(id)), fmt.Sprintf("%s is down: starting it", NodeName(id))})
		if err := s.Start(id); err != nil {
			return err
		}
	}
	return nil
}

// nativeBrokers are processes, whose numbers scripts/native-kafka keeps in files.
// Its commands know no context: what a lab has broken it also mends after Ctrl-C.
type nativeBrokers struct {
	data, script string
	environ      []string
}

func (n *nativeBrokers) pid(id int32) (int, error) {
	text, err := os.ReadFile(filepath.Join(n.data, NodeName(id)+".pid"))
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("pid of %s: %w", NodeName(id), err)
	}
	// A pid file may outlive a reboot, and its number belong to somebody else.
	command, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil || !strings.Contains(string(command), NodeName(id)+".properties") {
		return 0, fmt.Errorf("%s is not running", NodeName(id))
	}
	return pid, nil
}

func (n *nativeBrokers) signal(id int32, sig os.Signal) error {
	pid, err := n.pid(id)
	if err != nil {
		return err
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Signal(sig)
}

func (n *nativeBrokers) Pause(id int32) error  { return n.signal(id, pause) }
func (n *nativeBrokers) Resume(id int32) error { return n.signal(id, resume) }
func (n *nativeBrokers) Kill(id int32) error   { return n.run("kill", id) }
func (n *nativeBrokers) Stop(id int32) error   { return n.run("stop", id) }
func (n *nativeBrokers) Start(id int32) error  { return n.run("start", id) }

func (n *nativeBrokers) ClusterID(id int32) string {
	text, _ := os.ReadFile(filepath.Join(n.data, NodeName(id), "meta.properties"))
	return clusterID(string(text))
}

// clusterID finds it in a broker's meta.properties.
func clusterID(properties string) string {
	for line := range strings.Lines(properties) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "cluster.id="); ok {
			return id
		}
	}
	return ""
}

// Running also reports a broker that is paused.
func (n *nativeBrokers) Running(id int32) bool {
	_, err := n.pid(id)
	return err == nil
}

// known reports whether any broker runs.
func (n *nativeBrokers) known() bool { return n.Running(1) || n.Running(2) || n.Running(3) }

func (n *nativeBrokers) run(verb string, id int32) error {
	which := strconv.Itoa(int(id))
	if id == ZooKeeper {
		which = NodeName(id)
	}
	cmd := exec.Command(n.script, verb, which)
	cmd.Env = append(append([]string(nil), n.environ...), "KAFKA_DATA="+n.data)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s %s: %w: %s", n.script, verb, which, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// dockerBrokers are the containers broker-1 to broker-3. They are paused rather than stopped by a
// signal: a signal sent by Docker would switch their restart policy off.
type dockerBrokers struct{ prefix string }

func (d *dockerBrokers) state(id int32) string {
	out, err := exec.Command("docker", "inspect", "-f", "{{.State.Status}}", d.prefix+NodeName(id)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// known reports whether the stack runs: its containers are there when it is down, too.
func (d *dockerBrokers) known() bool { return d.Running(1) || d.Running(2) || d.Running(3) }

// Running also reports a broker that is paused.
func (d *dockerBrokers) Running(id int32) bool {
	state := d.state(id)
	return state == "running" || state == "paused"
}

func (d *dockerBrokers) docker(verb string, id int32) error {
	name := d.prefix + NodeName(id)
	if out, err := exec.Command("docker", verb, name).CombinedOutput(); err != nil {
		return fmt.Errorf("docker %s %s: %w: %s", verb, name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (d *dockerBrokers) Pause(id int32) error  { return d.docker("pause", id) }
func (d *dockerBrokers) Resume(id int32) error { return d.docker("unpause", id) }
func (d *dockerBrokers) Kill(id int32) error   { return d.docker("kill", id) }
func (d *dockerBrokers) Stop(id int32) error   { return d.docker("stop", id) } // with the stack's own grace period
func (d *dockerBrokers) Start(id int32) error  { return d.docker("start", id) }

func (d *dockerBrokers) ClusterID(id int32) string {
	out, _ := exec.Command("docker", "exec", d.prefix+NodeName(id), "cat", "/var/lib/kafka/data/meta.properties").Output()
	return clusterID(string(out))
}
