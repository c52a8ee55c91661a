package lab

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/event"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
)

var lostOrders = Lab{
	Name: "lost-orders",
	run:  runLostOrders,
}

const (
	lostOrdersPlan = 300 // orders
	gatewayKills   = 6   // nearly each strikes some order between the two writes
	manyClients    = 32  // requests at the same time
)

func runLostOrders(ctx context.Context, b *Bench) ([]Part, error) {
	without, err := b.killGateway(ctx, "no-outbox")
	if err != nil {
		return nil, err
	}
	with, err := b.killGateway(ctx, "outbox")
	if err != nil {
		return nil, err
	}
	return []Part{partWithoutOutbox(without), partWithOutbox(with)}, nil
}

// killGateway posts orders, kills the gateway meanwhile, and judges.
func (b *Bench) killGateway(ctx context.Context, intake string) (story, error) {
	s, err := b.newShop(ctx, intake, intake, "place", manyClients)
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
			b.Say(Textf("%s: kill -9 no gateway (%d de %d), com %d pedidos a caminho; ele volta, e os clientes insistem",
				"%s: kill -9 of the gateway (%d of %d), with %d orders under way; it comes back, and the clients insist", intake, n, gatewayKills, cut))
		}
		return nil
	})
	if err := posting.Wait(); err != nil {
		return told, err
	}
	told.judgement, err = s.settle(ctx, told.accounts, orders[lostOrdersPlan])
	return told, err
}

func partWithoutOutbox(told story) Part {
	j := told.judgement
	part := partOfOrders(told)
	part.Title = Text{"sem outbox", "without an outbox"}
	part.Notes = []Text{told.deaths()}
	// Which they are nobody can say beforehand; that there are some is the prediction.
	part.Want.Lost = numbers(j.Accepted.Lost)
	lost, repeated := len(part.Want.Lost), true
	for _, m := range j.Accepted.Lost {
		a := told.account(m)
		repeated = repeated && a.New == 0 && a.Old > 0
	}
	part.Facts = []Fact{
		{Textf("%d pedidos perdidos: os clientes insistiram e ouviram 200, «já recebido»; em %s não estão",
			"%d orders lost: their clients insisted and were told 200, «accepted before»; on %s they are not", lost, event.NewOrderTopic), lost > 0 && repeated},
		{Textf("os outros %d foram decididos, cada um uma vez", "the other %d were decided, each once", j.Decided.Produced),
			slices.Equal(numbers(j.Decided.Lost), part.Want.Lost) && len(j.Decided.Duplicated) == 0},
	}
	return part
}

func partWithOutbox(told story) Part {
	j := told.judgement
	part := partOfOrders(told)
	part.Title = Text{"com outbox", "with the outbox"}
	part.Facts = []Fact{
		{Textf("os %d pedidos foram decididos, cada um uma vez", "the %d orders were decided, each once", j.Decided.Produced), j.Decided.Clean()},
		{totals(j), j.Totals() && len(j.Wrong) == 0},
	}
	part.Notes = []Text{told.deaths(), Textf("publicados de novo por um relay que morreu antes de marcar: %d", "published again by a relay that died before its mark: %d", j.Republished)}
	return part
}

// totals compares the decisions with the orders, in money.
func totals(j shoptest.Judgement) Text {
	in := func(lang service.Lang, format string) string {
		return fmt.Sprintf(format, lines.Money(lang, j.Approved), lines.Money(lang, j.Refused), lines.Money(lang, j.Ledger))
	}
	return Text{
		in(service.Portuguese, "aprovados %s + rejeitados %s = o que os clientes pediram, %s"),
		in(service.English, "approved %s + rejected %s = what the clients have ordered, %s"),
	}
}

func (told story) deaths() Text {
	return Textf("mortes do gateway: %d; requisições que elas deixaram sem resposta: %d", "deaths of the gateway: %d; requests that they left without an answer: %d", gatewayKills, told.cut)
}

// account is that of an order in a verdict.
func (told story) account(m verdict.Message) shoptest.Account { return told.accounts[m.Number-1] }
