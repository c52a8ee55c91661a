//go:build brokers

package acceptance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"workshop.example/ecommerce/proof"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// shopPrefix keeps a test's topics and groups apart from those of the others.
func shopPrefix() string { return fmt.Sprintf("shop-%d.", time.Now().UnixNano()) }

func TestShopOnBrokers(t *testing.T) {
	tellShopStory(t, proof.Plot{Brokers: stack.Brokers, Prefix: shopPrefix()})
}

// A thousand orders, each posted fifty times by clients who want to be sure, while the gateway with
// its relay, the fraud detector, a leader or any program is killed (-9) at ten random moments: each is accepted once, decided once, and e-mailed as one e-mail.
func TestOrdersSurviveKills(t *testing.T) {
	const uuids, times, kills = 1000, 50, 10
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	prefix := shopPrefix()
	shop := openShop(t, proof.Plot{Brokers: stack.Brokers, Prefix: prefix, Mails: true})
	orders := prefix + event.NewOrderTopic

	clients := &proof.Clients{URL: shop.Gateway.URL, Parallel: 100}
	posted := make(chan error, 1)
	var accounts []proof.Account
	began := time.Now()
	go func() {
		var err error
		accounts, err = clients.Post(t.Context(), proof.Plan(uuids, seed), times)
		posted <- err
	}()
	moments := make([]int, kills)
	for i := range moments {
		moments[i] = rng.IntN(uuids * times * 95 / 100)
	}
	slices.Sort(moments)
	struck := map[string]int{}
	for i, moment := range moments {
		kafkatest.Eventually(t, fmt.Sprintf("%d answers", moment), func() bool { return clients.Answered() >= moment })
		victim := []*proof.Program{shop.Gateway, shop.Fraud, nil, shop.Programs()[rng.IntN(len(shop.Programs()))]}[i%4]
		if victim == nil {
			dead := leader(t, orders, int32(rng.IntN(3)))
			native(t, "kill", strconv.Itoa(int(dead)))
			native(t, "start", strconv.Itoa(int(dead)))
			awaitInSync(t, orders) // one at a time: with two brokers dead nothing is acknowledged
			struck["a leader"]++
			continue
		}
		if err := shop.Kill(victim); err != nil {
			t.Fatal(err)
		}
		struck[victim.Name]++
		kafkatest.Eventually(t, victim.Name+" is back", victim.Running)
	}
	if err := <-posted; err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	j, err := shop.Settle(t.Context(), accounts, 40*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	for _, a := range accounts {
		tries += a.Tries
	}
	t.Logf("%d requests in %s, killed %v, programs started again %d times\n%s", tries, took.Round(time.Second), struck, shop.StartedAgain(), j)
	if !j.Clean() {
		t.Errorf("not every order was accepted, decided and e-mailed once: %v", j.Wrong)
	}
}

// Half a minute without any broker: orders are taken all the same, and delivered afterwards.
func TestOrdersWithoutBrokers(t *testing.T) {
	prefix := shopPrefix()
	shop := openShop(t, proof.Plot{Brokers: stack.Brokers, Prefix: prefix})
	before := proof.AtRate(t.Context(), shop.Gateway.URL(), proof.ByPost, 50, time.Second)
	if err := shop.AwaitDecisions(t.Context(), len(before.Latencies), kafkatest.Deadline); err != nil {
		t.Fatal(err)
	}
	all := func(command string) {
		for _, id := range []string{"1", "2", "3"} {
			native(t, command, id)
		}
	}
	t.Cleanup(func() {
		native(t, "up") // those that an error has left dead
		awaitInSync(t, prefix+event.NewOrderTopic)
	})
	all("kill")
	during := proof.AtRate(t.Context(), shop.Gateway.URL(), proof.ByPost, 50, 30*time.Second)
	if n := len(during.Latencies); n != 1500 || during.Failed+during.Refused > 0 {
		t.Errorf("without a broker %d of 1500 orders were accepted, %d refused, %d failed", n, during.Refused, during.Failed)
	}
	all("start")
	began := time.Now()
	if err := shop.AwaitDecisions(t.Context(), len(before.Latencies)+len(during.Latencies), 2*kafkatest.Deadline); err != nil {
		t.Fatal(err)
	}
	t.Logf("median answer without brokers %s, with them %s; all %d decided %s after the brokers' start", during.Quantile(0.5), before.Quantile(0.5),
		len(before.Latencies)+len(during.Latencies), time.Since(began).Round(100*time.Millisecond))
	e, err := shop.Look(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(e.Approved) + len(e.Rejected); n != len(before.Latencies)+len(during.Latencies) {
		t.Errorf("%d decisions for %d orders", n, len(before.Latencies)+len(during.Latencies))
	}
}
