//go:build brokers

package acceptance

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
)

// hostsCutFor is how long the first host is cut off.
const hostsCutFor = 30 * time.Second

// Three hosts as docs/hosts.md has them, by its commands: one is cut off from the others and healed, and nothing that was acknowledged
// is lost or doubled. What acks=1 has acknowledged on the host that was cut off is lost, as the same judge says.
func TestThreeHosts(t *testing.T) {
	began := time.Now()
	h := prepareHosts(t)
	h.refusesMistakes()
	h.open()
	t.Logf("three hosts are up, with users and topics, after %s", time.Since(began).Round(time.Second))
	h.create("acks-1", "acks-all")
	run := h.programs(t)
	h.class()
	loses := h.on(1, "producer", "TOPIC=acks-1", "ACKS=1", "IDEMPOTENT=false", "PACE=20ms", "HISTORY="+filepath.Join(h.dir, "acks-1.history"))
	holds := h.on(1, "producer", "TOPIC=acks-all", "PACE=20ms", "HISTORY="+filepath.Join(h.dir, "acks-all.history"))
	for _, p := range []*program{loses, holds} {
		kafkatest.Eventually(t, p.name+" sends", func() bool { return p.count() > 50 })
	}
	before := loses.count()
	proof, err := h.cut(1, hostsCutFor)
	if err != nil || proof == "" {
		t.Fatalf("the cut did not land: %v", err)
	}
	t.Logf("host 1 was cut off: %s; meanwhile acks=1 on it acknowledged %d", proof, loses.count()-before)
	h.awaitWhole()
	for _, p := range []*program{loses, holds} {
		after := p.count()
		kafkatest.Eventually(t, p.name+" goes on", func() bool { return p.count() > after+50 })
		p.Process.Signal(syscall.SIGTERM)
		if code := p.exit(kafkatest.Deadline); code != 0 && p == holds {
			t.Errorf("the producer on host 1 has ended with exit code %d", code)
		}
	}
	transactions, scores := h.judge(run)
	t.Logf("transactions: %s\nscores: %s\nlongest time without an acknowledgement: %.1f s", transactions, scores,
		transactions.silence.Seconds())
	if broken := scores.broken(); !transactions.clean() || len(broken) > 0 {
		t.Errorf("not once: %v %v", transactions.misplaced, broken)
	}
	caught := h.judgeAlone("acks-1")
	kept := h.judgeAlone("acks-all")
	t.Logf("on the host that was cut off: acks=1: %s\nacks=all: %s", caught, kept)
	if len(caught.Lost) == 0 {
		t.Error("the control, acks=1 on the host that was cut off, has lost nothing")
	}
	if len(kept.Lost)+len(kept.Duplicated)+len(kept.OutOfOrder) > 0 {
		t.Error("acks=all on the host that was cut off is not once")
	}
	recordOnBrokers(t, began, reliability.Measurement{
		Guarantee: "three hosts: what is acknowledged is there once when one was cut off",
		Events:    transactions.acknowledged + scores.sent.Produced,
		Lost:      len(transactions.Lost), Duplicated: len(transactions.Duplicated), Faults: map[string]int{"a host cut off for 30 s": 1},
	})
	h.readsNear()
	h.renews()
	h.outlives()
	h.takeDown()
}

// refusesMistakes: each mistake is named, all at once.
func (h *hosts) refusesMistakes() {
	h.t.Helper()
	m := h.machine(1)
	m.kafka("HOSTS="+h.list(""), "up", 2, "HOST_ID is missing")
	m.kafka("HOST_ID=4 BROKERS=3 ADVERTISED_HOST=10.0.0.1", "up", 2, "HOST_ID is 4; accepted: 1, 2 or 3", "BROKERS=3;",
		"ADVERTISED_HOST=10.0.0.1;")
	m.kafka("HOST_ID=2", "up", 2, "broker-2/keystore.pem cannot be read", "broker-2/broker.env cannot be read", "workshop certs hosts")
	m.kafka("HOST_ID=1 HOSTS=10.0.0.1,10.0.0.2", "up", 2, "HOSTS=10.0.0.1,10.0.0.2, and the certificates are for "+h.list(""))
}

// class is a laptop with the file that the class gets.
func (h *hosts) class() {
	h.t.Helper()
	h.here.says(h.as("student"), "workshop cluster", 0, h.cluster.Brokers[2])
	reader := service(h.t, "consumer", h.as("student"), "CONSUMER_GROUP=student-ana")
	kafkatest.Eventually(h.t, "a student reads transactions", func() bool { return reader.count() > 20 })
	reader.terminate()
}

