//go:build brokers

package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/kafkatest"
	kitservice "workshop.example/kit/service"
)

// hosts is a cluster of three machines, each with a broker that scripts/native-kafka has started, as docs/hosts.md says. The teacher and
// the class are on a fourth: this one.
type hosts struct {
	*farm
	dir     string
	here    *machine
	teacher string // the folder of «workshop certs hosts»
}

// list is HOSTS, and with a format such as %s:909%d the address of each broker.
func (h *hosts) list(format string) string {
	var all []string
	for _, id := range farmBrokers {
		if format == "" {
			all = append(all, cloudAddr(id))
		} else {
			all = append(all, fmt.Sprintf(format, cloudAddr(id), id))
		}
	}
	return strings.Join(all, ",")
}

func (h *hosts) machine(id byte) *machine { return h.cloud.cables[id].machine }

// as is the environment of a user of compose/users.toml, or of admin.
func (h *hosts) as(user string) string {
	return "KAFKA_CLIENT_CONFIG=" + filepath.Join(h.teacher, user, "client.properties")
}

// prepareHosts connects the machines, makes the folders, and copies to each host its own.
func prepareHosts(t testing.TB) *hosts {
	t.Helper()
	home := kafka4(t.(*testing.T))
	dir := keptFolder(t)
	h := &hosts{farm: &farm{t: t, cloud: newCloud(t, farmBrokers...)}, dir: dir, teacher: filepath.Join(dir, "teacher")}
	h.here = &machine{t: t, enter: []string{"env"}}
	h.here.says("", "workshop certs hosts "+h.list("")+" --dir "+h.teacher, 0, "broker-3")
	for _, id := range farmBrokers {
		h.copyTo(id)
		folder := h.folder(id)
		h.machine(id).env = []string{"KAFKA_DATA=" + filepath.Join(folder, "kafka"), "SECRETS_DIR=" + filepath.Join(folder, "secrets"),
			"KAFKA_HOME=" + home, shortLife}
	}
	return h
}

// folder is what a host has on its disk.
func (h *hosts) folder(id byte) string { return filepath.Join(h.dir, fmt.Sprint("host-", id)) }

// copyTo copies a host's own folder there, as «scp -rp» does.
func (h *hosts) copyTo(id byte) {
	h.t.Helper()
	secrets := filepath.Join(h.folder(id), "secrets")
	os.MkdirAll(secrets, 0o700)
	if out, err := exec.Command("cp", "-rp", filepath.Join(h.teacher, nodeName(id)), secrets).CombinedOutput(); err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
}

// open starts the brokers, and makes users and topics.
func (h *hosts) open() {
	h.t.Helper()
	h.t.Cleanup(func() {
		for _, id := range farmBrokers {
			if m := h.machine(id); h.t.Failed() {
				log, _ := os.ReadFile(filepath.Join(strings.TrimPrefix(m.env[0], "KAFKA_DATA="), "logs", nodeName(id)+".log"))
				h.t.Logf("the log of broker %d ends with\n%s", id, tail(strings.Split(string(log), "\n")))
			}
			// Without the others a broker hands nothing over, and takes long to see that.
			h.machine(id).run(nil, filepath.Join(root(h.t), "scripts", "native-kafka"), "kill", fmt.Sprint(id))
		}
	})
	// The first host waits for another: the command for a while, the broker on.
	h.machine(1).kafka("HOST_ID=1 START_TIMEOUT=9", "up", 1, "it takes two of the three hosts")
	if err := each(farmBrokers, func(id byte) error { return h.up(id) }); err != nil {
		h.t.Fatal(err)
	}
	table := filepath.Join(root(h.t), "compose", "users.toml")
	h.here.says(h.as("admin"), "workshop users apply --timeout 3m --users "+table+" --dir "+h.teacher+" --advertised "+h.list("%s:909%d"), 0)
	h.here.says(h.as("teacher"), "workshop topics apply", 0, "created  3 partitions, 3 replicas")
	env := kitservice.EnvOf(map[string]string{"KAFKA_CLIENT_CONFIG": filepath.Join(h.teacher, "teacher", "client.properties")})
	h.cluster = kafkaenv.Cluster(env)
	if err := env.Err(); err != nil {
		h.t.Fatal(err)
	}
}

// up is the one command of a host.
func (h *hosts) up(id byte) error {
	vars := []string{fmt.Sprint("HOST_ID=", id), "HOSTS=" + h.list("")}
	out, code := h.machine(id).run(vars, filepath.Join(root(h.t), "scripts", "native-kafka"), "up")
	if want := fmt.Sprintf("%s:909%d", cloudAddr(id), id); code != 0 || !strings.Contains(out, want) {
		return fmt.Errorf("%v native-kafka up: exit code %d, want 0 and %s\n%s", vars, code, want, out)
	}
	return nil
}

// create makes a topic of one partition, which the first host leads.
func (h *hosts) create(topics ...string) {
	h.t.Helper()
	admin, err := sarama.NewClusterAdmin(h.cluster.Brokers, h.cluster.AdminConfig("hosts"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer admin.Close()
	for _, topic := range topics {
		detail := &sarama.TopicDetail{NumPartitions: -1, ReplicationFactor: -1, ReplicaAssignment: map[int32][]int32{0: {1, 2, 3}}}
		if err := admin.CreateTopic(topic, detail, false); err != nil {
			h.t.Fatal(err)
		}
	}
}

// on starts a program on a host, for the teacher.
func (h *hosts) on(id byte, name string, vars ...string) *program {
	h.t.Helper()
	line := append(slices.Clone(h.machine(id).enter), filepath.Join(os.Getenv("WORKSHOP_BIN"), name))
	return start(h.t, append(vars, h.as("teacher"), "DEAD_LETTER_TOPIC=none"), line[0], line[1:]...)
}

func (h *hosts) awaitWhole() {
	h.t.Helper()
	kafkatest.EventuallyWithin(h.t, 4*kafkatest.Deadline, "every replica is in sync", func() bool { return h.lacks() == "" })
}
