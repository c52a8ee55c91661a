package event

import "testing"

func TestDecodeAlertRecordRefuses(t *testing.T) {
	for value, reason := range map[string]string{
		`[]`: ReasonWrongType,
		`{"count":1,"valor_centavos":1,"moeda":"BRL","timestamp_ms":1,"source":{"partition":0,"offset":0}}`:                       ReasonMissingField,
		`{"rule":"","count":1,"valor_centavos":1,"moeda":"BRL","timestamp_ms":1,"source":{"partition":0,"offset":0}}`:             ReasonInvalidValue,
		`{"rule":"count:1/1m","count":-1,"valor_centavos":1,"moeda":"BRL","timestamp_ms":1,"source":{"partition":0,"offset":0}}`:  ReasonInvalidValue,
		`{"rule":"count:1/1m","count":1,"valor_centavos":1.5,"moeda":"BRL","timestamp_ms":1,"source":{"partition":0,"offset":0}}`: ReasonInvalidValue,
		`{"rule":"count:1/1m","count":1,"valor_centavos":1,"moeda":"brl","timestamp_ms":1,"source":{"partition":0,"offset":0}}`:   ReasonInvalidValue,
		`{"rule":"count:1/1m","count":1,"valor_centavos":1,"moeda":"BRL","timestamp_ms":1,"source":{"partition":0,"offset":-1}}`:  ReasonInvalidValue,
		`{"rule":"r","id_usuario":"1","id_plataforma":"Mobile","count":1,"valor_centavos":1,"moeda":"BRL","timestamp_ms":1,` +
			`"source":{"partition":0,"offset":0}}`: ReasonInvalidValue,
	} {
		r, err := DecodeAlertRecord([]byte(value))
		if bad, ok := err.(*Malformed); !ok || bad.Reason != reason || r != (AlertRecord{}) {
			t.Errorf("%s: got %+v, %v, want %s", value, r, err, reason)
		}
	}
}

// What is too large for an int64 is read all the same: a window may hold it.
func TestDecodeAlertRecordOfLargeValue(t *testing.T) {
	r, err := DecodeAlertRecord([]byte(`{"rule":"value:1/1m","id_usuario":"1","count":2,"valor_centavos":18446744073709551615,"moeda":"BRL",` +
		`"timestamp_ms":1,"source":{"partition":0,"offset":1}}`))
	if err != nil || r.ValorCentavos != 1<<64-1 {
		t.Errorf("got %+v, %v", r, err)
	}
}
