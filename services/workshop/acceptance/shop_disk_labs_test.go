//go:build labs

package acceptance

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// A disk that is really full, under the gateway's database: orders are refused with 503, none that was
// accepted is lost, and with room again the next is accepted without a restart.
func TestGatewayOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), kafkatest.FreePort(t)
	namespace := []string{"unshare", "--mount"}
	if os.Geteuid() != 0 {
		namespace = []string{"unshare", "--user", "--map-root-user", "--mount"}
	}
	gateway := filepath.Join(os.Getenv("WORKSHOP_BIN"), "http-ecommerce")
	args := append(namespace, "sh", "-c", `mount -t tmpfs -o size=1m none "$STATE_DIR" && exec "$0" --stop-on-eof`, gateway)
	cmd := exec.Command(args[0], args[1:]...)
	var logs kafkatest.Output
	cmd.Stdout, cmd.Stderr = &logs, &logs
	// No broker is needed: the orders stay in the outbox.
	cmd.Env = append(os.Environ(), "STATE_DIR="+dir, "HTTP_PORT="+strconv.Itoa(port), "BOOTSTRAP_SERVERS=localhost:1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
		if t.Failed() {
			t.Logf("the gateway:\n%s", logs.String())
		}
	})
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	client := &http.Client{Timeout: 15 * time.Second}
	post := func(n int) int {
		resp, err := client.Post(url+"/orders", "application/json",
			strings.NewReader(fmt.Sprintf(`{"uuid":"disk-%d","email":"ana@example.com","amount":1}`, n)))
		if err != nil {
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	kafkatest.Eventually(t, "the gateway takes an order", func() bool { return post(0) == 201 })

	fill := fmt.Sprintf("/proc/%d/root%s", cmd.Process.Pid, filepath.Join(dir, "fill"))
	file, err := os.Create(fill)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := make([]byte, 1024); err == nil; {
		_, err = file.Write(chunk)
	}
	file.Close()
	accepted, refused := 1, 0
	for n := 1; n < 5000 && refused == 0; n++ {
		switch code := post(n); code {
		case 201:
			accepted++
		case 503:
			refused = n
		default:
			t.Fatalf("order %d: %d", n, code)
		}
	}
	if refused == 0 {
		t.Fatalf("%d orders were accepted: the disk was never full", accepted)
	}
	kafkatest.Eventually(t, "the log has the remedy", func() bool { return strings.Contains(logs.String(), "make room") })
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	if code := post(refused); code != 201 {
		t.Errorf("with room again: %d, want 201", code)
	}
	for n := range refused + 1 {
		resp, err := client.Get(fmt.Sprintf("%s/orders/disk-%d", url, n))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Errorf("order %d: %d, want 200", n, resp.StatusCode)
		}
	}
	t.Logf("%d orders accepted, the next refused, and accepted with room again", accepted)
}
