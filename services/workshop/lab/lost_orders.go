package lab

import (
	"context"
	"slices"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/event"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var lostOrdersText = Labs.Texts("lost-orders")

var _ = add(Lab{
	Name:     "lost-orders",
	run:      runLostOrders,
	Controls: []Control{outboxAfterAll},
})

const (
	lostOrdersPlan = 300 // orders
	gatewayKills   = 6   // nearly each strikes some order between the two writes
	manyClients    = 32  // requests at the same time
)

func runLostOrders(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	without, err := killGateway(ctx, b, "no-outbox")
	if err != nil {
		return nil, err
	}
	with, err := killGateway(ctx, b, "outbox")
	if err != nil {
		return nil, err
	}
	return []report.Part{partWithoutOutbox(without), partWithOutbox(with)}, nil
}

// killGateway posts orders, kills the gateway meanwhile, and judges.
func killGateway(ctx context.Context, b *rig.Bench, intake string) (story, error) {
	s, err := newShop(ctx, b, intake, intake, "place", manyClients)
	if err != nil {
		return story{}, err
	}
	orders := shoptest.Plan(lostOrdersPlan+1, b.Seed)
	var told story
	posting, inTime := errgroup.WithContext(ctx)
	posting.Go(func() (err error) {
		told.accounts, err = s.post(inTime, orders[:lostOrdersPlan], 1)
		return err
	})
	posting.Go(func() error {
		for n := 1; n <= gatewayKills; n++ {
			moment := n * lostOrdersPlan / (gatewayKills + 1)
			if err := s.busy(inTime, moment); err != nil {
				return err
			}
			cut, err := s.kill(inTime)
			if err != nil {
				return err
			}
			told.cut += cut
			b.Say(lostOrdersText("killed", intake, n, gatewayKills, cut))
		}
		return nil
	})
	if err := posting.Wait(); err != nil {
		return told, err
	}
	told.judgement, err = s.settle(ctx, told.accounts, orders[lostOrdersPlan])
	return told, err
}

func partWithoutOutbox(told story) report.Part {
	j := told.judgement
	part := partOfOrders(told)
	part.Title = lostOrdersText("title-without")
	part.Notes = []service.Text{told.deaths()}
	// Which they are nobody can say beforehand; that there are some is the prediction.
	part.Want.Lost = report.Numbers(j.Accepted.Lost)
	lost, repeated := len(part.Want.Lost), true
	for _, m := range j.Accepted.Lost {
		a := told.account(m)
		repeated = repeated && a.New == 0 && a.Old > 0
	}
	part.Facts = []report.Fact{
		{Text: lostOrdersText("lost", lost, event.NewOrderTopic),
			Held: lost > 0 && repeated},
		{Text: lostOrdersText("others-decided", j.Decided.Produced),
			Held: slices.Equal(report.Numbers(j.Decided.Lost), part.Want.Lost) && len(j.Decided.Duplicated) == 0},
	}
	return part
}

func partWithOutbox(told story) report.Part {
	j := told.judgement
	part := partOfOrders(told)
	part.Title = lostOrdersText("title-with")
	part.Facts = []report.Fact{
		{Text: lostOrdersText("all-decided", j.Decided.Produced), Held: j.Decided.Clean()},
		{Text: totals(j), Held: j.Totals() && len(j.Wrong) == 0},
	}
	part.Notes = []service.Text{told.deaths(), lostOrdersText("republished", j.Republished)}
	return part
}

// totals compares the decisions with the orders, in money.
func totals(j shoptest.Judgement) service.Text {
	return lostOrdersText("totals", money(j.Approved), money(j.Refused), money(j.Ledger))
}

// money writes an amount as each language does.
func money(amount decimal.Decimal) service.Text {
	return service.Text{PT: lines.Money(service.Portuguese, amount), EN: lines.Money(service.English, amount)}
}

func (told story) deaths() service.Text {
	return lostOrdersText("deaths", gatewayKills, told.cut)
}

// account is that of an order in a verdict.
func (told story) account(m verdict.Message) shoptest.Account { return told.accounts[m.Number-1] }

var outboxAfterAll = Control{
	Name:    "outbox",
	instead: given("http-ecommerce-no-outbox", "INTAKE=outbox"),
	caught: func(parts []report.Part) bool {
		return len(parts[0].Counted.Lost) == 0 && !parts[0].Facts[0].Held && parts[1].Holds()
	},
}
