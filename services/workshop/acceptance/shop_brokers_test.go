//go:build brokers

package acceptance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
)

// shopPrefix keeps a test's topics and groups apart from those of the others.
func shopPrefix() string { return fmt.Sprintf("shop-%d.", time.Now().UnixNano()) }

func TestShopOnBrokers(t *testing.T) {
	t.Parallel()
	tellShopStory(t, shoptest.Options{Brokers: stack.Brokers, Prefix: shopPrefix()})
}

// A thousand orders in a campaign, each posted fifty times by clients who want to be sure, while the gateway with
// its relay, the fraud detector, a leader or any program is killed (-9) at ten random moments: each is accepted
// once, decided once, and e-mailed as one e-mail. In CI it is less of each.
func TestOrdersSurviveKills(t *testing.T) {
	uuids, times, kills := sized(300, 1000), sized(20, 50), sized(4, 10)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	prefix := shopPrefix()
	awaitThreeBrokers(t)
	shop := openShop(t, shoptest.Options{Brokers: stack.Brokers, Prefix: prefix, Mails: true})

	clients := &shoptest.Clients{URL: shop.Gateway.URL, Parallel: sized(20, 100)}
	posted := make(chan error, 1)
	var accounts []shoptest.Account
	began := time.Now()
	go func() {
		var err error
		accounts, err = clients.Post(t.Context(), shoptest.Plan(uuids, seed), times)
		posted <- err
	}()
	moments := make([]int, kills)
	for i := range moments {
		moments[i] = rng.IntN(uuids * times * 95 / 100)
	}
	slices.Sort(moments)
	dead := &killedLeader{t: t, topic: prefix + event.NewOrderTopic}
	t.Cleanup(dead.back)
	struck := map[string]int{}
	for i, moment := range moments {
		awaitAnswers(t, clients, moment)
		victim := []*shoptest.Program{nil, shop.Gateway, shop.Fraud, shop.Programs()[rng.IntN(len(shop.Programs()))]}[i%4]
		if victim == nil {
			dead.kill(int32(rng.IntN(3)))
			struck["leader"]++
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
	dead.back()
	j, err := shop.Settle(t.Context(), accounts, shopPatience)
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
	recordOrders(t, began, seed, struck, j)
}

// recordOrders keeps the outcome of orders under kills, by what was killed.
func recordOrders(t testing.TB, began time.Time, seed uint64, struck map[string]int, j shoptest.Judgement) {
	t.Helper()
	faults := map[string]int{}
	for name, n := range struck {
		faults["kill -9 of the "+name] = n
	}
	recordOnBrokers(t, began, reliability.Measurement{
		Guarantee: "an order is accepted, decided and e-mailed once", Seed: seed, Events: j.Accepted.Produced, Faults: faults,
		Lost:       len(j.Accepted.Lost) + len(j.Decided.Lost) + len(j.Decided.Missing),
		Duplicated: len(j.Accepted.Duplicated) + len(j.Decided.Duplicated) + len(j.Decided.Repeated),
	})
}

// awaitAnswers waits for so many answers. It may take any time, but not a minute without one more.
func awaitAnswers(t testing.TB, clients *shoptest.Clients, want int) {
	t.Helper()
	for now := clients.Answered(); now < want; {
		before := now
		kafkatest.Eventually(t, fmt.Sprintf("more than %d answers of %d", before, want), func() bool {
			now = clients.Answered()
			return now > before
		})
	}
}

// killedLeader is a broker that led a partition, and is on its way back.
type killedLeader struct {
	t     testing.TB
	topic string
	id    int32
	start chan error // nil: none was killed
}

// kill waits until the last one is back: with two brokers dead nothing is acknowledged.
func (k *killedLeader) kill(partition int32) {
	k.t.Helper()
	k.back()
	k.id = leader(k.t, k.topic, partition)
	native(k.t, "kill", strconv.Itoa(int(k.id)))
	k.start = make(chan error, 1)
	go func() { k.start <- tryNative(k.t, "start", strconv.Itoa(int(k.id))) }()
}

// back returns when it is in sync again.
func (k *killedLeader) back() {
	k.t.Helper()
	if k.start == nil {
		return
	}
	err := <-k.start
	if k.start = nil; err != nil {
		k.t.Fatal(err)
	}
	awaitInSync(k.t, k.topic)
}

// Half a minute without any broker, in CI two sessions of a broker: orders are taken all the same, and delivered
// afterwards.
func TestOrdersWithoutBrokers(t *testing.T) {
	began, silence := time.Now(), sized(12, 30)
	prefix := shopPrefix()
	awaitThreeBrokers(t)
	shop := openShop(t, shoptest.Options{Brokers: stack.Brokers, Prefix: prefix})
	before := shoptest.AtRate(t.Context(), shop.Gateway.URL(), shoptest.Users(50).ByPost, 50, time.Second)
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
	during := shoptest.AtRate(t.Context(), shop.Gateway.URL(), shoptest.Users(50).ByPost, 50, time.Duration(silence)*time.Second)
	if n := len(during.Latencies); n != 50*silence || during.Failed+during.Refused > 0 {
		t.Errorf("without a broker %d of %d orders were accepted, %d refused, %d failed", n, 50*silence, during.Refused, during.Failed)
	}
	all("start")
	started := time.Now()
	if err := shop.AwaitDecisions(t.Context(), len(before.Latencies)+len(during.Latencies), 2*kafkatest.Deadline); err != nil {
		t.Fatal(err)
	}
	t.Logf("median answer without brokers %s, with them %s; all %d decided %s after the brokers' start", during.Quantile(0.5),
		before.Quantile(0.5),
		len(before.Latencies)+len(during.Latencies), time.Since(started).Round(100*time.Millisecond))
	e, err := shop.Look(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	accepted := len(before.Latencies) + len(during.Latencies)
	n := len(e.Approved) + len(e.Rejected)
	if n != accepted {
		t.Errorf("%d decisions for %d orders", n, accepted)
	}
	recordOnBrokers(t, began, reliability.Measurement{
		Guarantee: "an order that is accepted without a broker is decided once", Events: accepted,
		Faults: map[string]int{"kill -9 of all brokers": 1},
		Lost:   max(0, accepted-n), Duplicated: max(0, n-accepted), Silence: float64(silence),
	})
}
