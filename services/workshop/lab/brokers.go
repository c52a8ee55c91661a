package lab

import (
	"context"
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
	Start(id int32) error  // of a broker that was killed; returns when it answers
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
	delete(s.paused, id)
	return s.brokers.Resume(id)
}

// Kill kills a broker; it stays dead until Mend.
func (s *Stricken) Kill(id int32) error {
	s.killed[id] = true
	return s.brokers.Kill(id)
}

// Mend undoes whatever is not undone yet.
func (s *Stricken) Mend() error {
	if s == nil {
		return nil
	}
	var errs []error
	for id := range s.paused {
		errs = append(errs, s.Resume(id))
	}
	for id := range s.killed {
		delete(s.killed, id)
		errs = append(errs, s.brokers.Start(id))
	}
	return errors.Join(errs...)
}

// findBrokers says who runs the brokers here.
func findBrokers(ctx context.Context, o Options) (*Stricken, error) {
	stricken := &Stricken{paused: map[int32]bool{}, killed: map[int32]bool{}}
	native := &nativeBrokers{ctx: ctx, data: o.KafkaData, script: filepath.Join(o.BinDir, "..", "scripts", "native-kafka"), environ: o.Environ}
	if _, err := native.pid(1); err == nil && pause != nil {
		stricken.brokers = native
		return stricken, nil
	}
	docker := &dockerBrokers{ctx: ctx, prefix: o.ContainerPrefix}
	if docker.running() {
		stricken.brokers = docker
		return stricken, nil
	}
	return nil, &NotRun{fmt.Sprintf("this lab kills brokers, so it runs on the machine that they run on, and needs three real ones: "+
		"there is no process of «scripts/native-kafka up» (pid files in %s; KAFKA_DATA names another folder) and no container %sbroker-1 (docker compose up -d)", o.KafkaData, o.ContainerPrefix)}
}

// nativeBrokers are processes, whose numbers scripts/native-kafka keeps in files.
type nativeBrokers struct {
	ctx          context.Context
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
	command, err := exec.CommandContext(n.ctx, "ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
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

// run uses no context: what a lab has killed it also starts again after Ctrl-C.
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
type dockerBrokers struct {
	ctx    context.Context
	prefix string
}

func (d *dockerBrokers) running() bool {
	out, err := exec.CommandContext(d.ctx, "docker", "inspect", "-f", "{{.State.Running}}", d.prefix+"broker-1").Output()
	return err == nil && strings.TrimSpace(string(out)) == "true"
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
