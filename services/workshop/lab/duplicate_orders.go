package lab

import (
	"context"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/service"
	"workshop.example/kit/wire"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/student"
)

var duplicateOrdersText = Labs.Texts("duplicate-orders")

var _ = add(Lab{
	Name:    "duplicate-orders",
	Student: []string{student.Detector, student.Consumer},
	run: func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
		if b.Student.Role != "" {
			return student.RunOrders(ctx, b)
		}
		return runDuplicateOrders(ctx, b)
	},
	Controls: []Control{forgetful},
})

const (
	racedOrders = 20
	sameUUID    = 20 // requests for each of them
)

func runDuplicateOrders(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	var parts []report.Part
	for _, way := range []struct {
		name, intake, remember string
		atOnce                 int // requests
		judge                  func(story) (report.Part, error)
	}{
		{"one-by-one", "check-first", "nothing", 1, partOneByOne},
		{"race", "check-first", "nothing", 3 * sameUUID, partRace},
		{"mended", "outbox", "place", 3 * sameUUID, partMended},
	} {
		b.Say(duplicateOrdersText("begins", way.name, way.intake, way.remember, racedOrders, sameUUID,
			way.atOnce))
		told, err := repeatOrders(ctx, b, way.name, way.intake, way.remember, way.atOnce)
		if err != nil {
			return nil, err
		}
		part, err := way.judge(told)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// repeatOrders posts every order as often as it is repeated. The mended gateway is killed meanwhile, at the
// moment when orders of it are on the topic and it does not know so.
func repeatOrders(ctx context.Context, b *rig.Bench, name, intake, remember string, atOnce int) (story, error) {
	var vars []string
	relay := &heldRelay{published: make(chan struct{}), killed: make(chan struct{})}
	if name == "mended" {
		proxy, err := b.Wire()
		if err != nil {
			return story{}, err
		}
		proxy.OnAnswer(func(a wire.Answer) wire.Fate { return relay.hold(ctx, a) })
		vars = append(vars, rig.Through(proxy))
	}
	s, err := newShop(ctx, b, name, intake, remember, atOnce, vars...)
	if err != nil {
		return story{}, err
	}
	orders := shoptest.Plan(racedOrders+1, b.Seed)
	var told story
	posting, inTime := errgroup.WithContext(ctx)
	posting.Go(func() (err error) {
		told.accounts, err = s.post(inTime, orders[:racedOrders], sameUUID)
		return err
	})
	if name == "mended" {
		posting.Go(func() error { return s.killBeforeMark(inTime, relay) })
	}
	if err := posting.Wait(); err != nil {
		return told, err
	}
	told.judgement, err = s.settle(ctx, told.accounts, orders[racedOrders])
	return told, err
}

// heldRelay keeps the brokers' acknowledgements from a relay, until it was killed.
type heldRelay struct {
	once              sync.Once
	published, killed chan struct{}
}

func (r *heldRelay) hold(ctx context.Context, a wire.Answer) wire.Fate {
	if a.Request.Key != kmsg.Produce {
		return wire.Pass
	}
	select {
	case <-r.killed:
		return wire.Pass // of a later life
	default:
	}
	r.once.Do(func() { close(r.published) })
	select {
	case <-r.killed:
	case <-ctx.Done():
	}
	return wire.Cut
}

func (s *shop) killBeforeMark(ctx context.Context, r *heldRelay) error {
	err := rig.Await(ctx, "the relay has published orders", func() bool {
		select {
		case <-r.published:
			return true
		default:
			return false
		}
	})
	if err != nil {
		return err
	}
	if err := s.strike(); err != nil {
		return err
	}
	close(r.killed)
	s.bench.Say(duplicateOrdersText("killed", s.name))
	return s.open(ctx)
}

func partOneByOne(told story) (report.Part, error) {
	part := partOfOrders(told)
	part.Title = duplicateOrdersText("title-in-turn")
	part.Facts = []report.Fact{{
		Text: duplicateOrdersText("each-once", racedOrders*sameUUID), Held: told.judgement.Clean(),
	}}
	return part, nil
}

func partRace(told story) (report.Part, error) {
	j := told.judgement
	part := partOfOrders(told)
	part.Title = duplicateOrdersText("title-at-once")
	// Which they are nobody can say beforehand; that there are some is the prediction.
	part.Want.Duplicated = report.Numbers(j.Accepted.Duplicated)
	twice := len(slices.Compact(slices.Clone(part.Want.Duplicated)))
	part.Facts = []report.Fact{
		{Text: duplicateOrdersText("accepted-again", twice, racedOrders), Held: twice > 0},
		{Text: duplicateOrdersText("decided-by-itself"),
			Held: len(part.Want.Duplicated) > 0 && slices.Equal(report.Numbers(j.Decided.Duplicated),
				part.Want.Duplicated) && len(j.Decided.Lost) == 0},
	}
	part.Notes = []service.Text{told.money()}
	return part, nil
}

func partMended(told story) (report.Part, error) {
	j := told.judgement
	part := partOfOrders(told)
	part.Title = duplicateOrdersText("title-unique")
	if j.Republished == 0 {
		return part, &rig.NotRun{Cause: "the gateway was killed before its mark, and has published nothing again"}
	}
	part.Facts = []report.Fact{
		{Text: duplicateOrdersText("accepted-once"), Held: j.Accepted.Clean() && len(j.Wrong) == 0},
		{Text: duplicateOrdersText("decided-once"), Held: j.Decided.Clean() && j.Totals()},
	}
	part.Notes = []service.Text{
		duplicateOrdersText("republished", j.Republished),
		told.money(),
	}
	return part, nil
}

// money is what the decisions add up to, beside the orders.
func (told story) money() service.Text {
	j := told.judgement
	return duplicateOrdersText("totals", money(j.Approved.Add(j.Refused)), money(j.Ledger))
}

var forgetful = Control{
	Name:    "remember-nothing",
	instead: given("fraud-detector-mended", "REMEMBER=nothing"),
	caught: func(parts []report.Part) bool {
		return parts[0].Holds() && parts[1].Holds() && parts[2].Facts[0].Held && !parts[2].Facts[1].Held
	},
}
