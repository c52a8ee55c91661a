package cli

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/local"
	"workshop.example/workshop/standin"
)

func TestUpRunsEverythingUntilASignal(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	for sig, words := range map[syscall.Signal]struct {
		lang  string
		lines []string
	}{
		syscall.SIGINT: {"pt", []string{"Ctrl-C para tudo\n", "tópicos: ", "transactions.dlq (1 partição)", "ficam na memória", "parando ...\n"}},
		syscall.SIGTERM: {"en", []string{
			"Ctrl-C stops everything\n", "topics: ", "transactions.dlq (1 partition)", "kept in memory", "stopping ...\n",
		}},
	} {
		t.Run(sig.String(), func(t *testing.T) {
			w := standin.Watch(t)
			env := append(w.Env(nil), "WORKSHOP_LANG="+words.lang)
			p := startTool(t, standin.Binaries(t, local.ProgramNames()...), env, "up", "--ports", listPorts(kafkatest.FreePorts(t, 3)))
			kafkatest.Eventually(t, "all services run", func() bool { return w.Alive() == len(local.ProgramNames()) })
			if err := p.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if got := p.wait(); got != 0 {
				t.Errorf("exit code %d, want 0", got)
			}
			for _, line := range words.lines {
				p.stderr.Contains(t, line)
			}
			for _, name := range []string{
				"producer        | ", "consumer        | ", "score-simulator | ", "scoreboard      | ", "monitor         | ",
			} {
				p.stdout.Contains(t, name+"brokers are still there\n")
				p.stdout.Contains(t, name+"summary\n")
			}
		})
	}
}

func TestKilledToolLeavesNoProcess(t *testing.T) {
	w := standin.Watch(t)
	p := startTool(t, standin.Binaries(t, local.ProgramNames()...), w.Env(nil), "up", "--ports", listPorts(kafkatest.FreePorts(t, 3)))
	kafkatest.Eventually(t, "all services run", func() bool { return w.Alive() == len(local.ProgramNames()) })
	if err := p.Process.Kill(); err != nil { // SIGKILL: the tool itself can do nothing any more
		t.Fatal(err)
	}
	p.wait()
	kafkatest.Eventually(t, "no service is left", func() bool { return w.Alive() == 0 })
}

func TestUpStopsWhenNobodyReads(t *testing.T) {
	w := standin.Watch(t)
	r, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var p toolProcess
	p.start(t, stdout, standin.Binaries(t, "producer"), w.Env(map[string]string{"producer": "babble"}),
		"up", "--services", "producer", "--ports", listPorts(kafkatest.FreePorts(t, 1)))
	stdout.Close()
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil || line != "producer | a line like any other\n" {
		t.Errorf("read %q, %v", line, err)
	}
	r.Close() // as head does when it has enough
	if got := p.wait(); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}
	p.stderr.Contains(t, "parando ...")
}

func TestUpRefusesTakenPorts(t *testing.T) {
	w := standin.Watch(t)
	ports := kafkatest.FreePorts(t, 3)
	for _, port := range ports[1:] {
		ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
	}
	dir := filepath.Join(t.TempDir(), "data")
	p := startTool(t, standin.Binaries(t, local.ProgramNames()...), append(w.Env(nil), "WORKSHOP_LANG=en"), "up", "--data-dir", dir,
		"--ports", listPorts(ports))
	if got := p.wait(); got != 1 {
		t.Errorf("exit code %d, want 1", got)
	}
	p.stderr.Contains(t, "workshop: ports "+listPorts(ports[1:])+" are already taken: stop what listens there")
	if !regexp.MustCompile(`, or use others: --ports \d+091,\d+092,\d+093\n`).MatchString(p.stderr.String()) { // 19091 may be somebody's
		t.Errorf("no other ports are suggested:\n%s", &p.stderr)
	}
	if n := w.Started(); n != 0 {
		t.Errorf("%d services were started, want none", n)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the data folder was created: %v", err)
	}
}

