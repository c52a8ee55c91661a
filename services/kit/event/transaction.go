// Package event is what travels on the topics of the workshop: one type a message, a decoder that
// also accepts what the original Python programs send, and golden files in testdata. It knows
// nothing of Kafka but the value's bytes.
package event

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
	if scan, ok := scanTransaction(value); ok {
		return scan.transaction(), nil
	}
	return decodeTransaction(value)
}

// CheckTransaction returns the id_sequencia of a value that [DecodeTransaction] accepts, and the error that it has for any other.
// It makes no texts, and so allocates nothing for the two forms of the contract.
func CheckTransaction(value []byte) (sequence int64, err error) {
	if scan, ok := scanTransaction(value); ok {
		return scan.numbers[0], nil
	}
	t, err := decodeTransaction(value)
	return t.IDSequencia, err
}

// decodeTransaction reads field by field, and says of the first wrong one what is wrong.
func decodeTransaction(value []byte) (Transaction, error) {
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
func isCurrency[T string | []byte](code T) bool {
	for i := range len(code) {
		if code[i] < 'A' || code[i] > 'Z' {
			return false
		}
	}
	return len(code) == 3
}