// programs starts the programs of the class's machine, each with its own login.
func (h *hosts) programs(t *testing.T) *faultsRun {
	t.Helper()
	r := &faultsRun{t: t, farm: h.farm, seed: 1, evidence: &evidence{
		Brokers: h.cluster.Brokers, Transactions: "transactions", Scores: "scoreGame", Board: "scoreBoard",
		Boards: map[string][]string{}, dir: h.dir, read: fromBrokers(h.cluster),
	}}
	r.producers = []*subject{r.sender("producer", "producer", h.as("producer"), "PACE=2ms")}
	r.simulators = []*subject{r.sender("simulator", "score-simulator", h.as("score-simulator"), "PACE=100ms", "MATCHES=0")}
	r.consumers = []*subject{r.program("consumer", "consumer", h.as("consumer"))}
	r.boards = []*subject{r.program("scoreboard", "scoreboard", h.as("scoreboard"), "GROUP_INSTANCE_ID=scoreboard-1", "DELIVERY=exactly-once",
		"BOARD_TOPIC=scoreBoard", "MATCHES=0")}
	for _, s := range r.subjects() {
		kafkatest.Eventually(t, s.name+" prints", func() bool {
			lines := 0
			r.evidence.lines(s.screen(1), func([]byte) { lines++ })
			return lines > 20
		})
	}
	return r
}

// judge ends the programs when all has come out that went in.
func (h *hosts) judge(r *faultsRun) (transactionsJudged, scoresJudged) {
	r.t.Helper()
	r.end(r.producers, r.simulators)
	ends := r.ends()
	r.awaitCommitted("cg-group-id", "transactions", ends["transactions"])
	r.evidence.Committed = ends["scoreGame"][0]
	r.awaitCommitted("group1", "scoreGame", ends["scoreGame"])
	r.end(r.consumers, r.boards)
	e := r.evidence
	e.Producers, e.Simulators = []string{"producer.history"}, []string{"simulator.history"}
	e.Consumers, e.Boards["exactly-once"] = r.consumers[0].screens, r.boards[0].screens
	transactions, err := judgeTransactions(e)
	if err != nil {
		r.t.Fatal(err)
	}
	scores, err := judgeScores(e)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, s := range r.subjects() {
		if len(s.gaveUp) > 0 { // with 1, such as a scoreboard whose transaction has timed out: it is started again, as Docker does it
			r.t.Logf("%s ended by itself: %v", s.name, s.gaveUp)
		}
		if slices.Contains(s.gaveUp, "exit status 2") {
			r.t.Errorf("%s has broken down", s.name)
		}
	}
	return transactions, scores
}

