package window_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"workshop.example/kit/event"

	"workshop.example/monitor/window"
	"workshop.example/monitor/window/windowtest"
)

var allRules = mustParse("count:3/1m,count:9/5m,value:5000/1m,value:9000/5m,silence:40s,silence:5m")

func mustParse(list string) []window.Rule {
	rules, err := window.ParseRules(list)
	if err != nil {
		panic(err)
	}
	return rules
}

// stream is records whose time goes on in fits and starts: some come late, some far too late, and some after a long pause.
func stream(rng *rand.Rand, n int) []windowtest.Record {
	platforms := []string{event.Mobile, event.Laptop, event.Tablet}
	now := int64(1_783_938_400_000) + rng.Int64N(100_000)
	var records []windowtest.Record
	for i := range n {
		switch rng.IntN(200) {
		case 0:
			now += rng.Int64N(400_000)
		case 1:
			now += rng.Int64N(40_000)
		default:
			now += rng.Int64N(2_000)
		}
		milli := now
		switch rng.IntN(20) {
		case 0:
			milli -= rng.Int64N(330_000)
		case 1:
			milli -= rng.Int64N(20_000)
		case 2:
			if rng.IntN(20) == 0 {
				milli = -1
			}
		}
		records = append(records, windowtest.Record{
			Offset: int64(2 * i), Milli: milli, User: fmt.Sprint("user-", rng.IntN(8)), Cents: rng.Uint64N(2_000),
			Platform: platforms[max(0, rng.IntN(50)-47)],
		})
	}
	return records
}

func view(r windowtest.Record) *event.TransactionView {
	return &event.TransactionView{
		User: []byte(r.User), Platform: r.Platform, Kind: event.PIX, Currency: []byte(event.BRL), Cents: r.Cents,
	}
}

func hitsOf(p *window.Partition, records []windowtest.Record) (hits []window.Hit) {
	for _, r := range records {
		hits = p.Add(r.Offset, r.Milli, view(r), hits)
	}
	return hits
}

func texts(hits []window.Hit) (list []string) {
	for _, h := range hits {
		list = append(list, fmt.Sprintf("%s %s%s %d %d at %d, %d", h.Rule, h.User, h.Platform, h.Count, h.Cents, h.Offset, h.Milli))
	}
	slices.Sort(list) // of one record the order of the rules' hits is no matter
	return list
}

// The windows find what one finds who looks at all records for each.
func TestHitsAreThoseOfTheDefinition(t *testing.T) {
	kinds := map[string]int{}
	for range 12 {
		seed := rand.Uint64()
		records := stream(rand.New(rand.NewPCG(seed, 0)), 600)
		want := windowtest.Hits(records, allRules)
		got := hitsOf(window.NewPartition(0, event.BRL, allRules), records)
		if got, want := texts(got), texts(want); !slices.Equal(got, want) {
			t.Fatalf("seed %d:\n got %q\nwant %q", seed, got, want)
		}
		for _, h := range want {
			kinds[h.Rule.String()]++
		}
	}
	for _, r := range allRules {
		if kinds[r.String()] == 0 {
			t.Errorf("rule %s was never broken: the test has shown nothing of it", r)
		}
	}
}

// A reader that begins at the first record that is young enough goes on like one that has read everything: the same hits, and the
// same windows. One that begins 150 s later does not, which is the control.
func TestRebuiltWindowsGoOnAlike(t *testing.T) {
	differ := 0
	for range 12 {
		seed := rand.Uint64()
		rng := rand.New(rand.NewPCG(seed, 0))
		records := stream(rng, 600)
		died := 100 + rng.IntN(400)
		whole := window.NewPartition(0, event.BRL, allRules)
		hitsOf(whole, records[:died])
		now, _ := whole.Now()
		rebuilt, short := window.NewPartition(0, event.BRL, allRules), window.NewPartition(0, event.BRL, allRules)
		hitsOf(rebuilt, records[youngEnough(records, now-window.FiveMinutes):died])
		hitsOf(short, records[youngEnough(records[:died], now-window.FiveMinutes/2):died])
		want := texts(hitsOf(whole, records[died:]))
		if got := texts(hitsOf(rebuilt, records[died:])); !slices.Equal(got, want) {
			t.Fatalf("seed %d:\n got %q\nwant %q", seed, got, want)
		}
		if !slices.Equal(texts(hitsOf(short, records[died:])), want) {
			differ++
		}
		if got, want := fmt.Sprint(rebuilt.Snapshot(0).Windows), fmt.Sprint(whole.Snapshot(0).Windows); got != want {
			t.Fatalf("seed %d:\n got %s\nwant %s", seed, got, want)
		}
	}
	if differ == 0 {
		t.Error("where half of the rebuilt window is missing, nothing changes: the test shows nothing")
	}
}

// youngEnough is what ListOffsets gives for a time: the first record that is not before it.
func youngEnough(records []windowtest.Record, second int64) int {
	return slices.IndexFunc(records, func(r windowtest.Record) bool { return r.Milli >= second*1000 })
}

