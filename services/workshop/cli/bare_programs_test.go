package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/local"
	"workshop.example/workshop/standin"
)

// buildBare compiles programs of labs/go, and returns their folder.
func buildBare(t *testing.T, names ...string) string {
	t.Helper()
	dir, root := t.TempDir(), filepath.Join("..", "..", "..")
	for _, name := range names {
		source := filepath.Join(root, "labs", "go", name+".go")
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(text, []byte("\n")); lines > 60 && !strings.HasPrefix(name, "solutions/") {
			t.Errorf("%s has %d lines: it is to fit on a page, 60 at most", source, lines)
		}
		if out, err := kafkatest.GoBuild("-o", local.Binary(dir, filepath.Base(name)), source).CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", source, err, out)
		}
	}
	return dir
}

// startBare starts one of them until the test ends.
func startBare(t *testing.T, dir, name string, cluster *kafkatest.Cluster) *kafkatest.Output {
	t.Helper()
	var out kafkatest.Output
	cmd := exec.Command(local.Binary(dir, name))
	cmd.Env = append(os.Environ(), "BOOTSTRAP_SERVERS="+strings.Join(cluster.ListenAddrs(), ","))
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", name, out.String())
		}
	})
	return &out
}

// What the bare producer sends, the bare consumer prints, and our own readers accept.
func TestBareProducerAndConsumer(t *testing.T) {
	t.Parallel()
	dir, cluster := buildBare(t, "producer", "consumer"), kafkatest.Start(t, "transactions:3")
	sent, read := startBare(t, dir, "producer", cluster), startBare(t, dir, "consumer", cluster)
	for n := 1; n <= 3; n++ {
		kafkatest.Eventually(t, fmt.Sprintf("transaction %d is sent and read", n), func() bool {
			return strings.Contains(sent.String(), fmt.Sprintf("id de sequência %d (", n)) &&
				strings.Contains(read.String(), fmt.Sprintf(`{"id_sequencia":%d,`, n))
		})
	}
	for _, msg := range cluster.ReadAll("transactions") {
		if _, err := event.DecodeTransaction(msg.Value); err != nil {
			t.Errorf("%s: %v", msg.Value, err)
		}
	}
}

// The bare scoreboard delivers at least once; in the lab of the other guarantee it is the negative control.
func TestBareScoreboard(t *testing.T) {
	t.Parallel()
	_, env := workshopWithStudent(t, standin.Watch(t))
	board := local.Binary(buildBare(t, "scoreboard"), "scoreboard")
	dir := kafkatest.Binaries(t)
	for lab, want := range map[string]struct {
		code int
		text string
	}{
		"at-least-once": {0, "repetidas 1 (id 5) · fora de ordem 0 → como previsto"},
		"at-most-once":  {1, "Dica: O id 5 foi exibido antes de confirmado"},
	} {
		t.Run(lab, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(local.Binary(dir, toolName), "lab", "run", lab, "--pace", "20ms", "--scoreboard", `"`+board+`"`)
			cmd.Env = env
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != want.code || !strings.Contains(string(out), want.text) {
				t.Errorf("exit code %d, want %d, and %q:\n%s", code, want.code, want.text, out)
			}
		})
	}
}

// What students begin with is told what is missing, and what is done is as predicted.
func TestBareReadersOfOrders(t *testing.T) {
	t.Parallel()
	begun := buildBare(t, "detector", "consumer_of_orders")
	done := buildBare(t, "solutions/detector", "solutions/consumer_of_orders")
	var rows []judged
	for _, c := range []struct {
		dir, role, name string
		code            int
		want            string
	}{
		{begun, "detector", "detector", 1, "Dica: Não há decisão nenhuma"},
		{begun, "consumer", "consumer_of_orders", 1, "Dica: Nenhuma linha do programa é de um pedido"},
		{done, "detector", "detector", 0, "decididas 30 · perdidas 0 · repetidas 0 · fora de ordem 0 → como previsto"},
		{done, "consumer", "consumer_of_orders", 0, "tratadas 30 · perdidas 0 · repetidas 0 · fora de ordem 0 → como previsto"},
	} {
		rows = append(rows, judged{[]string{"duplicate-orders", "--" + c.role, `"` + local.Binary(c.dir, c.name) + `"`}, c.code, c.want})
	}
	judgeAll(t, rows)
}

// The bare scoreboard writes nothing to BOARD_TOPIC, and the bare simulator knows no transactions: they are told, and what is done is as
// predicted.
func TestBareTransactions(t *testing.T) {
	t.Parallel()
	begun := buildBare(t, "scoreboard", "simulator")
	done := buildBare(t, "solutions/exactly_once", "solutions/simulator")
	var rows []judged
	for _, c := range []struct {
		dir, lab, role, name string
		code                 int
		want                 string
	}{
		{begun, "exactly-once", "scoreboard", "scoreboard", 1, "Dica: Não há nada em BOARD_TOPIC"},
		{begun, "ghost-goals", "simulator", "simulator", 1, "Dica: Os eventos vão fora de transações"},
		{done, "exactly-once", "scoreboard", "exactly_once", 0,
			"em BOARD_TOPIC 47 · perdidas 0 · repetidas 0 · fora de ordem 0 → como previsto"},
		{done, "ghost-goals", "simulator", "simulator", 0, "perdidas 0 · duplicadas no tópico 0 · fora de ordem 0 → como previsto"},
	} {
		program := `"` + local.Binary(c.dir, c.name) + `"`
		rows = append(rows, judged{[]string{c.lab, "--pace", "20ms", "--" + c.role, program}, c.code, c.want})
	}
	judgeAll(t, rows)
}
