//go:build brokers

package acceptance

import (
	"regexp"
	"testing"

	"workshop.example/kit/kafkatest"
)

var springLine = regexp.MustCompile(`^partição (\d): transação (\d+) de \d+$`)

// Two applications of Spring Kafka share two partitions, and what a third sends is shown once. When one is killed, the other has both.
func TestSpringApplicationsShare(t *testing.T) {
	t.Parallel()
	name := topic(t, "spring", 2)
	spring := client{"spring-kafka", javaCommand}
	vars := []string{"TOPIC=" + name, "CONSUMER_GROUP=" + name, "PACE=0"}
	one, two := launch(t, spring.command(t, "consumer"), vars...), launch(t, spring.command(t, "consumer"), vars...)
	kafkatest.EventuallyWithin(t, patience, "two members share", func() bool { members, _ := membersOf(t, name); return members == 2 })
	shown := func(p *program) (seen map[string]int, partitions map[string]bool) {
		seen, partitions = map[string]int{}, map[string]bool{}
		for _, line := range p.Lines() {
			if m := springLine.FindStringSubmatch(line); m != nil {
				seen[m[2]]++
				partitions[m[1]] = true
			}
		}
		return seen, partitions
	}
	send := func() {
		t.Helper()
		if code := launch(t, spring.command(t, "producer"), append(vars, "COUNT=40")...).exit(patience); code != 0 {
			t.Fatalf("exit code %d", code)
		}
	}
	send()
	kafkatest.Eventually(t, "all are shown, by both", func() bool {
		first, _ := shown(one)
		second, _ := shown(two)
		return len(first)+len(second) == 40 && len(first) > 0 && len(second) > 0
	})
	for _, p := range []*program{one, two} {
		if _, partitions := shown(p); len(partitions) != 1 {
			t.Errorf("an application has shown messages of the partitions %v, want one", partitions)
		}
	}
	kafkatest.Eventually(t, "all are committed", func() bool { return committed(t, name, name, 0)+committed(t, name, name, 1) == 40 })
	one.crash()
	before, _ := shown(two)
	send()
	kafkatest.Eventually(t, "the other has both partitions", func() bool {
		seen, partitions := shown(two)
		total := 0
		for _, times := range seen {
			total += times
		}
		return total == len(before)+40 && len(partitions) == 2
	})
	wrong := launch(t, spring.command(t, "producer"), "COUNT=many", "TOPIC="+name)
	if code := wrong.exit(patience); code != 2 || !contains(wrong.Logs(), "COUNT, PACE: accepted: ") {
		t.Errorf("exit code %d, says %s", code, tail(wrong.Logs()))
	}
}
