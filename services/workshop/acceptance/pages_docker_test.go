//go:build docker

package acceptance

import (
	"slices"
	"testing"
)

// The pages whose commands have no other form than that with Docker, by number: they are run always. The first has a
// stack of its own.
const singleBrokerPage = "23"

var shopPages = []string{"27", "28", "29", "30", "31"}

// pagesInDocker are the commands of the pages with Docker, against the stack that runs, in one of the two languages. Pages whose
// commands other lanes run without Docker take turns here.
func pagesInDocker(t *testing.T) {
	lang := rotated(t, "language of pages in containers", 1, []string{portuguese, english})[0]
	if lang == english {
		up(t, []string{"WORKSHOP_LANG=en"}, slices.Concat([]string{"up", "-d", "--wait"}, programs)...)
		defer up(t, nil, slices.Concat([]string{"up", "-d", "--wait"}, programs)...)
	}
	var others []string
	for _, p := range pages(t, lang) {
		if p.number() != singleBrokerPage && !slices.Contains(shopPages, p.number()) && slices.ContainsFunc(p.steps, inDocker) {
			others = append(others, p.number())
		}
	}
	for _, number := range slices.Concat(rotated(t, "pages in containers", 2, others), shopPages) {
		pageInDocker(t, lang, number)
	}
}

func pageInDocker(t *testing.T, lang, number string) {
	t.Helper()
	all := pages(t, lang)
	i := slices.IndexFunc(all, func(p page) bool { return p.number() == number })
	if i < 0 || !slices.ContainsFunc(all[i].steps, inDocker) {
		t.Fatalf("no page %s with a command for Docker", number)
	}
	t.Run(all[i].name(), func(t *testing.T) { all[i].run(t, "../../..", inDocker) }) // in the root, where Docker's files are, and bin/
}

// inDocker leaves out what needs the stack without ZooKeeper: TestContainersWithoutZooKeeper runs that.
func inDocker(s step) bool { return s.has("docker") && !s.has("brokers") && !s.has("kraft") }
