package event

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestDecodeTransactionRefuses(t *testing.T) {
	message := encode(t, fullTransaction)
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
	message := encode(t, fullTransaction)
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
		encoded := encode(t, tx)
		again, err := DecodeTransaction(encoded)
		if err != nil || again != tx {
			t.Errorf("got %+v, %v from the encoded transaction, want %+v", again, err, tx)
		}
	})
}

func BenchmarkDecodeTransaction(b *testing.B) {
	value := encode(b, fullTransaction)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeTransaction(value); err != nil {
			b.Fatal(err)
		}
	}
}

// encode writes a transaction as our producer does: without HTML escapes, so that an address with &
// stays readable in a console consumer, and without a newline.
func encode(t testing.TB, tx Transaction) []byte {
	t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(tx); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
