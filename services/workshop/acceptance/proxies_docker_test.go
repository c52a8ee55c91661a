//go:build docker

package acceptance

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Docker gives containers the proxies of the client's configuration (~/.docker/config.json), which know no localhost of a
// container. Here Kafka UI's health check asks a server of this machine, beside a proxy that does not exist.
func TestHealthCheckWithoutProxy(t *testing.T) {
	var config struct {
		Services map[string]struct{ HealthCheck struct{ Test []string } }
	}
	if err := json.Unmarshal([]byte(compose(t, "config", "--format", "json")), &config); err != nil {
		t.Fatal(err)
	}
	test := config.Services["kafka-ui"].HealthCheck.Test
	begin := slices.Index(test, "wget")
	if begin < 0 || test[0] != "CMD" {
		t.Fatalf("the health check is %q", test)
	}
	ui := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer ui.Close()
	run := func(args []string) error {
		args = slices.Clone(args)
		for i := range args {
			args[i] = strings.Replace(args[i], "http://localhost:8080", ui.URL, 1)
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "http_proxy=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1", "no_proxy=", "NO_PROXY=")
		return cmd.Run()
	}
	if err := run(test[1:]); err != nil {
		t.Errorf("%q: %v", test, err)
	}
	if run(append([]string{test[begin], "--tries=1"}, test[begin+1:]...)) == nil {
		t.Error("the same check with the proxy succeeds: this test shows nothing")
	}
}