func TestSnapshot(t *testing.T) {
	p := window.NewPartition(3, event.BRL, nil)
	add := func(second int64, user, kind, platform, currency string, cents uint64) {
		v := &event.TransactionView{User: []byte(user), Kind: kind, Platform: platform, Cents: cents, Currency: []byte(currency)}
		if currency == "" {
			v.Currency, v.Original = nil, kind == ""
		}
		p.Add(p.Snapshot(0).Next, second*1000, v, nil)
	}
	const now = 1_783_938_614 // the last second of a step
	add(now-299, "old", event.PIX, event.Mobile, "BRL", 1)
	add(now-60, "a", event.PIX, event.Mobile, "BRL", 10)
	add(now-59, "a", event.Boleto, event.Laptop, "USD", 100)
	add(now-1, "b", event.PIX, event.Mobile, "BRL", 1000)
	add(now, "c", "", event.Tablet, "", 0)
	add(now-300, "late", event.PIX, event.Mobile, "BRL", 5)
	p.Unreadable(6)

	s := p.Snapshot(0)
	if s.Partition != 3 || s.Next != 7 || s.Time != now || s.Read != 5 || s.Late != 1 || s.Unreadable != 1 {
		t.Errorf("got %+v", s)
	}
	minute, five := s.Windows[0], s.Windows[1]
	want := `{60 3 1 map[-:{1 0} BOLETO:{1 0} CREDITO:{0 0} DEBITO:{0 0} PIX:{1 1000}] map[Laptop:{1 0} Mobile:{1 1000} Tablet:{1 0}] ` +
		`map[BRL:{1 1000} USD:{1 100}] [{b {1 1000}}]}`
	if got := fmt.Sprint(minute); got != want {
		t.Errorf("minute\n got %s\nwant %s", got, want)
	}
	if five.Count != 5 || five.Kinds["PIX"] != (window.Sum{Count: 3, Cents: 1011}) ||
		fmt.Sprint(five.Top) != "[{b {1 1000}} {a {2 10}} {old {1 1}}]" {
		t.Errorf("five minutes %+v", five)
	}
	// Later, without a record: what was in the minute has left it.
	if later := p.Snapshot(now + 60).Windows; later[0].Count != 0 || later[1].Count != 4 || len(later[0].Top) != 0 {
		t.Errorf("a minute later %+v", later)
	}
	if much := p.Snapshot(now + 1000).Windows; much[1].Count != 0 || len(much[1].Top) != 0 {
		t.Errorf("much later %+v", much)
	}
	both := window.Merge([]window.Snapshot{s, s})
	if both[0].Count != 6 || both[0].Original != 2 || both[1].Currencies["BRL"].Cents != 2022 || both[1].Top[0].Cents != 2000 {
		t.Errorf("merged %+v", both)
	}
}

// Many currencies, long ids, and ids that end in each other's beginning are told apart, or said not to be.
func TestOddNames(t *testing.T) {
	p := window.NewPartition(0, event.BRL, nil)
	long := fmt.Sprintf("%050d", 1)
	for i := range 30 {
		code := string([]byte{'A' + byte(i/26), 'B', 'A' + byte(i%26)})
		v := &event.TransactionView{User: []byte("u"), Platform: event.Mobile, Currency: []byte(code), Cents: 7}
		p.Add(int64(2*i), 1_783_938_600_000, v, nil)
		id := long[:50-i]
		p.Add(int64(2*i+1), 1_783_938_600_000, view(windowtest.Record{User: id, Platform: event.Mobile, Cents: uint64(i)}), nil)
	}
	w := p.Snapshot(0).Windows[0]
	if len(w.Currencies) != 16 || w.Currencies[window.Others] != (window.Sum{Count: 16}) ||
		w.Currencies["ABA"] != (window.Sum{Count: 1, Cents: 7}) {
		t.Errorf("%d currencies: %v", len(w.Currencies), w.Currencies)
	}
	if len(w.Top) != window.TopUsers || w.Top[0].ID != long[:21] || w.Top[9].ID != long[:30] {
		t.Errorf("top %v", w.Top)
	}
}

func TestSumsAreExactWhereFloatsAreNot(t *testing.T) {
	p := window.NewPartition(0, event.BRL, mustParse("value:9007199254740993/1m"))
	var hits []window.Hit
	for i, cents := range []uint64{9_007_199_254_740_992, 1, 1} { // 2^53
		hits = p.Add(int64(i), 1_783_938_600_000, view(windowtest.Record{User: "u", Platform: event.Mobile, Cents: cents}), hits)
	}
	if got := p.Snapshot(0).Windows[0].Currencies["BRL"].Cents; got != 9_007_199_254_740_994 || len(hits) != 1 || hits[0].Offset != 2 {
		t.Errorf("sum %d, hits %+v", got, hits)
	}
}
