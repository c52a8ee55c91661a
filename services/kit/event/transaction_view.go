package event

// TransactionView is what there is to count in a transaction, without a text being made.
type TransactionView struct {
	User     []byte // id_usuario
	Platform string // Mobile, Laptop or Tablet
	Kind     string // PIX, Credito, Debito or Boleto; empty where the message has no tipo
	Currency []byte // moeda; BRL for an amount that comes without one, nil where there is no money
	Cents    uint64 // valor_centavos
	Original bool   // the message has the eight fields of the original program alone, and so no money
}

var brl = []byte(BRL)

// ViewTransaction returns what there is to count in a value that [DecodeTransaction] accepts, and the error that it has for any
// other. The slices are valid as long as value is, and are not to be changed. Like [CheckTransaction] it allocates nothing for the
// two forms of the contract, unless the user's id has an escape.
func ViewTransaction(value []byte) (TransactionView, error) {
	scan, ok := scanTransaction(value)
	if !ok || scan.escaped&(1<<idUsuario) != 0 {
		t, err := DecodeTransaction(value)
		if err != nil {
			return TransactionView{}, err
		}
		return t.view(), nil
	}
	v := TransactionView{
		User: scan.bytes(idUsuario), Platform: constant(scan.bytes(idPlataforma)), Kind: constant(scan.bytes(tipo)),
		Cents: uint64(scan.numbers[1]),
	}
	switch {
	case scan.has(moeda):
		v.Currency = scan.bytes(moeda)
	case scan.has(valorCentavos):
		v.Currency = brl
	default:
		v.Original = !scan.has(tipo)
	}
	return v, nil
}

func (t *Transaction) view() TransactionView {
	v := TransactionView{User: []byte(t.IDUsuario), Platform: t.IDPlataforma, Kind: t.Tipo, Cents: uint64(t.ValorCentavos)}
	if t.Moeda != "" {
		v.Currency = []byte(t.Moeda)
	} else {
		v.Original = t.Tipo == ""
	}
	return v
}

// constant is the constant that a member of a closed set is equal to.
func constant(text []byte) string {
	switch string(text) {
	case Mobile:
		return Mobile
	case Laptop:
		return Laptop
	case Tablet:
		return Tablet
	case PIX:
		return PIX
	case Credito:
		return Credito
	case Debito:
		return Debito
	case Boleto:
		return Boleto
	}
	return ""
}
