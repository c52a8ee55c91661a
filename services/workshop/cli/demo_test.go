//go:build unix

package cli

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/local"
)

// TestDemo is «make demo» as a new user has it: the real programs, built from this tree, and Ctrl-C.
func TestDemo(t *testing.T) {
	bin := kafkatest.Binaries(t)
	demo := exec.Command(filepath.Join(bin, "workshop"), "up", "--ports", listPorts(kafkatest.FreePorts(t, 3)))
	demo.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a group of its own, as a shell gives it
	var out kafkatest.Output
	demo.Stdout, demo.Stderr = &out, &out
	began := time.Now()
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	group := -demo.Process.Pid
	ended := make(chan struct{})
	go func() { demo.Wait(); close(ended) }()
	t.Cleanup(func() { syscall.Kill(group, syscall.SIGKILL); <-ended })
	see := func(pattern string) {
		t.Helper()
		re := regexp.MustCompile(pattern)
		kafkatest.Eventually(t, "the demo prints "+pattern, func() bool { return re.MatchString(out.String()) })
	}

	see(`(?m)^consumer +\| \{"id_sequencia":1,`)
	t.Logf("first transaction consumed %s after the start", time.Since(began).Round(time.Millisecond))
	see(`(?m)^producer +\| mensagem enviada para o kafka com id de sequência 1 \(partição \d, offset 0\)$`)
	see(`(?m)^scoreboard +\| +\d+ - \d+$`)
	see(`(?m)^monitor +\| partições observadas: 0, 1, 2$`)
	board := regexp.MustCompile(`quadro da turma: (http://\S+)`).FindStringSubmatch(out.String())
	if board == nil {
		t.Fatalf("no address of the class board:\n%s", &out)
	}
	if page, err := http.Get(board[1]); err != nil || page.StatusCode != http.StatusOK {
		t.Errorf("the class board: %v, %v", page, err)
	} else {
		page.Body.Close()
	}

	began = time.Now()
	syscall.Kill(group, syscall.SIGINT) // Ctrl-C reaches the tool and the services alike
	select {
	case <-ended:
		t.Logf("ended %s after Ctrl-C", time.Since(began).Round(time.Millisecond))
	case <-time.After(5 * time.Second):
		t.Fatalf("not ended 5 s after Ctrl-C:\n%s", &out)
	}
	if code := demo.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d\n%s", code, &out)
	}
	for _, name := range local.ProgramNames() {
		if !strings.Contains(out.String(), fmt.Sprintf("%-15s | resumo: ", name)) {
			t.Errorf("no summary of %s", name)
		}
	}
	if err := syscall.Kill(group, 0); err != syscall.ESRCH {
		t.Errorf("processes are left: %v", err)
	}
	if t.Failed() {
		t.Log(&out)
	}
}
