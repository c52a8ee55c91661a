package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
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

// scanned are values for the scan: what it takes, what is only nearly so, and what no decoder takes.
func scanned(t testing.TB) [][]byte {
	var all [][]byte
	for _, name := range []string{"transaction.json", "transaction_original.json"} {
		golden := string(bytes.TrimSpace(mustReadGolden(t, name)))
		all = append(all, []byte(golden))
		for _, c := range []struct{ old, new string }{
			{`{`, " \n{\t"}, {`}`, "\r}\n"}, {`}`, `} x`}, {`}`, `,}`}, {`,`, `,,`}, {`{`, `{,`}, {`:`, ``}, {`,`, ``},
			{`7,`, `7 ,`}, {`7,`, `07,`}, {`7,`, `-7,`}, {`7,`, `-0,`}, {`7,`, `0,`}, {`7,`, `7.5,`}, {`7,`, `7e0,`}, {`7,`, `,`}, {`7,`, `null,`},
			{`7,`, `999999999999999999,`}, {`7,`, `1000000000000000000,`}, {`7,`, `9223372036854775807,`}, {`7,`, `9223372036854775808,`},
			{`"Mobile"`, `"Mob\u0069le"`}, {`"Mobile"`, `"mobile"`}, {`"Mobile"`, `""`}, {`"Mobile"`, `null`}, {`"Mobile"`, `true`},
			{`"48213"`, `"\ud83d"`}, {`"48213"`, `"\udfdf\ud83d"`}, {`"48213"`, `"\ud83c\udfdf"`}, {`"48213"`, `"\ud83cx"`},
			{`"48213"`, `"\u12"`}, {`"48213"`, `"\u12g4"`}, {`"48213"`, `"\x"`}, {`"48213"`, `"\"`}, {`"48213"`, `"\"`}, {`"48213"`, "\"\x00\""},
			{`"48213"`, "\"\t\""}, {`"48213"`, "\"\x7f\""}, {`"48213"`, "\"\xff\""}, {`"48213"`, `"a\"b\\c\/\b\f\n\r\t"`}, {`"48213"`, `"aaaaaaa"b"`},
			{`"id_usuario"`, `"id_usu\u0061rio"`}, {`"id_usuario"`, `"id_produto"`}, {`"id_usuario"`, `"ID_USUARIO"`}, {`"id_usuario"`, `"novo"`},
			{`{`, `{"id_usuario":"first",`}, {`{`, `{"id_usuario":1,`}, {`{`, `{"novo":[1,{}],`}, {`{`, `[{`}, {`}`, `,"moeda":"BRL"}`},
			{`}`, `,"valor_centavos":5}`}, {`}`, `,"valor_centavos":0}`}, {`}`, `,"tipo":"PIX"}`}, {`}`, `,"tipo":""}`}, {`}`, `,"moeda":""}`},
			{`"BRL"`, `"B\u0052L"`}, {`"BRL"`, `"BR"`}, {`"BRL"`, `null`}, {`"PIX"`, `"pix"`}, {`"PIX"`, `"\u0050IX"`}, {`129990`, `"129990"`},
		} {
			all = append(all, []byte(strings.Replace(golden, c.old, c.new, 1)))
		}
		for cut := range golden {
			all = append(all, []byte(golden[:cut]))
		}
	}
	return all
}

// compareScan reports where the scan and the decoder that reads field by field differ in what they make of a value.
func compareScan(t *testing.T, value []byte) (taken bool) {
	t.Helper()
	want, wantErr := decodeTransaction(value)
	got, gotErr := DecodeTransaction(value)
	if got != want || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
		t.Errorf("%q: got %+v, %v, want %+v, %v", value, got, gotErr, want, wantErr)
	}
	if n, err := CheckTransaction(value); n != want.IDSequencia || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("%q: the check says %d, %v, want %d, %v", value, n, err, want.IDSequencia, wantErr)
	}
	view, err := ViewTransaction(value)
	if wantView := want.view(); fmt.Sprint(err) != fmt.Sprint(wantErr) || err == nil && !reflect.DeepEqual(view, wantView) {
		t.Errorf("%q: the view is %+v, %v, want %+v, %v", value, view, err, wantView, wantErr)
	}
	_, taken = scanTransaction(value)
	return taken
}

func TestScanIsAsStrict(t *testing.T) {
	taken := 0
	values := scanned(t)
	for _, value := range values {
		if compareScan(t, value) {
			taken++
		}
	}
	if taken < 10 || taken > len(values)-100 {
		t.Errorf("the scan took %d of %d values: the test compares nothing", taken, len(values))
	}
}

// Both forms of the contract are checked without an allocation, and decoded with one for all texts.
func TestTransactionAllocations(t *testing.T) {
	for name, texts := range map[string]float64{"transaction.json": 1, "transaction_original.json": 5} { // one text has escapes
		value := mustReadGolden(t, name)
		if n := testing.AllocsPerRun(100, func() { CheckTransaction(value) }); n != 0 {
			t.Errorf("%s: %v allocations to check it", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { ViewTransaction(value) }); n != 0 {
			t.Errorf("%s: %v allocations to view it", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { DecodeTransaction(value) }); n > texts {
			t.Errorf("%s: %v allocations to decode it, want %v at most", name, n, texts)
		}
	}
}

func FuzzDecodeTransaction(f *testing.F) {
	for _, value := range scanned(f) {
		f.Add(value)
	}
	for _, c := range unreadable {
		if len(c.value) < 1<<10 {
			f.Add(c.value)
		}
	}
	f.Add(mustReadGolden(f, "transaction.json"))
	f.Add(mustReadGolden(f, "transaction_original.json"))
	f.Fuzz(func(t *testing.T, value []byte) {
		compareScan(t, value)
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

func BenchmarkTransaction(b *testing.B) {
	for _, form := range []string{"transaction.json", "transaction_original.json"} {
		value := mustReadGolden(b, form)
		for name, f := range map[string]func([]byte) error{
			"check":  func(value []byte) error { _, err := CheckTransaction(value); return err },
			"view":   func(value []byte) error { _, err := ViewTransaction(value); return err },
			"decode": func(value []byte) error { _, err := DecodeTransaction(value); return err },
			"fields": func(value []byte) error { _, err := decodeTransaction(value); return err },
		} {
			b.Run(form+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := f(value); err != nil {
						b.Fatal(err)
					}
				}
			})
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
