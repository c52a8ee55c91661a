package event_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"workshop.example/kit/event"
)

// What AppendJSON writes is what encoding/json writes, whatever the texts are.
func TestAppendJSON(t *testing.T) {
	texts := []string{
		"", "Rua A | Salvador | BR", `Rua "A" \ B`, "São & Filhos <1>", "tab\tnew\nline\x00\x7f", "\u2028\u2029", "not UTF-8: \xff\xfe", "🏟",
	}
	for i, s := range texts {
		for _, tx := range []event.Transaction{
			{Endereco: s},
			{
				IDSequencia:   1,
				IDUsuario:     s,
				IDTransacao:   s,
				IDProduto:     s,
				Endereco:      s,
				CadastroEm:    s,
				IDPlataforma:  s,
				Mensagem:      s,
				ValorCentavos: int64(i),
				Moeda:         s,
				Tipo:          s,
			},
			{IDSequencia: -1 << 63, ValorCentavos: 1<<63 - 1},
		} {
			var want bytes.Buffer
			enc := json.NewEncoder(&want)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(tx); err != nil {
				t.Fatal(err)
			}
			if got := string(tx.AppendJSON([]byte("before "))); got+"\n" != "before "+want.String() {
				t.Errorf("got %s, want %s", got, want.String())
			}
		}
	}
}
