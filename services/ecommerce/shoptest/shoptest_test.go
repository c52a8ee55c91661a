package shoptest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
)

// open opens a shop on an embedded cluster of its own.
func open(t testing.TB, p Options) (*Shop, *kafkatest.Cluster) {
	t.Helper()
	bin := kafkatest.Binaries(t)
	c := kafkatest.Start(t)
	p.Bin, p.Dir, p.Brokers, p.Port = bin, t.TempDir(), c.ListenAddrs(), kafkatest.FreePort(t)
	shop, err := Open(t.Context(), p)
	t.Cleanup(func() {
		shop.Close()
		if t.Failed() {
			for _, p := range shop.Programs() {
				t.Logf("%s, %d lives:\n%s", p.Name, len(p.Lives()), p.Output())
			}
		}
	})
	if err == nil {
		err = shop.AwaitGateway(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return shop, c
}

// blow is something that is done to a program.
type blow struct {
	kind   string
	strike func()
}

// strike posts orders, strikes each blow when so many clients have had their answer, so that some are always
// under way then, and judges what is there when nothing has changed for that long.
func strike(t *testing.T, shop *Shop, uuids, times int, patience time.Duration, blows []blow) (Judgement, reliability.Measurement) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	clients := &Clients{URL: shop.Gateway.URL, Parallel: 64}
	posted := make(chan error, 1)
	var accounts []Account
	go func() {
		var err error
		accounts, err = clients.Post(t.Context(), Plan(uuids, seed), times)
		posted <- err
	}()
	moments := make([]int, len(blows))
	for i := range moments {
		moments[i] = rng.IntN(uuids*times - 200)
	}
	slices.Sort(moments)
	for i, moment := range moments {
		awaitAnswers(t, clients, moment)
		blows[i].strike()
	}
	if err := <-posted; err != nil {
		t.Fatal(err)
	}
	j, err := shop.Settle(t.Context(), accounts, patience)
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	for _, a := range accounts {
		tries += a.Tries
	}
	t.Logf("%d uuids, %d requests, %d blows, programs started again %d times\n%s", uuids, tries, len(blows), shop.StartedAgain(), j)
	m := reliability.Measurement{
		Seed: seed, Events: uuids, Faults: map[string]int{},
		Lost:       len(j.Accepted.Lost) + len(j.Decided.Lost) + len(j.Decided.Missing),
		Duplicated: len(j.Accepted.Duplicated) + len(j.Decided.Duplicated) + len(j.Decided.Repeated),
	}
	for _, b := range blows {
		m.Faults[b.kind]++
	}
	return j, m
}

// awaitAnswers waits for that many answers, however slow the machine is, as long as they come.
func awaitAnswers(t *testing.T, clients *Clients, want int) {
	t.Helper()
	for have := clients.Answered(); have < want; have = clients.Answered() {
		kafkatest.Eventually(t, fmt.Sprintf("more than %d answers", have), func() bool { return clients.Answered() > have })
	}
}

// clients is how many clients send each order: a campaign has all of them, and CI a third.
func clients(all int) int {
	if kafkatest.Campaign {
		return all
	}
	return (all + 2) / 3
}

// kills are that many times kill -9, of each program in turn, with leaders that move.
func kills(t *testing.T, shop *Shop, c *kafkatest.Cluster, n int) []blow {
	blows := make([]blow, n)
	for i := range blows {
		victim := shop.Programs()[i%len(shop.Programs())]
		blows[i] = blow{"kill -9 of a service", func() {
			t.Helper()
			if err := shop.Kill(victim); err != nil {
				t.Fatal(err)
			}
			c.ShufflePartitionLeaders()
			kafkatest.Eventually(t, victim.Name+" is back", victim.Running)
		}}
	}
	return blows
}

func TestOrdersAreNeitherLostNorCountedTwice(t *testing.T) {
	t.Parallel()
	record := streamtest.NewRecord(t, "no order is lost or counted twice through kills")
	shop, c := open(t, Options{Intake: "outbox", Mails: true})
	j, m := strike(t, shop, 300, clients(20), 20*time.Second, kills(t, shop, c, 10))
	record.Measured(m)
	if !j.Clean() {
		t.Errorf("wrong: %v", j.Wrong)
	}
}

// Every service killed and, as Docker stops it, terminated under load: nothing is lost, each customer is
// one user, and has one report.
func TestEveryServiceKilledAndTerminated(t *testing.T) {
	t.Parallel()
	const customers = 200
	record := streamtest.NewRecord(t, "no order is lost or counted twice, whichever service is killed or terminated")
	shop, c := open(t, Options{Intake: "outbox", All: true})
	blows := kills(t, shop, c, len(shop.Programs()))
	for _, program := range shop.Programs() {
		blows = append(blows, blow{"SIGTERM of a service", func() {
			if err := shop.Terminate(program); err != nil {
				t.Errorf("SIGTERM: %v", err)
			}
			kafkatest.Eventually(t, program.Name+" is back", program.Running)
		}})
	}
	j, m := strike(t, shop, customers, clients(60), 20*time.Second, blows)
	record.Measured(m)
	if !j.Clean() {
		t.Errorf("wrong: %v", j.Wrong)
	}
	looks := 0
	kafkatest.Eventually(t, "a report for each customer", func() bool {
		if looks++; looks%100 == 1 { // users are stored by a service that nobody waits for: ask again now and then
			resp, err := http.Get(shop.Gateway.URL() + "/admin/generate-reports")
			if err != nil {
				return false
			}
			resp.Body.Close()
		}
		reports, err := filepath.Glob(filepath.Join(shop.Reports, "*-report.txt"))
		if err != nil || len(reports) > customers {
			t.Fatalf("%d reports for %d customers, %v", len(reports), customers, err)
		}
		return len(reports) == customers
	})
}

// Each intake that is broken on purpose is found to be so by the same judge, under the same kills.
func TestControls(t *testing.T) {
	t.Parallel()
	record := streamtest.NewRecord(t, "no order is lost or counted twice through kills: controls")
	for _, c := range []struct {
		intake string
		caught func(Judgement) bool
	}{
		{"no-outbox", func(j Judgement) bool { return len(j.Accepted.Lost) > 0 && len(j.Decided.Lost) > 0 }},
		{"send-first", func(j Judgement) bool { return len(j.Accepted.Duplicated) > 0 }},
		{"check-first", func(j Judgement) bool { return len(j.Accepted.Duplicated) > 0 }},
	} {
		t.Run(c.intake, func(t *testing.T) {
			t.Parallel()
			shop, cluster := open(t, Options{Intake: c.intake})
			j, _ := strike(t, shop, 200, clients(10), 5*time.Second, kills(t, shop, cluster, 6))
			record.Control(c.caught(j))
			if !c.caught(j) {
				t.Error("the judge has not caught it")
			}
		})
	}
}
