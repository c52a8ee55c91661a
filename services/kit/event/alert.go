package event

import "strconv"

// AlertRecord is one message of the topic transactions.alerts: a rule that a transaction has broken. It is a fact about the log,
// found in it again at any time: rule, user or platform, and the transaction's place are the same whoever looks, and whenever. The
// message's key is the user, or the platform, and its timestamp that of the transaction.
//
// json.Marshal writes it in the contract's order.
type AlertRecord struct {
	Rule          string `json:"rule"`                    // as configured, such as count:20/1m, value:1500000/5m or silence:5m
	IDUsuario     string `json:"id_usuario,omitempty"`    // of whom there is too much; empty for a platform
	IDPlataforma  string `json:"id_plataforma,omitempty"` // that is silent; empty for a user
	Count         uint64 `json:"count"`                   // the user's transactions in the rule's window; 0 for a platform
	ValorCentavos uint64 `json:"valor_centavos"`          // their value in minor units of Moeda; 0 for a platform
	Moeda         string `json:"moeda"`                   // the currency in which the monitor adds up
	TimestampMS   int64  `json:"timestamp_ms"`            // of the transaction, in milliseconds since 1970 UTC
	Source        Source `json:"source"`                  // where the transaction stands
}

// Subject is the message's key: the user, or the platform.
func (r AlertRecord) Subject() string { return r.IDUsuario + r.IDPlataforma }

// DecodeAlertRecord reads the value of a message. Fields that it does not know are ignored. Every other value gives a *Malformed
// and a zero record. It keeps no reference to value.
func DecodeAlertRecord(value []byte) (AlertRecord, error) {
	f := readFields(value)
	r := AlertRecord{
		Rule:  f.text("rule"),
		Count: f.count("count"), ValorCentavos: f.count("valor_centavos"),
		Moeda:       f.text("moeda"),
		TimestampMS: int64(f.integer("timestamp_ms")),
		Source:      decodeSource(f),
	}
	if f.has("id_usuario") {
		r.IDUsuario = f.text("id_usuario")
	}
	if f.has("id_plataforma") {
		r.IDPlataforma = f.text("id_plataforma")
	}
	f.check(r.Rule != "", "rule", "a rule")
	f.check(r.IDUsuario == "" || r.IDPlataforma == "", "id_plataforma", "it absent where there is an id_usuario")
	f.check(isCurrency(r.Moeda), "moeda", "three capital letters")
	if f.bad != nil {
		return AlertRecord{}, f.bad
	}
	return r, nil
}

// count reads a required whole number of at least zero, which may be too large for an int.
func (f *fields) count(name string) uint64 {
	raw := f.typed(name, "number", "integer")
	if f.bad != nil {
		return 0
	}
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil {
		f.bad = malformed(ReasonInvalidValue, "field %q: want a whole number of 0 or more", f.path+name)
	}
	return n
}
