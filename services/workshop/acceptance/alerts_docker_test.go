//go:build docker

package acceptance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// firing are the alerts that fire now, as their labels.
func (p prometheus) firing(t testing.TB) (all []map[string]string) {
	t.Helper()
	var found struct {
		Alerts []struct {
			Labels map[string]string
			State  string
		}
	}
	p.get(t, "alerts", &found)
	for _, a := range found.Alerts {
		if a.State == "firing" {
			all = append(all, a.Labels)
		}
	}
	return all
}

// about is a label, and its value, of the alert that the fault of docs/alerts.md makes fire.
var about = map[string][2]string{
	"LagGrowing":                {"group_id", "cg-group-id"},
	"ConsumerWithoutProgress":   {"group_id", "cg-group-id"},
	"UnderReplicatedPartitions": {"severity", "warning"}, // of both brokers that are left
	"ScrapeFailing":             {"instance", "jmx-3:9404"},
	"IdsLost":                   {"service", "scoreboard"},
	"DeadLettersArriving":       {"service", "scoreboard"},
	"AcknowledgementsFailing":   {"service", "producer"},
}

// fire waits until each of some alerts has fired. Not all do at the same time: those about the last minute end with it.
func (p prometheus) fire(t testing.TB, names ...string) {
	t.Helper()
	began := time.Now()
	fired := map[string]bool{}
	p.within(t, 2*time.Minute, "each fires of "+strings.Join(names, ", "), func(firing []map[string]string) bool {
		for _, labels := range firing {
			name := labels["alertname"]
			if want := about[name]; !fired[name] && want != [2]string{} && labels[want[0]] == want[1] {
				fired[name] = true
				t.Logf("%s fires after %s more: %v", name, time.Since(began).Round(time.Second), labels)
			}
		}
		return !slices.ContainsFunc(names, func(name string) bool { return !fired[name] })
	})
}

func (p prometheus) quiet(t testing.TB) {
	t.Helper()
	began := time.Now()
	p.within(t, 3*time.Minute, "no alert fires", func(firing []map[string]string) bool { return len(firing) == 0 })
	t.Logf("no alert fires, after %s", time.Since(began).Round(time.Second))
}

func (p prometheus) within(t testing.TB, deadline time.Duration, what string, state func([]map[string]string) bool) {
	t.Helper()
	var last []map[string]string
	defer func() {
		if t.Failed() {
			t.Logf("firing: %v", last)
		}
	}()
	kafkatest.EventuallyWithin(t, deadline, what, func() bool {
		if last = p.firing(t); state(last) {
			return true
		}
		time.Sleep(500 * time.Millisecond)
		return false
	})
}

// eachAlertFires takes the faults of the page, waits until each alert fires, takes the remedies, and waits until all are quiet.
func (p prometheus) eachAlertFires(t *testing.T) {
	tries := triesOfPage(t)
	p.quiet(t)
	defer func() {
		if t.Failed() {
			p.mend(t, tries)
		}
		awaitHealth(t, "healthy", slices.Concat(cluster, programs)...)
	}()
	// The last keeps a lag from growing: nothing is acknowledged any more.
	most := len(tries) - 1
	for _, together := range [][]try{tries[:most], tries[most:]} {
		var names []string
		for _, try := range together {
			try.take(t, try.fault)
			names = append(names, try.alerts...)
		}
		p.fire(t, names...)
		p.mend(t, together)
	}
	p.quiet(t)
}

func (prometheus) mend(t *testing.T, tries []try) {
	t.Helper()
	for _, try := range tries {
		try.take(t, try.remedy)
	}
}

// try is a fault of docs/alerts.md, which makes alerts fire, and its remedy.
type try struct {
	alerts        []string
	fault, remedy []step
}

// triesOfPage reads the page: a section for each fault, with the alerts in its heading.
func triesOfPage(t *testing.T) (tries []try) {
	t.Helper()
	var tried []string
	for _, section := range strings.Split(read(t, "../../../docs/alerts.md"), "\n### ")[1:] {
		heading, text, _ := strings.Cut(section, "\n")
		page, err := parsePage(text)
		if err != nil {
			t.Fatalf("%s: %v", heading, err)
		}
		alerts := strings.Split(heading, ", ")
		tries = append(tries, try{alerts, page.steps[:1], page.steps[1:]})
		tried = append(tried, alerts...)
	}
	if slices.Sort(tried); !slices.Equal(tried, alertNames(t)) {
		t.Fatalf("docs/alerts.md tries %v; there are %v", tried, alertNames(t))
	}
	return tries
}

// take runs commands of the page in the repository's root.
func (try) take(t *testing.T, steps []step) {
	t.Helper()
	page{steps: steps}.run(t, "../../..", inDocker)
}
