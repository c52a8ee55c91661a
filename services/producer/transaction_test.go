package producer

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
	"time"
	_ "time/tzdata" // a machine without a zone database runs the same test

	"workshop.example/kit/event"
)

var noon = time.Date(2026, time.July, 13, 12, 0, 0, 0, time.UTC)

func fixed(now time.Time) func() time.Time { return func() time.Time { return now } }

// mustNext makes one transaction, and decodes its message as a consumer would.
func mustNext(t *testing.T, g *generator) (tx event.Transaction, value []byte) {
	t.Helper()
	made := g.next()
	value = made.AppendJSON(nil)
	tx, err := event.DecodeTransaction(value)
	if err != nil || tx != made {
		t.Fatalf("%+v is sent as %s and read as %+v, %v", made, value, tx, err)
	}
	return tx, value
}

func TestGeneratorKeepsTheContract(t *testing.T) {
	g := newGenerator(2, fixed(noon), 1)
	patterns := map[string]*regexp.Regexp{
		"id_usuario":    regexp.MustCompile(`^([2-9]\d{4}|100000)$`),
		"id_transacao":  regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
		"id_produto":    regexp.MustCompile(`^\d{5}$`),
		"endereco":      regexp.MustCompile(`^[^|]+ \| [^|]+ \| [A-Z]{2}$`),
		"cadastro_em":   regexp.MustCompile(`^2026-07-(0[1-9]|1[0-3]) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d$`),
		"id_plataforma": regexp.MustCompile(`^(Mobile|Laptop|Tablet)$`),
		"mensagem":      regexp.MustCompile(`^transacao feita pelo usuario \d+$`),
		"moeda":         regexp.MustCompile(`^BRL$`),
		"tipo":          regexp.MustCompile(`^(PIX|CREDITO|DEBITO|BOLETO)$`),
	}
	ids, kinds := map[string]bool{}, map[string]bool{}
	for i := range 3000 {
		tx, value := mustNext(t, g)
		var sent map[string]any
		if err := json.Unmarshal(value, &sent); err != nil {
			t.Fatal(err)
		}
		for field, pattern := range patterns {
			if got, _ := sent[field].(string); !pattern.MatchString(got) {
				t.Errorf("%s: got %v, want %s", field, sent[field], pattern)
			}
		}
		if got, want := len(sent), len(patterns)+2; got != want {
			t.Errorf("got %d fields, want %d", got, want)
		}
		if got, want := tx.IDSequencia, int64(i+1); got != want {
			t.Errorf("id_sequencia: got %d, want %d", got, want)
		}
		if tx.ValorCentavos < minCents || tx.ValorCentavos > maxCents {
			t.Errorf("valor_centavos: got %d, want %d to %d", tx.ValorCentavos, minCents, maxCents)
		}
		if tx.Mensagem != "transacao feita pelo usuario "+tx.IDUsuario {
			t.Errorf("got id_usuario %s, mensagem %q, want one user", tx.IDUsuario, tx.Mensagem)
		}
		if at, err := time.Parse(time.DateTime, tx.CadastroEm); err != nil || at.After(noon) {
			t.Errorf("cadastro_em: got %s, %v, want a time up to %s", tx.CadastroEm, err, noon)
		}
		ids[tx.IDTransacao] = true
		kinds[tx.Tipo+tx.IDPlataforma] = true
	}
	if got, want := len(ids), 3000; got != want {
		t.Errorf("got %d different id_transacao, want %d", got, want)
	}
	if got, want := len(kinds), len(payments)*len(platforms); got != want {
		t.Errorf("got %d pairs of tipo and id_plataforma, want all %d", got, want)
	}
}

