//go:build unix

package service

import (
	"syscall"
	"testing"
)

// A stopped process keeps its port, and the kernel accepts connections for it: only an answer counts.
func TestHealthCheckTellsTheTruth(t *testing.T) {
	t.Parallel()
	service := spawn(t, "run", []string{"OPS_ADDR=127.0.0.1:0"}).ready(t)
	check := func() int {
		_, code := spawn(t, "done", []string{"OPS_ADDR=" + service.ops}, "healthcheck").end(t)
		return code
	}
	if code := check(); code != 0 {
		t.Errorf("a running service: exit code %d", code)
	}
	service.Process.Signal(syscall.SIGSTOP)
	if code := check(); code != 1 {
		t.Errorf("a stopped service: exit code %d", code)
	}
	service.Process.Signal(syscall.SIGCONT)
	if code := check(); code != 0 {
		t.Errorf("a resumed service: exit code %d", code)
	}
}
