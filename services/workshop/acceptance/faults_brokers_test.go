//go:build brokers

package acceptance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// faultsSetting is a duration of the environment, or one for CI, or one for a campaign.
func faultsSetting(t testing.TB, name string, inCI, inCampaign time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv(name)
	switch {
	case text != "":
	case campaign:
		return inCampaign
	default:
		return inCI
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		t.Fatalf("%s=%s: a duration, such as 5m", name, text)
	}
	return d
}

// faultsSeed is FAULTS_SEED, or made of CI_SEED, or random.
func faultsSeed(t testing.TB) uint64 {
	t.Helper()
	if text := os.Getenv("FAULTS_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("FAULTS_SEED=%s: a number", text)
		}
		return seed
	}
	return seedOf("faults")
}

// The whole system at once on brokers that die, stop, are paused, cut off and slowed, and so are the programs, at
// moments and in an order that a seed decides. Afterwards everything is put right, settles, and is judged.
//
//	FAULTS_FOR    how long: 5m, in a campaign 36m
//	FAULTS_EVERY  from half to one and a half of it lies between two faults, of brokers and of programs: 20s, in a campaign 6s
//	FAULTS_PACE   between two messages of each producer: 1ms, in a campaign 700us
//	FAULTS_SEED   repeats the choice of faults
func TestRandomFaults(t *testing.T) {
	seed := faultsSeed(t)
	t.Logf("FAULTS_SEED=%d", seed)
	length := faultsSetting(t, "FAULTS_FOR", 5*time.Minute, 36*time.Minute)
	every := faultsSetting(t, "FAULTS_EVERY", 20*time.Second, 6*time.Second)
	pace := faultsSetting(t, "FAULTS_PACE", time.Millisecond, 700*time.Microsecond)
	dir := keptFolder(t)
	farm := openFarm(t, dir)
	run := newFaultsRun(t, dir, farm, seed, pace)
	run.shop = openShopUnderFaults(t, dir, farm, seed, length)
	run.shop.awaitShop()
	began := time.Now()
	s := &schedule{t: t, began: began, until: began.Add(length), every: every}
	var striking sync.WaitGroup
	striking.Go(func() { s.run(rand.New(rand.NewPCG(seed, 1)), farm.kinds()) })
	striking.Go(func() { s.run(rand.New(rand.NewPCG(seed, 2)), run.kinds()) })
	striking.Wait()
	counts, all := s.confirmed()
	t.Logf("%d faults confirmed: %v", all, counts)
	if s.failed {
		run.tails()
		t.Fatalf("FAULTS_SEED=%d: a fault did not land, or was not put right\n%s", seed, s.timeline())
	}
	if want := int(length / (2 * every)); all < want {
		t.Errorf("%d faults in %s prove nothing, want %d or more", all, length, want)
	}
	orders, reports := run.settle()
	run.judge(s, orders, reports)
}

// createTopics makes them on the farm's brokers.
func (f *farm) createTopics(topics ...kafka.Topic) {
	f.t.Helper()
	admin, err := sarama.NewClusterAdmin(f.cluster.Brokers, f.cluster.AdminConfig("faults"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer admin.Close()
	kafkatest.Eventually(f.t, "three brokers are registered", func() bool {
		brokers, _, err := admin.DescribeCluster()
		return err == nil && len(brokers) == len(farmBrokers)
	})
	ctx, cancel := context.WithTimeout(context.Background(), kafkatest.Deadline)
	defer cancel()
	if _, err := kafka.ApplyTopics(ctx, admin, topics, nil); err != nil {
		f.t.Fatal(fmt.Errorf("topics: %w", err))
	}
}