// The two runs have different clocks too: the seed holds whenever a run is repeated.
func TestGeneratorIsFixedBySeed(t *testing.T) {
	for _, seed := range []uint64{0, 1, 1 << 63} {
		a, b, other := newGenerator(seed, fixed(noon), 1), newGenerator(seed, time.Now, 1), newGenerator(seed+1, time.Now, 1)
		same := 0
		for range 500 {
			got, _ := mustNext(t, a)
			want, _ := mustNext(t, b)
			if got.IDTransacao == want.IDTransacao {
				t.Errorf("seed %d: got one id_transacao in two runs", seed)
			}
			got.IDTransacao, got.CadastroEm = want.IDTransacao, want.CadastroEm
			if got != want {
				t.Fatalf("seed %d: got %+v, want %+v", seed, got, want)
			}
			if tx, _ := mustNext(t, other); tx.IDUsuario == want.IDUsuario && tx.Endereco == want.Endereco {
				same++
			}
		}
		if same > 0 {
			t.Errorf("seeds %d and %d: got %d equal users, want none", seed, seed+1, same)
		}
	}
}

func TestCreated(t *testing.T) {
	// A zone whose clocks go back: October 2026 has an hour more than its days say, March one less.
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, now, first string }{
		{"first second of a month", "2026-08-01 00:00:00", "2026-08-01 00:00:00"},
		{"second second of a month", "2026-08-01 00:00:01", "2026-08-01 00:00:00"},
		{"first second of a year", "2027-01-01 00:00:00", "2027-01-01 00:00:00"},
		{"last second of a month", "2026-07-31 23:59:59", "2026-07-01 00:00:00"},
		{"month of 31 days and an hour", "2026-10-31 23:59:59", "2026-10-01 00:00:00"},
		{"month of 31 days less an hour", "2026-03-31 23:59:59", "2026-03-01 00:00:00"},
		{"leap day", "2028-02-29 23:59:59", "2028-02-01 00:00:00"},
	} {
		now, err := time.ParseInLocation(time.DateTime, c.now, berlin)
		if err != nil {
			t.Fatal(err)
		}
		chance := rand.New(rand.NewPCG(1, 2))
		for range 2000 {
			got := string(monthSoFar(now).draw(chance).append(nil))
			if _, err := time.Parse(time.DateTime, got); err != nil || got < c.first || got > c.now {
				t.Errorf("%s: got %s, %v, want %s to %s", c.name, got, err, c.first, c.now)
			}
		}
	}
}

// Every second of a month's length is written as package time would.
func TestCreatedFormat(t *testing.T) {
	start := time.Date(2026, time.October, 1, 0, 0, 0, 0, time.UTC)
	for second := 0; second < 31*24*3600; second += 61 {
		got := string(created{year: 2026, month: 10, second: second}.append(nil))
		if want := start.Add(time.Duration(second) * time.Second).Format(time.DateTime); got != want {
			t.Fatalf("second %d: got %s, want %s", second, got, want)
		}
	}
}

func TestGeneratorFollowsTheMonth(t *testing.T) {
	now := time.Date(2026, time.July, 31, 23, 59, 59, 0, time.UTC)
	g := newGenerator(1, func() time.Time { return now }, 1)
	july, _ := mustNext(t, g)
	now = now.Add(time.Second)
	august, _ := mustNext(t, g)
	if got, want := july.CadastroEm[:7], "2026-07"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := august.CadastroEm, "2026-08-01 00:00:00"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Texts that no seed fixes share an allocation, so that one message has less than one.
func TestGeneratorHardlyAllocates(t *testing.T) {
	g, dst := newGenerator(1, fixed(noon), 64), make([]byte, 0, 512)
	longest := 0
	got := testing.AllocsPerRun(10_000, func() {
		tx := g.next()
		longest = max(longest, len(tx.AppendJSON(dst)))
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
	// A sequence number of 19 digits must fit too.
	if limit := cap(dst) - len(strconv.Itoa(1<<62)); longest > limit {
		t.Errorf("got a message of %d bytes, want at most %d", longest, limit)
	}
}

func BenchmarkGenerator(b *testing.B) {
	g, dst := newGenerator(1, time.Now, 64), make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		tx := g.next()
		dst = tx.AppendJSON(dst[:0])
	}
	b.SetBytes(int64(len(dst)))
}
