//go:build linux

package monitor

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"workshop.example/kit/kafkatest"
)

const (
	manyBrowsers  = 1000
	stuckBrowsers = 100     // of them, which read nothing
	mostMemory    = 100_000 // kB for all of them
)

// A thousand browsers, of which a hundred read nothing, cost the monitor little memory. All others get the board, and every transaction
// is watched meanwhile.
func TestThousandBrowsers(t *testing.T) {
	c := kafkatest.Start(t, "transactions:3", "transactions.alerts:3", "scoreGame:1")
	m := newMarket(t, c)
	m.send(500)
	addr := fmt.Sprint("127.0.0.1:", kafkatest.FreePort(t))
	monitor := process(t, right, env(t, c, "HTTP_ADDR", addr, "GOMEMLIMIT", "44MiB"))
	if err := monitor.Start(); err != nil {
		t.Fatal(err)
	}
	defer monitor.Wait()
	defer monitor.Process.Kill()
	watched(t, c)
	first := openBoards(t, addr, 1)
	awaitBoards(t, first, 1)
	before := residentMemory(t, monitor)
	boards := openBoards(t, addr, manyBrowsers)
	for n := range 5 {
		m.send(500)
		awaitBoards(t, boards, int64((n+1)*(manyBrowsers-stuckBrowsers)))
	}
	watched(t, c)
	after := residentMemory(t, monitor)
	t.Logf("%d browsers: %d kB more than the %d kB of one", manyBrowsers, after-before, before)
	if most := mostMemory * raceMemory; after-before > most {
		t.Errorf("%d browsers take %d kB, want at most %d", manyBrowsers, after-before, most)
	}
}

// openBoards connects browsers until the test ends, and counts the frames that they get. Every tenth of a thousand reads nothing.
func openBoards(t *testing.T, addr string, n int) *atomic.Int64 {
	t.Helper()
	var frames atomic.Int64
	for i := range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "GET /api/board HTTP/1.1\r\nHost: %s\r\n\r\n", addr)
		if i%(manyBrowsers/stuckBrowsers) == 1 {
			continue
		}
		go func() {
			in := bufio.NewReaderSize(conn, 512)
			for {
				line, err := in.ReadSlice('\n')
				if strings.HasPrefix(string(line), "data: ") {
					frames.Add(1)
				}
				if err != nil && err != bufio.ErrBufferFull {
					return // the test has ended
				}
			}
		}()
	}
	return &frames
}

func awaitBoards(t *testing.T, frames *atomic.Int64, n int64) {
	t.Helper()
	kafkatest.Eventually(t, fmt.Sprint(n, " frames have come"), func() bool { return frames.Load() >= n })
}

// residentMemory is a process's memory in kB.
func residentMemory(t *testing.T, cmd *exec.Cmd) (kB int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		t.Fatal(err)
	}
	return kB
}
