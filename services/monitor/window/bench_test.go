package window_test

import (
	"fmt"
	"testing"

	"workshop.example/kit/event"

	"workshop.example/monitor/window"
)

const people = 80_001 // id_usuario is 20000 to 100000

// messages are transactions of all users, as the producer writes them.
func messages(n int) [][]byte {
	values := make([][]byte, n)
	kinds := []string{event.PIX, event.Credito, event.Debito, event.Boleto}
	platforms := []string{event.Mobile, event.Laptop, event.Tablet}
	for i := range values {
		user := 20_000 + i*7919%people
		values[i] = fmt.Appendf(nil, `{"id_sequencia":%d,"id_usuario":"%d","id_transacao":"3f0d6a52-8c1e-4b7a-9d24-5e6f7a8b9c0d","id_produto":"40917",`+
			`"endereco":"Rua São João, 12 | São Paulo | BR","cadastro_em":"2026-07-13 10:26:40","id_plataforma":"%s",`+
			`"mensagem":"transacao feita pelo usuario %d","valor_centavos":%d,"moeda":"BRL","tipo":"%s"}`,
			i+1, user, platforms[i%3], user, 100+i*31%500_000, kinds[i%4])
	}
	return values
}

// feed hands messages to a partition, a second for so many.
type feed struct {
	p         *window.Partition
	values    [][]byte
	perSecond int64
	offset    int64
	hits      []window.Hit
}

func newFeed(perSecond int64) *feed {
	rules := mustParse("count:1000000/1m,count:1000000/5m,value:1000000000000/1m,value:1000000000000/5m,silence:5m") // never broken
	return &feed{p: window.NewPartition(0, event.BRL, rules), values: messages(people), perSecond: perSecond}
}

func (f *feed) next() error {
	v, err := event.ViewTransaction(f.values[f.offset%people])
	if err != nil {
		return err
	}
	f.hits = f.p.Add(f.offset, 1_783_938_600_000+f.offset*1000/f.perSecond, &v, f.hits)
	f.offset++
	return nil
}

func (f *feed) warm(tb testing.TB, seconds int64) {
	for f.offset < seconds*f.perSecond {
		if err := f.next(); err != nil {
			tb.Fatal(err)
		}
	}
}

// A record costs no allocation once its user, or as many other users, was there: also while windows move and users come and go.
func TestRecordAllocatesNothing(t *testing.T) {
	for _, perSecond := range []int64{100, 1000} { // at 100 a second each user has left the windows before the next record
		f := newFeed(perSecond)
		f.warm(t, window.FiveMinutes+2*window.Step)
		if n := testing.AllocsPerRun(int(perSecond*20), func() {
			if err := f.next(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%d a second: %v allocations a record", perSecond, n)
		}
		if len(f.hits) > 0 {
			t.Errorf("%d a second: rule %s was broken: the test measures another thing", perSecond, f.hits[0].Rule)
		}
	}
}

// BenchmarkRecord is what the monitor does for a record: it reads the message and moves the windows.
func BenchmarkRecord(b *testing.B) {
	for _, perSecond := range []int64{1_000, 33_333, 100_000} {
		b.Run(fmt.Sprint(perSecond, "-a-second"), func(b *testing.B) {
			f := newFeed(perSecond)
			f.warm(b, 1_000_000/perSecond)
			b.ReportAllocs()
			for b.Loop() {
				if err := f.next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSnapshot(b *testing.B) {
	f := newFeed(33_333)
	f.warm(b, 30)
	b.ReportAllocs()
	for b.Loop() {
		f.p.Snapshot(0)
	}
}
