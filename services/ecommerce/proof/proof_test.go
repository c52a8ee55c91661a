package proof

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"workshop.example/kit/event"
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

// trial posts orders, kills at random moments meanwhile, and judges.
func trial(t *testing.T, intake string, mails bool, uuids, times, kills int) Judgement {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var topics []string
	for _, topic := range event.EcommerceTopics {
		topics = append(topics, topic+":3")
	}
	c := kafkatest.Start(t, topics...)
	shop, err := Open(Plot{Bin: bin, Dir: t.TempDir(), Brokers: c.ListenAddrs(), Intake: intake, Mails: mails, Port: kafkatest.FreePort(t)})
	t.Cleanup(func() {
		shop.Close()
		if t.Failed() {
			for _, p := range shop.Programs() {
				t.Logf("%s, %d lives:\n%s", p.Name, p.Lives, p.Output())
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := shop.AwaitGateway(ctx); err != nil {
		t.Fatal(err)
	}
	clients := &Clients{URL: shop.Gateway.URL, Parallel: 64}
	posted := make(chan error, 1)
	var accounts []Account
	go func() {
		var err error
		accounts, err = clients.Post(ctx, Plan(uuids, seed), times)
		posted <- err
	}()
	// Each blow when so many clients have had their answer: some are always under way then.
	moments := make([]int, kills)
	for i := range moments {
		moments[i] = rng.IntN(uuids*times - 200)
	}
	slices.Sort(moments)
	for i, moment := range moments {
		kafkatest.Eventually(t, fmt.Sprintf("%d answers", moment), func() bool { return clients.Answered() >= moment })
		victim := shop.Programs()[i%len(shop.Programs())]
		if err := shop.Kill(victim); err != nil {
			t.Fatal(err)
		}
		c.ShufflePartitionLeaders()
		kafkatest.Eventually(t, victim.Name+" is back", victim.Running)
	}
	err = <-posted
	if err != nil {
		t.Fatal(err)
	}
	j, err := shop.Settle(ctx, accounts, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	for _, a := range accounts {
		tries += a.Tries
	}
	t.Logf("%d uuids, %d requests, %d kills, %d lives\n%s", uuids, tries, kills, shop.StartedAgain()+len(shop.Programs()), j)
	return j
}

func TestOrdersAreNeitherLostNorCountedTwice(t *testing.T) {
	if j := trial(t, "outbox", true, 300, 20, 10); !j.Clean() {
		t.Errorf("wrong: %v", j.Wrong)
	}
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
			if j := trial(t, c.intake, false, 200, 10, 6); !c.caught(j) {
				t.Error("the judge has not caught it")
			}
		})
	}
}
