package verdict

import (
	"cmp"
	"flag"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

var seedFlag = flag.Uint64("verdict.seed", 0, "make the random runs of a failed test again; 0: new ones")

// seeds prints the seed, and returns what makes the n-th generator of the test.
func seeds(t *testing.T) func(n int) *rand.Rand {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to repeat: -verdict.seed=%d", seed)
	return func(n int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(n))) }
}

// sorted makes verdicts comparable whose lists are in different orders. The orders are for TestCheck.
func sorted(v Verdict) Verdict {
	for _, list := range []*[]Message{
		&v.Lost, &v.Duplicated, &v.OutOfOrder, &v.Spurious, &v.Missing, &v.Repeated, &v.Nonmonotonic,
		&v.AbortedRead, &v.UnknownAbsent, &v.UnknownPresent,
	} {
		*list = sortedList(*list, func(a, b Message) int {
			return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Number, b.Number))
		})
	}
	v.Torn = sortedList(v.Torn, cmp.Compare[string])
	return v
}

func sortedList[T any](list []T, compare func(a, b T) int) []T {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.SortFunc(list, compare)
	return list
}

func compare(t *testing.T, name string, run Run, want Verdict) {
	t.Helper()
	if got, want := sorted(Check(run)), sorted(want); !reflect.DeepEqual(got, want) {
		t.Fatalf("%s, of %s got %+v\nwant %+v", name, describe(run), got, want)
	}
}

func TestCleanRuns(t *testing.T) {
	rng := seeds(t)
	for n := range 2000 {
		h := newExperiment(rng(n), n%2 == 0)
		compare(t, "clean", h.run, h.want)
		if !Check(h.run).Clean() {
			t.Fatal("a clean run is called unclean")
		}
	}
}

// TestDamage does one harm at a time, and wants the clean verdict and just that harm.
func TestDamage(t *testing.T) {
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			rng := seeds(t)
			const times, tries = 100, 20_000
			done := 0
			for n := 0; n < tries && done < times; n++ {
				h := newExperiment(rng(n), false)
				if !d.do(h, "match-0") {
					continue
				}
				done++
				compare(t, d.name, h.run, h.want)
				if Check(h.run).Clean() {
					t.Fatal("a damaged run is called clean")
				}
			}
			if done < times {
				t.Errorf("done %d times in %d runs, want %d", done, tries, times)
			}
		})
	}
}

// TestTwoDamages does two harms to two streams of one run: neither hides the other.
func TestTwoDamages(t *testing.T) {
	rng := seeds(t)
	const times, tries = 3, 5000
	n := 0
	for _, first := range damages {
		for _, second := range damages {
			if first.alone || second.alone {
				continue
			}
			name := first.name + "; " + second.name
			done := 0
			for try := 0; try < tries && done < times; try++ {
				n++
				h := newExperiment(rng(n), false)
				if first.do(h, "match-0") && second.do(h, "match-1") {
					done++
					compare(t, name, h.run, h.want)
				}
			}
			if done < times {
				t.Errorf("%s: done %d times in %d runs, want %d", name, done, tries, times)
			}
		}
	}
}

// TestUnobserved takes from clean runs what one observer saw. The others' verdict stays, as far as it
// can be given, and no fault appears.
func TestUnobserved(t *testing.T) {
	rng := seeds(t)
	for n := range 1000 {
		h := newExperiment(rng(n), true) // without a log every stream is taken to be in one partition

		run, want := h.run, h.want
		run.Writes = nil
		want.UnknownAbsent, want.UnknownPresent = nil, nil
		compare(t, "without writes", run, want)
		run.Log = nil
		compare(t, "without writes and log", run, want)

		run, want = h.run, h.want
		run.Log = nil // all that came to the log was taken in, so nothing changes
		compare(t, "without log", run, want)

		run, want = h.run, h.want
		run.Reads = nil
		want.Processed = 0
		compare(t, "without reads", run, want)

		run.Log, run.DeadLetters = nil, nil
		want.Produced -= len(want.UnknownPresent)
		want.UnknownAbsent, want.UnknownPresent = nil, nil
		compare(t, "only writes", run, want)

		run, want = h.run, h.want
		run.DeadLetters = nil
		want.Missing = h.run.DeadLetters
		compare(t, "without dead letters", run, want)

		run, want = h.run, h.want
		run.Commits = nil
		compare(t, "without commits", run, want)
	}
}
