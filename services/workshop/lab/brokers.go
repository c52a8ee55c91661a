package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Brokers is the power over the brokers of a cluster on this machine: those of scripts/native-kafka, or
// those of the compose stack.
type Brokers interface {
	Pause(id int32) error  // it answers nothing any more, and does not know
	Resume(id int32) error // of a broker that is paused; no error where it is not
	Kill(id int32) error   // kill -9
	Start(id int32) error  // of a broker that is down
	Running(id int32) bool // paused or not
}

// Stricken is brokers, and what was done to them.
type Stricken struct {
	brokers        Brokers
	paused, killed map[int32]bool
}

// Pause pauses a broker until Resume or Mend.
func (s *Stricken) Pause(id int32) error {
	s.paused[id] = true
	return s.brokers.Pause(id)
}

// Resume lets a paused broker go on.
func (s *Stricken) Resume(id int32) error {
	if err := s.brokers.Resume(id); err != nil {
		return err
	}
	delete(s.paused, id)
	return nil
}

// Kill kills a broker; it stays dead until Mend.
func (s *Stricken) Kill(id int32) error {
	s.killed[id] = true
	return s.brokers.Kill(id)
}

// Mend undoes whatever is not undone yet. What it cannot undo it tries again at the next call.
func (s *Stricken) Mend() error {
	if s == nil {
		return nil
	}
	var errs []error
	for id := range s.paused {
		errs = append(errs, s.Resume(id))
	}
	for id := range s.killed {
		if err := s.brokers.Start(id); err != nil {
			errs = append(errs, err)
			continue
		}
		delete(s.killed, id)
	}
	return errors.Join(errs...)
}

// brokerCount is how many brokers the labs that kill them need.
const brokerCount = 3

// findBrokers says who runs the brokers here. Those that a lab before has left paused or dead, because
// it was killed itself, go on first.
func findBrokers(o Options, say func(Text)) (*Stricken, error) {
	native := &nativeBrokers{data: o.KafkaData, script: filepath.Join(o.BinDir, "..", "scripts", "native-kafka"), environ: o.Environ}
	docker := &dockerBrokers{prefix: o.ContainerPrefix}
	stricken := &Stricken{paused: map[int32]bool{}, killed: map[int32]bool{}}
	switch {
	case native.known() && pause != nil:
		stricken.brokers = native
	case docker.known():
		stricken.brokers = docker
	default:
		return nil, &NotRun{fmt.Sprintf("this lab kills brokers, so it runs on the machine that they run on, and needs three real ones: "+
			"there is no process of «scripts/native-kafka up» (pid files in %s; KAFKA_DATA names another folder), and no container %sbroker-1 (docker compose up -d)", o.KafkaData, o.ContainerPrefix)}
	}
	for id := int32(1); id <= brokerCount; id++ {
		if stricken.brokers.Running(id) {
			stricken.brokers.Resume(id) // an error says that there was nothing to resume
			continue
		}
		say(Text{fmt.Sprintf("o broker %d está parado: começando-o", id), fmt.Sprintf("broker %d is down: starting it", id)})
		if err := stricken.brokers.Start(id); err != nil {
			return nil, err
		}
	}
	return stricken, nil
}

// nativeBrokers are processes, whose numbers scripts/native-kafka keeps in files.
// Its commands know no context: what a lab has broken it also mends after Ctrl-C.
type nativeBrokers struct {
	data, script string
	environ      []string
}

func (n *nativeBrokers) pid(id int32) (int, error) {
	text, err := os.ReadFile(filepath.Join(n.data, fmt.Sprintf("broker-%d.pid", id)))
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("pid of broker %d: %w", id, err)
	}
	// A pid file may outlive a reboot, and its number belong to somebody else.
	command, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil || !strings.Contains(string(command), fmt.Sprintf("broker-%d.properties", id)) {
		return 0, fmt.Errorf("broker %d is not running", id)
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
func (n *nativeBrokers) Start(id int32) error  { return n.run("start", id) }

// Running also reports a broker that is paused.
func (n *nativeBrokers) Running(id int32) bool {
	_, err := n.pid(id)
	return err == nil
}

// known reports whether any broker runs.
func (n *nativeBrokers) known() bool { return n.Running(1) || n.Running(2) || n.Running(3) }

func (n *nativeBrokers) run(verb string, id int32) error {
	cmd := exec.Command(n.script, verb, strconv.Itoa(int(id)))
	cmd.Env = append(append([]string(nil), n.environ...), "KAFKA_DATA="+n.data)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s %d: %w: %s", n.script, verb, id, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// dockerBrokers are the containers broker-1 to broker-3. They are paused rather than stopped by a
// signal: a signal sent by Docker would switch their restart policy off.
type dockerBrokers struct{ prefix string }

func (d *dockerBrokers) state(id int32) string {
	out, err := exec.Command("docker", "inspect", "-f", "{{.State.Status}}", fmt.Sprintf("%sbroker-%d", d.prefix, id)).Output()
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
	name := fmt.Sprintf("%sbroker-%d", d.prefix, id)
	if out, err := exec.Command("docker", verb, name).CombinedOutput(); err != nil {
		return fmt.Errorf("docker %s %s: %w: %s", verb, name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (d *dockerBrokers) Pause(id int32) error  { return d.docker("pause", id) }
func (d *dockerBrokers) Resume(id int32) error { return d.docker("unpause", id) }
func (d *dockerBrokers) Kill(id int32) error   { return d.docker("kill", id) }
func (d *dockerBrokers) Start(id int32) error  { return d.docker("start", id) }
