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

// faultsSetting is a duration of the environment.
func faultsSetting(t testing.TB, name string, otherwise time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
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
//	FAULTS_FOR    how long (5m)
//	FAULTS_EVERY  from half to one and a half of it lies between two faults (20s)
//	FAULTS_PACE   between two messages of a producer (1ms)
//	FAULTS_SEED   repeats the choice of faults
func TestRandomFaults(t *testing.T) {
	seed := faultsSeed(t)
	t.Logf("FAULTS_SEED=%d", seed)
	length := faultsSetting(t, "FAULTS_FOR", 5*time.Minute)
	farm := openFarm(t)
	run := newFaultsRun(t, farm, seed, faultsSetting(t, "FAULTS_PACE", time.Millisecond))
	run.shop = openShopUnderFaults(t, farm, seed, length)
	run.shop.awaitShop()
	began := time.Now()
	s := &schedule{t: t, began: began, until: began.Add(length), every: faultsSetting(t, "FAULTS_EVERY", 20*time.Second)}
	var striking sync.WaitGroup
	striking.Go(func() { s.run(rand.New(rand.NewPCG(seed, 1)), farm.blows()) })
	striking.Go(func() { s.run(rand.New(rand.NewPCG(seed, 2)), run.blows()) })
	striking.Wait()
	counts, all := s.confirmed()
	t.Logf("%d faults confirmed: %v", all, counts)
	if s.failed {
		t.Fatalf("FAULTS_SEED=%d: a fault did not land, or was not put right\n%s", seed, s.timeline())
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
