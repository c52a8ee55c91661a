//go:build docker

package acceptance

import (
	"slices"
	"testing"
)

// The pages whose commands have no other form than that with Docker: they are run always. The first has a
// stack of its own.
const singleBrokerPage = "23-ec2"

var shopPages = []string{"27-loja", "28-correlation-id", "29-mensagens-mortas", "30-relatorios", "31-sqlite"}

// pagesInDocker are the commands of the pages with Docker, against the stack that runs. Pages whose
// commands other lanes run without Docker take turns here. In English they are the same commands.
func pagesInDocker(t *testing.T) {
	var others []string
	for _, p := range pages(t, portuguese) {
		if p.name() != singleBrokerPage && !slices.Contains(shopPages, p.name()) && slices.ContainsFunc(p.steps, inDocker) {
			others = append(others, p.name())
		}
	}
	for _, name := range slices.Concat(rotated(t, "pages in containers", 2, others), shopPages) {
		t.Run(name, func(t *testing.T) { pageInDocker(t, name) })
	}
}

func pageInDocker(t *testing.T, name string) {
	t.Helper()
	all := pages(t, portuguese)
	i := slices.IndexFunc(all, func(p page) bool { return p.name() == name })
	if i < 0 || !slices.ContainsFunc(all[i].steps, inDocker) {
		t.Fatalf("no page %s with a command for Docker", name)
	}
	all[i].run(t, "../../..", inDocker) // the root, where Docker's files are, and bin/
}

// inDocker leaves out what needs the stack without ZooKeeper: TestContainersWithoutZooKeeper runs that.
func inDocker(s step) bool { return s.has("docker") && !s.has("brokers") && !s.has("kraft") }
