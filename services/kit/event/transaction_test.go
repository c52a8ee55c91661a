package event

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
)

func TestDecodeTransactionRefuses(t *testing.T) {
	message := fullTransaction.AppendJSON(nil)
	for _, e := range []edit{
		{`"id_sequencia":7,`, ``, ReasonMissingField, "id_sequencia"},
		{`id_sequencia`, `ID_sequencia`, ReasonMissingField, "id_sequencia"},
		{`id_usuario`, `idUsuario`, ReasonMissingField, "id_usuario"},
		{`id_transacao`, `id`, ReasonMissingField, "id_transacao"},
		{`id_produto`, `produto`, ReasonMissingField, "id_produto"},
		{`endereco`, `endereço`, ReasonMissingField, "endereco"},
		{`cadastro_em`, `CADASTRO_EM`, ReasonMissingField, "cadastro_em"},
		{`id_plataforma`, `plataforma`, ReasonMissingField, "id_plataforma"},
		{`"mensagem"`, `"message"`, ReasonMissingField, "mensagem"},
		{`"48213"`, `48213`, ReasonWrongType, "id_usuario"},
		{`"48213"`, `null`, ReasonWrongType, "id_usuario"},
		{`:7,`, `:"7",`, ReasonWrongType, "id_sequencia"},
		{`:7,`, `:7.0,`, ReasonWrongType, "id_sequencia"},
		{`:7,`, `:null,`, ReasonWrongType, "id_sequencia"},
		{`"40917"`, `40917`, ReasonWrongType, "id_produto"},
		{`"Mobile"`, `["Mobile"]`, ReasonWrongType, "id_plataforma"},
		{`129990`, `1299.90`, ReasonWrongType, "valor_centavos"},
		{`129990`, `"129990"`, ReasonWrongType, "valor_centavos"},
		{`"BRL"`, `986`, ReasonWrongType, "moeda"},
		{`"PIX"`, `{}`, ReasonWrongType, "tipo"},
		{`:7,`, `:0,`, ReasonInvalidValue, "id_sequencia"},
		{`:7,`, `:9223372036854775808,`, ReasonInvalidValue, "id_sequencia"},
		{`"Mobile"`, `"mobile"`, ReasonInvalidValue, "id_plataforma"},
		{`129990`, `-1`, ReasonInvalidValue, "valor_centavos"},
		{`"BRL"`, `"R$"`, ReasonInvalidValue, "moeda"},
		{`"BRL"`, `"brl"`, ReasonInvalidValue, "moeda"},
		{`"BRL"`, `""`, ReasonInvalidValue, "moeda"},
		{`"PIX"`, `"DINHEIRO"`, ReasonInvalidValue, "tipo"},
		{`}`, ``, ReasonNotJSON, ""},
		{`}`, `}}`, ReasonNotJSON, ""},
		{"ã", "\xe3", ReasonNotUTF8, ""},
	} {
		got, err := DecodeTransaction(e.value(t, message))
		checkMalformed(t, e.old+" to "+e.new, err, e.reason, e.field)
		if got != (Transaction{}) {
			t.Errorf("%s to %s: got %+v, want a zero transaction beside the error", e.old, e.new, got)
		}
	}
}

func TestDecodeTransactionAccepts(t *testing.T) {
	with := func(cents int64, moeda, tipo string) Transaction {
		tx := fullTransaction
		tx.ValorCentavos, tx.Moeda, tx.Tipo = cents, moeda, tipo
		return tx
	}
	message := fullTransaction.AppendJSON(nil)
	for _, c := range []struct {
		old, new string
		want     Transaction
	}{
		{`{`, ` { "novo":{"id_sequencia":[1.5]},`, fullTransaction},
		{`"moeda":"BRL",`, ``, fullTransaction},
		{`"moeda":"BRL"`, `"moeda":null`, fullTransaction},
		{`129990,"moeda":"BRL"`, `0`, with(0, BRL, PIX)},
		{`"BRL"`, `"EUR"`, with(129_990, "EUR", PIX)},
		{`,"tipo":"PIX"`, ``, with(129_990, BRL, "")},
		{`129990,"moeda":"BRL","tipo":"PIX"`, `null,"moeda":null,"tipo":null`, originalTransaction()},
	} {
		got, err := DecodeTransaction(edit{old: c.old, new: c.new}.value(t, message))
		if err != nil || got != c.want {
			t.Errorf("%s to %s: got %+v, %v, want %+v", c.old, c.new, got, err, c.want)
		}
	}
}

// One form, held against the library's: what any JSON program reads is what it was given.
func TestAppendJSONIsEncodingJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		tx := randomTransaction(rng)
		got, want := tx.AppendJSON([]byte("before")), append([]byte("before"), referenceJSON(t, tx)...)
		if !bytes.Equal(got, want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	}
}

func TestAppendJSONDoesNotAllocate(t *testing.T) {
	tx, dst := fullTransaction, make([]byte, 0, 1024)
	if got := testing.AllocsPerRun(100, func() { dst = tx.AppendJSON(dst[:0]) }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func FuzzDecodeTransaction(f *testing.F) {
	for _, c := range unreadable {
		if len(c.value) < 1<<10 {
			f.Add(c.value)
		}
	}
	f.Add(mustReadGolden(f, "transaction.json"))
	f.Add(mustReadGolden(f, "transaction_original.json"))
	f.Fuzz(func(t *testing.T, value []byte) {
		tx, err := DecodeTransaction(value)
		if err != nil {
			checkMalformed(t, "decode", err, err.(*Malformed).Reason, "")
			return
		}
		encoded := tx.AppendJSON(nil)
		if want := referenceJSON(t, tx); !bytes.Equal(encoded, want) {
			t.Errorf("got %q, want %q", encoded, want)
		}
		again, err := DecodeTransaction(encoded)
		if err != nil || again != tx {
			t.Errorf("got %+v, %v from the encoded transaction, want %+v", again, err, tx)
		}
	})
}

func BenchmarkDecodeTransaction(b *testing.B) {
	value := fullTransaction.AppendJSON(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeTransaction(value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	tx, dst := fullTransaction, make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		dst = tx.AppendJSON(dst[:0])
	}
}

// referenceJSON is what AppendJSON promises: encoding/json without HTML escapes and newline.
func referenceJSON(t *testing.T, tx Transaction) []byte {
	t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(tx); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// randomTransaction has texts made of what is hard to write in JSON, and numbers of any size.
func randomTransaction(rng *rand.Rand) Transaction {
	hard := []string{
		`"`, `\`, `/`, "<", ">", "&", "'", "\x7f", "\u0085", "\u2028", "\u2029", "\u202a", "\ufffd", "\ufeff",
		"\U0001f600", "ação", "\xff", "\xe2\x80", "\xed\xa0\x80", "x", "\xc0\x80",
	}
	text := func() string {
		var s []byte
		for range rng.IntN(8) {
			s = append(s, hard[rng.IntN(len(hard))]...)
			s = append(s, byte(rng.IntN(0x24))) // control characters, and a little above
		}
		return string(s)
	}
	number := func() int64 {
		return []int64{0, -1, 7, math.MinInt64, math.MaxInt64, rng.Int64()}[rng.IntN(6)]
	}
	return Transaction{
		IDSequencia: number(), IDUsuario: text(), IDTransacao: text(), IDProduto: text(),
		Endereco: text(), CadastroEm: text(), IDPlataforma: text(), Mensagem: text(),
		ValorCentavos: number(), Moeda: text(), Tipo: text(),
	}
}