// Nobody has asked for the class board's port, so that another serves; unless somebody has.
func TestUpAndTheClassBoardsPort(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().(*net.TCPAddr).Port
	w := standin.Watch(t)
	bin := standin.Binaries(t, "monitor", "producer")
	up := func(setting string, services string) *toolProcess {
		env := append(w.Env(map[string]string{"monitor": "env=HTTP_ADDR exit=0", "producer": "exit=0"}), setting, "WORKSHOP_LANG=en")
		return startTool(t, bin, env, "up", "--services", services, "--ports", listPorts(kafkatest.FreePorts(t, 1)))
	}
	for setting, want := range map[string]struct {
		said string
		code int
	}{
		fmt.Sprint("HTTP_PORT=", taken): {fmt.Sprintf("workshop: port %d, of the class board, is already taken: stop", taken), 1},
		"HTTP_PORT=http":                {`workshop: HTTP_PORT "http": accepted: 1 to 65535`, 2},
	} {
		p := up(setting, "monitor")
		if got := p.wait(); got != want.code {
			t.Errorf("%s: exit code %d, want %d", setting, got, want.code)
		}
		p.stderr.Contains(t, want.said)
	}
	if n := w.Started(); n != 0 {
		t.Errorf("%d services were started, want none", n)
	}
	// Without the monitor its port is nobody's business.
	if p := up(fmt.Sprint("HTTP_PORT=", taken), "producer"); p.wait() != 0 {
		t.Errorf("without the monitor:\n%s", &p.stderr)
	}
	if ln, err := net.Listen("tcp", "127.0.0.1:8088"); err == nil {
		defer ln.Close() // where somebody else listens there, that will do
	}
	p := up("HTTP_PORT=", "monitor")
	if p.wait() != 0 {
		t.Errorf("with port 8088 taken:\n%s", &p.stderr)
	}
	said := regexp.MustCompile(`class board: http://(127\.0\.0\.1:\d+)/ \(port 8088 is taken\)`).FindStringSubmatch(p.stderr.String())
	if said == nil {
		t.Fatalf("no other port is told:\n%s", &p.stderr)
	}
	p.stdout.Contains(t, fmt.Sprintf("HTTP_ADDR=%q", said[1]))
}

func TestUpSubset(t *testing.T) {
	w := standin.Watch(t)
	scripts := map[string]string{"producer": "env=TOPIC env=BOOTSTRAP_SERVERS exit=0", "consumer": "exit=2"}
	ports := kafkatest.FreePorts(t, 1)
	p := startTool(t, standin.Binaries(t, "producer", "consumer"), w.Env(scripts),
		"up", "--services", "consumer,producer", "--ports", listPorts(ports))
	if got := p.wait(); got != 1 {
		t.Errorf("exit code %d, want 1", got)
	}
	p.stdout.Contains(t, "producer | TOPIC=\"transactions\"\nproducer | BOOTSTRAP_SERVERS=\"127.0.0.1:"+listPorts(ports)+"\"\n")
	p.stderr.Contains(t, "workshop: consumer exited with code 2\n")
	if n := w.Started(); n != 2 {
		t.Errorf("%d services were started, want 2", n)
	}
}

func TestUpEndsWithItsServices(t *testing.T) {
	w := standin.Watch(t)
	p := startTool(t, standin.Binaries(t, "producer"), w.Env(map[string]string{"producer": "exit=0"}),
		"up", "--services", "producer", "--ports", listPorts(kafkatest.FreePorts(t, 1)))
	if got := p.wait(); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}
	p.stderr.Contains(t, "workshop | producer terminou com o código 0\n")
}

func TestUpMissingBinaries(t *testing.T) {
	p := startTool(t, standin.Binaries(t, "producer", "consumer"), append(os.Environ(), "WORKSHOP_LANG=en"), "up")
	if got := p.wait(); got != 2 {
		t.Errorf("exit code %d, want 2", got)
	}
	p.stderr.Contains(t, "there is no score-simulator")
	p.stderr.Contains(t, "make build")
	p.stderr.Contains(t, "go build -o bin/ work")
}

// clusterOnly runs «up --cluster-only» in this process until the test says stop.
func clusterOnly(t *testing.T, ports []int, args ...string) (stop func() int, stderr *standin.Output) {
	t.Helper()
	stderr = &standin.Output{}
	ctx, cancel := context.WithCancel(context.Background())
	tool := &tool{stdout: &standin.Output{}, stderr: stderr, binDir: besideExecutable, kill: context.Background()}
	code := make(chan int, 1)
	go func() {
		code <- tool.run(ctx, append([]string{"up", "--cluster-only", "--ports", listPorts(ports)}, args...))
	}()
	stop = func() int { cancel(); return <-code }
	t.Cleanup(cancel)
	kafkatest.Eventually(t, "the cluster is up", func() bool { return strings.Contains(stderr.String(), "Ctrl-C") })
	return stop, stderr
}

func TestUpKeepsMessagesInAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet", "there")
	ports := kafkatest.FreePorts(t, 3)
	brokers := kafka.Cluster{Brokers: []string{"127.0.0.1:" + strconv.Itoa(ports[0])}}

	stop, stderr := clusterOnly(t, ports, "--data-dir", dir, "--sync")
	stderr.Contains(t, "as mensagens ficam em "+dir+", no disco antes de serem confirmadas (--sync)")
	producer, err := sarama.NewSyncProducer(brokers.Brokers, brokers.Config("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "scoreGame", Value: sarama.StringEncoder("kept")}); err != nil {
		t.Fatal(err)
	}

	other := kafkatest.FreePorts(t, 1)
	second := &tool{stdout: &standin.Output{}, stderr: &standin.Output{}, environ: []string{"WORKSHOP_LANG=en"}, binDir: besideExecutable,
		kill: t.Context()}
	if got := second.run(t.Context(), []string{"up", "--cluster-only", "--ports", listPorts(other), "--data-dir", dir}); got != 1 {
		t.Errorf("a second up on the same folder: exit code %d, want 1", got)
	}
	second.stderr.(*standin.Output).Contains(t, "is in use by another «workshop up»")
	if got := stop(); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}

	stop, stderr = clusterOnly(t, ports, "--data-dir", dir)
	if strings.Contains(stderr.String(), "warning") {
		t.Errorf("a restart warns:\n%s", stderr)
	}
	msgs, err := kafkatest.ReadAll(brokers, "scoreGame")
	if err != nil || len(msgs) != 1 || string(msgs[0].Value) != "kept" {
		t.Errorf("read %d messages after the restart (%v), want the one sent before", len(msgs), err)
	}
	stop()

	stop, _ = clusterOnly(t, other, "--data-dir", dir) // as many brokers as one likes
	stop()
}

func TestWrongUse(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"upp", `unknown command "upp" for "workshop"; did you mean «workshop up»?`},
		{"topics aply", "did you mean «workshop topics apply»?"},
		{"up --port 1", "unknown flag: --port; did you mean --ports?\nsee «workshop up --help»\n"},
		{"up now", `unknown command "now"`},
		{"up --services producer,consumers", "there is no service \"consumers\"; did you mean consumer? " +
			"accepted: producer, consumer, score-simulator, scoreboard"},
		{"up --cluster-only --services producer", "leave out one of --cluster-only and --services"},
		{"up --sync", "add --data-dir DIR"},
		{"up --ports 0", "1 to 5 different ports"},
		{"up --ports 1,2,3,4,5,6", "1 to 5 different ports"},
		{"up --ports 9092,9092", "1 to 5 different ports"},
		{"up --ports 9092,x", "1 to 5 different ports"},
		{"topics apply --timeout 0s", "greater than 0"},
		{"topics apply --min-brokers 0", "greater than 0"},
		{"topics apply --timeout soon", "invalid argument"},
		{"topics list --bootstrap-servers nowhere", "--bootstrap-servers: \"nowhere\" is not host:port"},
		{"topics list -o xml", "accepted: table, json"},
		{"topics describ", "did you mean «workshop topics describe»?"},
		{"topics create", "name exactly one topic (got 0)\nsee «workshop topics create --help»"},
		{"topics delete", "name the topics"},
		{"topics de", "did you mean «workshop topics delete», or «workshop topics describe»?\nsee «workshop topics --help»\n"},
		{"groups lst", "did you mean «workshop groups list»?"},
		{"groups reset g", "required flag(s) \"to\", \"topic\" not set"},
		{"groups reset g --topic t --to latest --execute --dry-run", "none of the others can be"},
		{"consume t --group g --to-end", "none of the others can be"},
		{"dlq reply t.dlq", "did you mean «workshop dlq replay»?"},
		{"produce t u", "name exactly one topic (got 2)"},
	} {
		var stdout, stderr standin.Output
		tool := &tool{stdout: &stdout, stderr: &stderr, environ: []string{"WORKSHOP_LANG=en"}, binDir: besideExecutable, kill: t.Context()}
		if got := tool.run(t.Context(), strings.Fields(c.args)); got != 2 {
			t.Errorf("%s: exit code %d, want 2", c.args, got)
		}
		if !strings.Contains(stderr.String(), c.want) || strings.Contains(stderr.String(), "Usage:") ||
			strings.Count(stderr.String(), "workshop: ") != 1 {
			t.Errorf("%s: want %q, once and without the usage; got:\n%s", c.args, c.want, &stderr)
		}
		if stdout.String() != "" {
			t.Errorf("%s: on standard output:\n%s", c.args, &stdout)
		}
	}
}

func TestWrongEnvironment(t *testing.T) {
	var stderr standin.Output
	environ := []string{"BOOTSTRAP_SERVERS=nowhere", "KAFKA_PROXY=http://x"}
	tool := &tool{stdout: &standin.Output{}, stderr: &stderr, environ: environ, kill: t.Context()}
	if got := tool.run(t.Context(), []string{"topics", "list"}); got != 2 {
		t.Errorf("exit code %d, want 2", got)
	}
	stderr.Contains(t, `BOOTSTRAP_SERVERS="nowhere"`)
	stderr.Contains(t, `KAFKA_PROXY="http://x"`)
}
