// Package event is what travels on the topics of the workshop: one type a message, a decoder that
// also accepts what the original Python programs send, and golden files in testdata. It knows
// nothing of Kafka but the value's bytes.
package event

import (
	"strconv"
	"unicode/utf8"
)

// The devices that a transaction comes from (id_plataforma).
const (
	Mobile = "Mobile"
	Laptop = "Laptop"
	Tablet = "Tablet"
)

// The ways to pay (tipo).
const (
	PIX     = "PIX"
	Credito = "CREDITO"
	Debito  = "DEBITO"
	Boleto  = "BOLETO"
)

// BRL is the currency of an amount that comes without one.
const BRL = "BRL"

// Transaction is one message of the topic transactions. The first eight fields are the original
// program's, in its order and types; the money was added, and is left out again when it is zero.
type Transaction struct {
	IDSequencia   int64  `json:"id_sequencia"`             // 1, 2, 3... within a run of the producer
	IDUsuario     string `json:"id_usuario"`               // digits, but a string; the message's key
	IDTransacao   string `json:"id_transacao"`             // UUID v4
	IDProduto     string `json:"id_produto"`               // five digits
	Endereco      string `json:"endereco"`                 // street | city | CC
	CadastroEm    string `json:"cadastro_em"`              // YYYY-MM-DD HH:MM:SS, in no known zone
	IDPlataforma  string `json:"id_plataforma"`            // Mobile, Laptop or Tablet
	Mensagem      string `json:"mensagem"`                 // for people
	ValorCentavos int64  `json:"valor_centavos,omitempty"` // minor units: 1050 BRL is R$ 10,50
	Moeda         string `json:"moeda,omitempty"`          // ISO 4217
	Tipo          string `json:"tipo,omitempty"`           // PIX, CREDITO, DEBITO or BOLETO
}

// DecodeTransaction reads the value of a message, in our form or in the original's eight fields:
// without money the last three fields are zero. A money field that is null counts as absent, and an
// amount without a currency is in BRL. Fields that it does not know are ignored, so that a producer
// may add some. Every other value gives a *Malformed and a zero transaction; nil, which Kafka calls
// a tombstone, too. It keeps no reference to value.
//
// Numbers and closed sets are held to the contract. Texts are not: no reader computes with the
// address or the date, and one that refused a message for its looks would lose it for nothing.
func DecodeTransaction(value []byte) (Transaction, error) {
	f := readFields(value)
	t := Transaction{
		IDSequencia:  int64(f.integer("id_sequencia")),
		IDUsuario:    f.text("id_usuario"),
		IDTransacao:  f.text("id_transacao"),
		IDProduto:    f.text("id_produto"),
		Endereco:     f.text("endereco"),
		CadastroEm:   f.text("cadastro_em"),
		IDPlataforma: f.text("id_plataforma"),
		Mensagem:     f.text("mensagem"),
	}
	f.check(t.IDSequencia >= 1, "id_sequencia", "at least 1")
	switch t.IDPlataforma {
	case Mobile, Laptop, Tablet:
	default:
		f.check(false, "id_plataforma", "Mobile, Laptop or Tablet")
	}
	decodeMoney(f, &t)
	if f.bad != nil {
		return Transaction{}, f.bad
	}
	return t, nil
}

// decodeMoney reads the three fields that the original does not have, each of them optional.
func decodeMoney(f *fields, t *Transaction) {
	if f.has("valor_centavos") {
		t.ValorCentavos = int64(f.integer("valor_centavos"))
		t.Moeda = BRL
		f.check(t.ValorCentavos >= 0, "valor_centavos", "0 or more")
	}
	if f.has("moeda") {
		t.Moeda = f.text("moeda")
		f.check(isCurrency(t.Moeda), "moeda", "three capital letters")
	}
	if f.has("tipo") {
		t.Tipo = f.text("tipo")
		switch t.Tipo {
		case PIX, Credito, Debito, Boleto:
		default:
			f.check(false, "tipo", "PIX, CREDITO, DEBITO or BOLETO")
		}
	}
}

// isCurrency looks at the shape alone: the list of ISO 4217 changes, its form does not.
func isCurrency(code string) bool {
	for i := range len(code) {
		if code[i] < 'A' || code[i] > 'Z' {
			return false
		}
	}
	return len(code) == 3
}

// AppendJSON appends the transaction as one JSON object without spaces or a newline, and allocates
// nothing when dst has room. The bytes are those of a json.Encoder with SetEscapeHTML(false), less
// its newline: an address with & stays readable in a console consumer. Any text is fit to be
// written; bytes that are not UTF-8 become U+FFFD. It validates nothing else.
func (t *Transaction) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"id_sequencia":`...)
	dst = strconv.AppendInt(dst, t.IDSequencia, 10)
	dst = appendText(dst, `,"id_usuario":`, t.IDUsuario)
	dst = appendText(dst, `,"id_transacao":`, t.IDTransacao)
	dst = appendText(dst, `,"id_produto":`, t.IDProduto)
	dst = appendText(dst, `,"endereco":`, t.Endereco)
	dst = appendText(dst, `,"cadastro_em":`, t.CadastroEm)
	dst = appendText(dst, `,"id_plataforma":`, t.IDPlataforma)
	dst = appendText(dst, `,"mensagem":`, t.Mensagem)
	if t.ValorCentavos != 0 {
		dst = append(dst, `,"valor_centavos":`...)
		dst = strconv.AppendInt(dst, t.ValorCentavos, 10)
	}
	if t.Moeda != "" {
		dst = appendText(dst, `,"moeda":`, t.Moeda)
	}
	if t.Tipo != "" {
		dst = appendText(dst, `,"tipo":`, t.Tipo)
	}
	return append(dst, '}')
}

// appendText appends a field's name as given and its value as a JSON string. Stretches that need no
// escape, nearly always the whole text, are copied at once.
func appendText(dst []byte, name, s string) []byte {
	dst = append(append(dst, name...), '"')
	copied := 0
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		if plain(r, size) {
			i += size
			continue
		}
		dst = appendEscape(append(dst, s[copied:i]...), r)
		i += size
		copied = i
	}
	return append(append(dst, s[copied:]...), '"')
}

// plain reports whether a rune of that many bytes stands for itself in a JSON string. Of the line
// separators U+2028 and U+2029 only JavaScript says otherwise, but encoding/json obeys it.
func plain(r rune, size int) bool {
	if r == utf8.RuneError && size == 1 { // a byte that is not UTF-8
		return false
	}
	return r >= ' ' && r != '"' && r != '\\' && r != '\u2028' && r != '\u2029'
}

func appendEscape(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default: // every other control character, U+2028, U+2029 and U+FFFD
		return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
	}
}
