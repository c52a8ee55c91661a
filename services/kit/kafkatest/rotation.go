package kafkatest

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// Campaign says that everything is run, with all of its repetitions: make campaign.
var Campaign = os.Getenv("CAMPAIGN") != ""

// Rotated is the part of the expensive cases that this run takes: n of them, chosen by CI_SEED, which
// .ci/run derives from the commit, so that every case has its turn. A campaign takes all. The choice is
// printed, and the same CI_SEED repeats it.
func Rotated[T any](t testing.TB, what string, n int, cases []T) []T {
	t.Helper()
	if Campaign || n >= len(cases) {
		return cases
	}
	seed := os.Getenv("CI_SEED")
	h := fnv.New64a()
	h.Write([]byte(seed + what))
	chosen := rand.New(rand.NewPCG(h.Sum64(), 0)).Perm(len(cases))[:n]
	slices.Sort(chosen)
	var mine []T
	for _, i := range chosen {
		mine = append(mine, cases[i])
	}
	t.Logf("CI_SEED=%s: %s: %v, %d of %d", seed, what, mine, n, len(cases))
	return mine
}

// Times is how often a case is repeated: once in CI, n times in a campaign.
func Times(n int) int {
	if Campaign {
		return n
	}
	return 1
}
