package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"workshop.example/kit/process"
	"workshop.example/kit/service"
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
	HasZooKeeper() bool    // false where the brokers are their own controllers (KRaft)

	// Migrate takes a step from ZooKeeper to KRaft, or to Kafka 4 (scripts/native-kafka migrate, upgrade), and returns its evidence.
	Migrate(step ...string) (evidence string, err error)

	// ClusterID is what a broker has written down of the cluster that it belongs to; "" where it has not.
	ClusterID(id int32) string
}

// ZooKeeper stands for it where a broker is named: brokers count from 1 here.
const ZooKeeper int32 = 0

// firstController is the number of the first controller with a process of its own, as there are after a migration, less one.
const firstController int32 = 3000

// NodeName is that of a process, and of a container, of the stack.
func NodeName(id int32) string {
	switch {
	case id == ZooKeeper:
		return "zookeeper"
	case id > firstController:
		return fmt.Sprintf("controller-%d", id-firstController)
	}
	return fmt.Sprintf("broker-%d", id)
}

// BrokerCount is how many brokers the experiments that kill them need.
const BrokerCount = 3

// FindBrokers says who runs the brokers here. A *NotRun says that nobody does.
func FindBrokers(o Options) (*BrokerFaults, error) {
	native := &nativeBrokers{data: o.KafkaData, script: filepath.Join(o.BinDir, "..", "scripts", "native-kafka"), environ: o.Environ}
	docker := &dockerBrokers{prefix: o.ContainerPrefix}
	switch {
	case native.known() && process.PauseSignal != nil:
		return newStricken(native), nil
	case docker.known():
		return newStricken(docker), nil
	}
	return nil, &NotRun{Cause: service.Textf(
		"aqui morrem brokers, e nesta máquina não há nenhum de verdade.\n"+
			"Inicie três: docker compose up -d, ou scripts/native-kafka up.\n"+
			"(procurados: o contêiner %sbroker-1; pids em %s: KAFKA_DATA indica outra pasta)",
		"brokers are killed here, and no real ones run on this machine.\n"+
			"Start three: docker compose up -d, or scripts/native-kafka up.\n"+
			"(looked for: container %sbroker-1; pid files in %s: KAFKA_DATA names another folder)",
		o.ContainerPrefix, o.KafkaData).In(o.Lang)}
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
	ps := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid))
	process.OwnGroup(ps) // or Ctrl-C would end it, and the broker pass for one that is not there
	command, err := ps.Output()
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
	broker, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return broker.Signal(sig)
}

func (n *nativeBrokers) Pause(id int32) error  { return n.signal(id, process.PauseSignal) }
func (n *nativeBrokers) Resume(id int32) error { return n.signal(id, process.ResumeSignal) }
func (n *nativeBrokers) Kill(id int32) error   { return n.strike("kill", id) }
func (n *nativeBrokers) Stop(id int32) error   { return n.strike("stop", id) }
func (n *nativeBrokers) Start(id int32) error  { return n.strike("start", id) }

func (n *nativeBrokers) Migrate(step ...string) (string, error) {
	out, err := n.run(step...)
	if err != nil {
		return "", &NotRun{Cause: fmt.Sprintf("%v\nThe step can be repeated by hand; «scripts/native-kafka --help» has the others", err)}
	}
	return strings.TrimPrefix(out[strings.LastIndex(out, "\n")+1:], "native-kafka: "), nil
}

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

// HasZooKeeper goes by the settings, as scripts/native-kafka does: a process may be down.
func (n *nativeBrokers) HasZooKeeper() bool {
	settings, _ := os.ReadFile(filepath.Join(n.data, NodeName(1)+".properties"))
	return !strings.Contains("\n"+string(settings), "\nprocess.roles=")
}

// known reports whether any broker runs.
func (n *nativeBrokers) known() bool { return n.Running(1) || n.Running(2) || n.Running(3) }

func (n *nativeBrokers) strike(verb string, id int32) error {
	_, err := n.run(verb, strings.TrimPrefix(NodeName(id), "broker-"))
	return err
}

// run returns what a command of the script says.
func (n *nativeBrokers) run(words ...string) (string, error) {
	cmd := exec.Command(n.script, words...)
	cmd.Env = append(append([]string(nil), n.environ...), "KAFKA_DATA="+n.data)
	process.OwnGroup(cmd)
	out, err := cmd.CombinedOutput()
	said := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", n.script, strings.Join(words, " "), err, said)
	}
	return said, nil
}

// dockerBrokers are the containers broker-1 to broker-3. They are paused rather than stopped by a
// signal: a signal sent by Docker would switch their restart policy off.
type dockerBrokers struct{ prefix string }

func (d *dockerBrokers) state(id int32) string { return d.inspect(id, "{{.State.Status}}") }

// inspect returns something of a container, "" where it is not there.
func (d *dockerBrokers) inspect(id int32, what string) string {
	cmd := exec.Command("docker", "inspect", "-f", what, d.prefix+NodeName(id))
	process.OwnGroup(cmd)
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// known reports whether the stack runs: its containers are there when it is down, too.
func (d *dockerBrokers) known() bool { return d.Running(1) || d.Running(2) || d.Running(3) }

// HasZooKeeper goes by the settings: ZooKeeper's container may be gone, or be left of another cluster.
func (d *dockerBrokers) HasZooKeeper() bool {
	return !strings.Contains(d.inspect(1, "{{.Config.Env}}"), "KAFKA_PROCESS_ROLES=")
}

// Running also reports a broker that is paused.
func (d *dockerBrokers) Running(id int32) bool {
	state := d.state(id)
	return state == "running" || state == "paused"
}

func (d *dockerBrokers) docker(verb string, id int32) error {
	name := d.prefix + NodeName(id)
	cmd := exec.Command("docker", verb, name)
	process.OwnGroup(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("docker %s %s: %w: %s", verb, name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// freezes is how often a pause is tried.
const freezes = 10

// Pause tries again where a process is about to start in the container, such as its health check on a busy
// machine: then Docker's runtime cannot freeze it (control groups v1).
func (d *dockerBrokers) Pause(id int32) (err error) {
	for range freezes {
		if err = d.docker("pause", id); err == nil || !strings.Contains(err.Error(), "unable to freeze") {
			return err
		}
	}
	return err
}

func (d *dockerBrokers) Resume(id int32) error {
	if d.state(id) != "paused" {
		return nil
	}
	return d.docker("unpause", id)
}
func (d *dockerBrokers) Kill(id int32) error  { return d.docker("kill", id) }
func (d *dockerBrokers) Stop(id int32) error  { return d.docker("stop", id) } // with the stack's own grace period
func (d *dockerBrokers) Start(id int32) error { return d.docker("start", id) }

func (d *dockerBrokers) Migrate(...string) (string, error) {
	return "", &NotRun{
		OtherCluster: true,
		Cause: "the brokers of Docker are not migrated: their settings are those of their containers. Do it with native ones: " +
			"docker compose down, then scripts/native-kafka up",
	}
}

func (d *dockerBrokers) ClusterID(id int32) string {
	out, _ := exec.Command("docker", "exec", d.prefix+NodeName(id), "cat", "/var/lib/kafka/data/meta.properties").Output()
	return clusterID(string(out))
}
