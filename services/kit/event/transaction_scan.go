package event

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// The fields of a transaction, in the order in which both producers write them.
const (
	idSequencia = iota
	idUsuario
	idTransacao
	idProduto
	endereco
	cadastroEm
	idPlataforma
	mensagem
	valorCentavos
	moeda
	tipo
	transactionFields
)

var transactionNames = [transactionFields]string{
	"id_sequencia", "id_usuario", "id_transacao", "id_produto", "endereco", "cadastro_em", "id_plataforma", "mensagem",
	"valor_centavos", "moeda", "tipo",
}

// transactionScan is where the values of a transaction are in its message.
type transactionScan struct {
	message []byte
	spans   [transactionFields]span
	escaped uint // a bit per field whose text has an escape
	there   uint // a bit per field
	numbers [2]int64
}

// span is a text without its quotes.
type span struct{ from, to int }

// scanTransaction finds the values of a message in the form that nearly every one has: an object of the fields that we know, each
// once, with strings and whole numbers as values. It goes over the bytes once and allocates nothing. It returns false for
// everything else, valid or not, which is left to [fields]: that knows why.
func scanTransaction(message []byte) (t transactionScan, ok bool) {
	if !utf8.Valid(message) {
		return t, false
	}
	t.message = message
	s := scanner{data: message}
	if !s.take('{') {
		return t, false
	}
	for next := 0; ; next++ {
		name, escaped, ok := s.text()
		if !ok || escaped || !s.take(':') {
			return t, false
		}
		field := transactionField(message[name.from:name.to], next)
		if field < 0 || t.has(field) || !t.value(&s, field) {
			return t, false
		}
		t.there |= 1 << field
		if !s.take(',') {
			break
		}
	}
	return t, s.take('}') && s.end() && t.accepted()
}

// transactionField returns the field of a name, which is likely to be the one at that place, or -1.
func transactionField(name []byte, likely int) int {
	if likely < transactionFields && string(name) == transactionNames[likely] {
		return likely
	}
	for field := range transactionFields {
		if string(name) == transactionNames[field] {
			return field
		}
	}
	return -1
}

// value reads the value of a field, of the type that it has to have.
func (t *transactionScan) value(s *scanner, field int) (ok bool) {
	switch field {
	case idSequencia:
		t.numbers[0], ok = s.whole()
	case valorCentavos:
		t.numbers[1], ok = s.whole()
	default:
		var escaped bool
		t.spans[field], escaped, ok = s.text()
		if escaped {
			t.escaped |= 1 << field
		}
	}
	return ok
}

func (t *transactionScan) has(field int) bool { return t.there&(1<<field) != 0 }

// bytes are a text as it stands in the message, escapes included.
func (t *transactionScan) bytes(field int) []byte {
	return t.message[t.spans[field].from:t.spans[field].to]
}

// accepted reports whether every required field is there, and numbers and closed sets are as the contract wants them.
func (t *transactionScan) accepted() bool {
	const required = 1<<(mensagem+1) - 1
	if t.there&required != required || t.numbers[0] < 1 {
		return false
	}
	switch string(t.bytes(idPlataforma)) {
	case Mobile, Laptop, Tablet:
	default:
		return false
	}
	if t.has(moeda) && !isCurrency(t.bytes(moeda)) {
		return false
	}
	switch string(t.bytes(tipo)) {
	case PIX, Credito, Debito, Boleto:
	default:
		return !t.has(tipo)
	}
	return true
}

// transaction makes the texts, in one piece.
func (t *transactionScan) transaction() Transaction {
	all := string(t.message)
	text := func(field int) string {
		at := t.spans[field]
		if t.escaped&(1<<field) == 0 {
			return all[at.from:at.to]
		}
		var s string
		_ = json.Unmarshal(t.message[at.from-1:at.to+1], &s) // its escapes were looked at
		return s
	}
	tx := Transaction{
		IDSequencia: t.numbers[0], IDUsuario: text(idUsuario), IDTransacao: text(idTransacao), IDProduto: text(idProduto),
		Endereco: text(endereco), CadastroEm: text(cadastroEm), IDPlataforma: text(idPlataforma), Mensagem: text(mensagem),
		ValorCentavos: t.numbers[1], Moeda: text(moeda), Tipo: text(tipo),
	}
	if t.has(valorCentavos) && !t.has(moeda) {
		tx.Moeda = BRL
	}
	return tx
}

// scanner reads JSON tokens. What it does not accept may still be JSON.
type scanner struct {
	data []byte
	at   int
}

// space passes white space.
func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// take passes a byte, and white space before it.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.at == len(s.data) || s.data[s.at] != c {
		return false
	}
	s.at++
	return true
}

// end reports whether nothing but white space is left.
func (s *scanner) end() bool {
	s.space()
	return s.at == len(s.data)
}

// whole reads a number of up to 18 digits, without a sign, fraction or exponent.
func (s *scanner) whole() (n int64, ok bool) {
	s.space()
	from := s.at
	for ; s.at < len(s.data) && s.data[s.at]-'0' <= 9; s.at++ {
		if s.at-from == 18 {
			return 0, false
		}
		n = 10*n + int64(s.data[s.at]-'0')
	}
	digits := s.at - from
	return n, digits == 1 || digits > 1 && s.data[from] != '0' // what follows has to be a comma or a brace
}

// text reads a string.
func (s *scanner) text() (t span, escaped, ok bool) {
	if !s.take('"') {
		return t, false, false
	}
	t.from = s.at
	if end := bytes.IndexByte(s.data[s.at:], '"'); end >= 0 && plain(s.data[s.at:s.at+end]) {
		t.to, s.at = s.at+end, s.at+end+1
		return t, false, true
	}
	for s.at < len(s.data) {
		switch c := s.data[s.at]; {
		case c == '"':
			t.to = s.at
			s.at++
			return t, escaped, true
		case c < ' ':
			return t, false, false
		case c == '\\':
			escaped = true
			n := escapeLen(s.data[s.at:])
			if n == 0 {
				return t, false, false
			}
			s.at += n
		default:
			s.at++
		}
	}
	return t, false, false
}

// escapeLen is the length of the escape that text begins with, 0 if it is none.
func escapeLen(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(text) < 6 {
			return 0
		}
		for _, c := range text[2:6] {
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return 0
			}
		}
		return 6
	}
	return 0
}
