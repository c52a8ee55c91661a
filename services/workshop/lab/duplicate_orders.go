package lab

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wire"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var _ = add(Lab{
	Name:     "duplicate-orders",
	run:      runDuplicateOrders,
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
		b.Say(service.Textf("%s: INTAKE=%s, REMEMBER=%s, %d pedidos × %d requisições, até %d ao mesmo tempo",
			"%s: INTAKE=%s, REMEMBER=%s, %d orders × %d requests, up to %d at a time", way.name, way.intake, way.remember, racedOrders, sameUUID,
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
	s.bench.Say(service.Textf(
		"%s: kill -9 no gateway; há pedidos no tópico que ele não marcou",
		"%s: kill -9 of the gateway; there are orders on the topic that it has not marked",
		s.name,
	))
	return s.open(ctx)
}

func partOneByOne(told story) (report.Part, error) {
	part := partOfOrders(told)
	part.Title = service.Text{PT: "conferir e gravar, uma requisição de cada vez", EN: "look, then store: one request at a time"}
	part.Facts = []report.Fact{{
		Text: service.Textf(
			"%d requisições: cada pedido aceito uma vez, e decidido uma vez",
			"%d requests: each order accepted once, and decided once",
			racedOrders*sameUUID,
		), Held: told.judgement.Clean(),
	}}
	return part, nil
}

func partRace(told story) (report.Part, error) {
	j := told.judgement
	part := partOfOrders(told)
	part.Title = service.Text{PT: "conferir e gravar, 20 requisições ao mesmo tempo", EN: "look, then store: 20 requests at once"}
	// Which they are nobody can say beforehand; that there are some is the prediction.
	part.Want.Duplicated = report.Numbers(j.Accepted.Duplicated)
	twice := len(slices.Compact(slices.Clone(part.Want.Duplicated)))
	part.Facts = []report.Fact{
		{Text: service.Textf(
			"%d dos %d pedidos aceitos mais de uma vez",
			"%d of the %d orders accepted more than once",
			twice, racedOrders,
		), Held: twice > 0},
		{Text: service.Text{
			PT: "cada aceitação é outro registro, e foi decidida por si",
			EN: "each acceptance is another record, and was decided by itself",
		},
			Held: len(part.Want.Duplicated) > 0 && slices.Equal(report.Numbers(j.Decided.Duplicated),
				part.Want.Duplicated) && len(j.Decided.Lost) == 0},
	}
	part.Notes = []service.Text{told.money()}
	return part, nil
}

func partMended(told story) (report.Part, error) {
	j := told.judgement
	part := partOfOrders(told)
	part.Title = service.Text{
		PT: "chave única, outbox e REMEMBER=place, 20 requisições ao mesmo tempo",
		EN: "unique key, outbox and REMEMBER=place: 20 requests at once",
	}
	if j.Republished == 0 {
		return part, &rig.NotRun{Cause: "the gateway was killed before its mark, and has published nothing again"}
	}
	part.Facts = []report.Fact{
		{Text: service.Text{PT: "cada pedido aceito uma vez", EN: "each order accepted once"}, Held: j.Accepted.Clean() && len(j.Wrong) == 0},
		{Text: service.Text{
			PT: "cada pedido decidido uma vez, também os que estão duas vezes no tópico",
			EN: "each order decided once, those that are on the topic twice as well",
		}, Held: j.Decided.Clean() && j.Totals()},
	}
	part.Notes = []service.Text{
		service.Textf("publicados de novo, depois da morte do gateway: %d", "published again after the gateway's death: %d", j.Republished),
		told.money(),
	}
	return part, nil
}

// money is what the decisions add up to, beside the orders.
func (told story) money() service.Text {
	j := told.judgement
	in := func(lang service.Lang, format string) string {
		return fmt.Sprintf(format, lines.Money(lang, j.Approved.Add(j.Refused)), lines.Money(lang, j.Ledger))
	}
	return service.Text{
		PT: in(service.Portuguese, "as decisões somam %s; os clientes pediram %s"),
		EN: in(service.English, "the decisions add up to %s; the clients have ordered %s"),
	}
}

var forgetful = Control{
	Name:    "remember-nothing",
	instead: given("fraud-detector-mended", "REMEMBER=nothing"),
	caught: func(parts []report.Part) bool {
		return parts[0].Holds() && parts[1].Holds() && parts[2].Facts[0].Held && !parts[2].Facts[1].Held
	},
}
