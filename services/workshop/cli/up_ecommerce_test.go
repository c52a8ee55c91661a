package cli

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/local"
	"workshop.example/workshop/standin"
)

func TestUpEcommerce(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	w := standin.Watch(t)
	ports := kafkatest.FreePorts(t, 4)
	script := "env=STATE_DIR env=REPORT_DIR env=GROUP_INSTANCE_ID env=TOPIC env=HTTP_PORT"
	env := append(w.Env(map[string]string{"http-ecommerce": script, "reading-report": script}),
		fmt.Sprint("HTTP_PORT=", ports[3]), "TOPIC=mine", "TMPDIR="+t.TempDir())
	p := startTool(t, standin.Binaries(t, local.EcommerceNames()...), env, "up", "--ecommerce", "--ports", listPorts(ports[:3]))
	kafkatest.Eventually(t, "nine services run", func() bool { return w.Alive() == 9 })
	p.stderr.Contains(t, fmt.Sprintf("página: http://127.0.0.1:%d/\n", ports[3]))
	p.stderr.Contains(t, "tópicos: ECOMMERCE_NEW_ORDER (3 partições), ")
	found := regexp.MustCompile(`bancos de dados \(SQLite\): (.*); relatórios: (.*)\n`).FindStringSubmatch(p.stderr.String())
	if found == nil || strings.Contains(p.stderr.String(), "transactions") {
		t.Fatalf("the introduction:\n%s", &p.stderr)
	}
	if info, err := os.Stat(found[1]); err != nil || !info.IsDir() {
		t.Errorf("the folder of the databases: %v", err)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := p.wait(); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}
	for _, name := range []string{"http-ecommerce", "reading-report"} {
		for _, line := range []string{
			fmt.Sprintf("STATE_DIR=%q", found[1]), fmt.Sprintf("REPORT_DIR=%q", found[2]), fmt.Sprintf("GROUP_INSTANCE_ID=%q", name),
			`TOPIC=""`, fmt.Sprintf("HTTP_PORT=\"%d\"", ports[3]), "brokers are still there", "summary",
		} {
			p.stdout.Contains(t, fmt.Sprintf("%-18s | %s\n", name, line))
		}
	}
	root := filepath.Dir(found[1])
	p.stderr.Contains(t, root+" é apagada no fim\n")
	if _, err := os.Stat(root); !os.IsNotExist(err) || filepath.Dir(found[2]) != root {
		t.Errorf("%s is left: %v", root, err)
	}
}

func TestUpEcommerceKeepsItsFolders(t *testing.T) {
	t.Parallel()
	w := standin.Watch(t)
	dir := filepath.Join(t.TempDir(), "data")
	mine := filepath.Join(t.TempDir(), "mine")
	scripts := map[string]string{"producer": "env=STATE_DIR exit=0", "reading-report": "env=STATE_DIR env=REPORT_DIR exit=0"}
	env := append(w.Env(scripts), "REPORT_DIR="+mine)
	ports := kafkatest.FreePorts(t, 1)
	for range 2 { // the brokers' folder is the same, and they have to find their way about it
		p := startTool(t, standin.Binaries(t, "producer", "reading-report"), env,
			"up", "--services", "reading-report, producer", "--data-dir", dir, "--ports", listPorts(ports))
		if got := p.wait(); got != 0 {
			t.Fatalf("exit code %d, want 0\n%s", got, &p.stderr)
		}
		p.stdout.Contains(t, fmt.Sprintf("reading-report | STATE_DIR=%q\n", filepath.Join(dir, "ecommerce")))
		p.stdout.Contains(t, fmt.Sprintf("reading-report | REPORT_DIR=%q\n", mine))
		p.stdout.Contains(t, "producer       | STATE_DIR=\"\"\n")
		p.stderr.Contains(t, "workshop.experiments (1 partição), ECOMMERCE_NEW_ORDER (3 partições)")
		if text := p.stderr.String(); strings.Contains(text, "página:") || strings.Contains(text, "apagada") || strings.Contains(text, "aviso") {
			t.Errorf("the introduction:\n%s", text)
		}
		if err := os.WriteFile(filepath.Join(dir, "ecommerce", "users.db"), []byte("kept"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUpEcommerceRefusesATakenPort(t *testing.T) {
	w := standin.Watch(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().(*net.TCPAddr).Port
	dir := filepath.Join(t.TempDir(), "data")
	bin := standin.Binaries(t, local.EcommerceNames()...)
	for _, c := range []struct {
		setting, want string
		code          int
	}{
		{fmt.Sprint("HTTP_PORT=", taken), fmt.Sprintf("port %d, of the page, is already taken: stop what listens there", taken), 1},
		{"HTTP_PORT=http", `HTTP_PORT "http": accepted: 1 to 65535`, 2},
		{"TOPIC_PREFIX=a/b", `TOPIC_PREFIX "a/b": accepted`, 2},
	} {
		ports := listPorts(kafkatest.FreePorts(t, 1))
		p := startTool(t, bin, append(w.Env(nil), c.setting, "WORKSHOP_LANG=en"), "up", "--ecommerce", "--data-dir", dir, "--ports", ports)
		if got := p.wait(); got != c.code {
			t.Errorf("%s: exit code %d, want %d", c.setting, got, c.code)
		}
		p.stderr.Contains(t, "workshop: "+c.want)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) || w.Started() > 0 {
		t.Errorf("something was begun: %v, %d services", err, w.Started())
	}
	// Without the gateway its port is nobody's business.
	env := append(w.Env(map[string]string{"log-service": "exit=0"}), fmt.Sprint("HTTP_PORT=", taken))
	if p := startTool(t, bin, env, "up", "--services", "log-service", "--ports", listPorts(kafkatest.FreePorts(t, 1))); p.wait() != 0 {
		t.Errorf("without the gateway:\n%s", &p.stderr)
	}
}
