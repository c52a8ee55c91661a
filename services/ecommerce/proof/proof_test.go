package proof

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// bin has the programs, compiled for this test.
var bin string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ecommerce-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = dir
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "workshop.example/ecommerce/...")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the programs: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// open opens a shop on an embedded cluster of its own.
func open(t *testing.T, p Plot) (*Shop, *kafkatest.Cluster) {
	t.Helper()
	c := kafkatest.Start(t)
	p.Bin, p.Dir, p.Brokers, p.Port = bin, t.TempDir(), c.ListenAddrs(), kafkatest.FreePort(t)
	shop, err := Open(t.Context(), p)
	t.Cleanup(func() {
		shop.Close()
		if t.Failed() {
			for _, p := range shop.Programs() {
				t.Logf("%s, %d lives:\n%s", p.Name, p.Lives, p.Output())
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

// strike posts orders, calls each blow when so many clients have had their answer, so that some are always
// under way then, and judges.
func strike(t *testing.T, shop *Shop, uuids, times int, blows []func()) Judgement {
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
		kafkatest.Eventually(t, fmt.Sprintf("%d answers", moment), func() bool { return clients.Answered() >= moment })
		blows[i]()
	}
	if err := <-posted; err != nil {
		t.Fatal(err)
	}
	j, err := shop.Settle(t.Context(), accounts, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	for _, a := range accounts {
		tries += a.Tries
	}
	t.Logf("%d uuids, %d requests, %d blows, programs started again %d times\n%s", uuids, tries, len(blows), shop.StartedAgain(), j)
	return j
}

// kills are that many times kill -9, of each program in turn, with leaders that move.
func kills(t *testing.T, shop *Shop, c *kafkatest.Cluster, n int) []func() {
	blows := make([]func(), n)
	for i := range blows {
		victim := shop.Programs()[i%len(shop.Programs())]
		blows[i] = func() {
			t.Helper()
			if err := shop.Kill(victim); err != nil {
				t.Fatal(err)
			}
			c.ShufflePartitionLeaders()
			kafkatest.Eventually(t, victim.Name+" is back", victim.Running)
		}
	}
	return blows
}

func TestOrdersAreNeitherLostNorCountedTwice(t *testing.T) {
	shop, c := open(t, Plot{Intake: "outbox", Mails: true})
	if j := strike(t, shop, 300, 20, kills(t, shop, c, 10)); !j.Clean() {
		t.Errorf("wrong: %v", j.Wrong)
	}
}

// Every service killed and, as Docker stops it, terminated under load: nothing is lost, each customer is
// one user, and has one report.
func TestEveryServiceKilledAndTerminated(t *testing.T) {
	const customers = 200
	shop, c := open(t, Plot{Intake: "outbox", All: true})
	blows := kills(t, shop, c, len(shop.Programs()))
	for _, program := range shop.Programs() {
		blows = append(blows, func() {
			if err := shop.Terminate(program); err != nil {
				t.Errorf("SIGTERM: %v", err)
			}
			kafkatest.Eventually(t, program.Name+" is back", program.Running)
		})
	}
	if j := strike(t, shop, customers, 60, blows); !j.Clean() {
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

func TestControls(t *testing.T) {
	for _, c := range []struct {
		intake string
		caught func(Judgement) bool
	}{
		{"no-outbox", func(j Judgement) bool { return len(j.Accepted.Lost) > 0 && len(j.Decided.Lost) > 0 }},
		{"send-first", func(j Judgement) bool { return len(j.Accepted.Duplicated) > 0 }},
		{"check-first", func(j Judgement) bool { return len(j.Accepted.Duplicated) > 0 }},
	} {
		t.Run(c.intake, func(t *testing.T) {
			shop, cluster := open(t, Plot{Intake: c.intake})
			if j := strike(t, shop, 200, 10, kills(t, shop, cluster, 6)); !c.caught(j) {
				t.Error("the judge has not caught it")
			}
		})
	}
}