// judgeAlone judges one producer's topic.
func (h *hosts) judgeAlone(topic string) transactionsJudged {
	h.t.Helper()
	judged, err := judgeTransactions(&evidence{
		Transactions: topic, Producers: []string{topic + ".history"}, dir: h.dir, read: fromBrokers(h.cluster),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return judged
}

// received is how many bytes have come to a host.
func (h *hosts) received(id byte) (bytes int64) {
	h.t.Helper()
	name := fmt.Sprint("faults", id)
	out, _ := h.machine(id).run(nil, "cat", "/proc/net/dev")
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name+":" {
			fmt.Sscan(fields[1], &bytes)
		}
	}
	if bytes == 0 {
		h.t.Fatalf("no %s in\n%s", name, out)
	}
	return bytes
}

// readsNear: a reader on the second host that names its rack gets the messages of that host. Without the rack they come from the first
// host, which leads, over the network.
func (h *hosts) readsNear() {
	h.t.Helper()
	const messages = 40_000
	h.create("near")
	filled := h.on(3, "producer", "TOPIC=near", "PACE=0", fmt.Sprint("COUNT=", messages))
	if code := filled.exit(time.Minute); code != 0 {
		h.t.Fatalf("the topic near: exit code %d", code)
	}
	h.awaitWhole()
	over := func(group string, vars ...string) (*program, float64) {
		before := h.received(2)
		reader := h.on(2, "consumer", append(vars, "TOPIC=near", "CONSUMER_GROUP="+group)...)
		kafkatest.Eventually(h.t, group+" has read all", func() bool { return reader.count() >= messages })
		return reader, float64(h.received(2)-before) / messages
	}
	stays, near := over("near", "KAFKA_CLIENT_RACK=host-2")
	reader, far := over("far")
	reader.terminate()
	h.t.Logf("a reader on host 2 gets over the network, bytes a message: %.0f with its rack, %.0f without", near, far)
	if near > 50 || far < 200 {
		h.t.Errorf("%.0f bytes a message come over the network with the rack, want 50 at most; %.0f without, want 200 or more", near, far)
	}
	// The broker of its rack dies: it goes on with the leader.
	h.machine(2).kafka("", "kill 2", 0)
	more := h.on(3, "producer", "TOPIC=near", "PACE=0", "COUNT=100")
	if code := more.exit(time.Minute); code != 0 {
		h.t.Errorf("with one host dead the producer ends with exit code %d", code)
	}
	kafkatest.Eventually(h.t, "the reader goes on without its host's broker", func() bool {
		return stays.count() >= messages+100
	})
	stays.terminate()
	if err := h.up(2); err != nil {
		h.t.Fatal(err)
	}
	h.awaitWhole()
}

// renews: a host's new certificate is used without a restart.
func (h *hosts) renews() {
	h.t.Helper()
	serves := func(port int) string {
		conn, err := tls.Dial("tcp", fmt.Sprintf("%s:%d", cloudAddr(2), port), &tls.Config{InsecureSkipVerify: true}) // only to look at it
		if err != nil {
			h.t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	before := serves(9092)
	if err := os.Remove(filepath.Join(h.teacher, "broker-2", "keystore.pem")); err != nil {
		h.t.Fatal(err)
	}
	h.here.says("", "workshop certs hosts "+h.list("")+" --dir "+h.teacher, 0, "made: missing")
	h.copyTo(2)
	h.here.says(h.as("admin"), "workshop certs reload --listeners internal,external,controller", 0, "broker-2 has read its certificates again")
	for _, port := range []int{9092, 29092, 19092} { // clients, brokers, controllers
		kafkatest.Eventually(h.t, fmt.Sprint("the new certificate is at port ", port), func() bool { return serves(port) != before })
	}
}

// outlives: with one host off, all goes on. With two nothing is acknowledged, until one of them is back. The third has lost its disk.
func (h *hosts) outlives() {
	h.t.Helper()
	m := h.machine(3)
	m.kafka("", "down", 0, "down; the data stays")
	m.kafka("", "reset", 0, "erased in")
	send := func() *program { return service(h.t, "producer", h.as("producer"), "COUNT=100", "PACE=0") }
	if code := send().exit(time.Minute); code != 0 {
		h.t.Errorf("with one host off the producer ends with exit code %d", code)
	}
	h.machine(2).kafka("", "kill 2", 0)
	waits := send()
	select {
	case <-waits.ended:
		h.t.Error("with two hosts off the producer has ended")
	case <-time.After(10 * time.Second): // not to wait for a state: it is to stay
	}
	if n := strings.Count(strings.Join(waits.Lines(), "\n"), "mensagem enviada"); n > 0 {
		h.t.Errorf("with two hosts off %d messages were acknowledged", n)
	}
	if err := h.up(2); err != nil {
		h.t.Fatal(err)
	}
	if code := waits.exit(2 * time.Minute); code != 0 {
		h.t.Errorf("with the second host back the producer ends with exit code %d", code)
	}
	if err := h.up(3); err != nil {
		h.t.Fatal(err)
	}
	h.awaitWhole()
}

// takeDown stops the hosts one after the other, and looks at what is left.
func (h *hosts) takeDown() {
	h.t.Helper()
	for _, id := range farmBrokers {
		began := time.Now()
		h.machine(id).kafka("", "down", 0, "down; the data stays")
		h.t.Logf("host %d is down after %.1f s", id, time.Since(began).Seconds())
	}
	m := h.machine(1)
	m.kafka("HOST_ID=2 SECRETS_DIR="+h.teacher, "up", 2, "the data in", "are those of broker-1, not of HOST_ID=2")
	m.kafka("", "up", 2, "those of one of three hosts: HOST_ID=N")
	m.kafka("", "status", 1, "down")
	m.kafka("", "reset", 0, "broker-1 (")
	if left, err := os.ReadDir(filepath.Join(h.folder(1), "kafka")); err == nil && len(left) > 0 {
		h.t.Errorf("reset has left %v", left)
	}
}
