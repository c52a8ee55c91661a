package event

import "testing"

func TestDecodeBoardRecordRefuses(t *testing.T) {
	message := mustReadGolden(t, "board_record.json")
	for _, e := range []edit{
		{`"id":5,`, ``, ReasonMissingField, "id"},
		{`"match"`, `"partida"`, ReasonMissingField, "match"},
		{`"tally"`, `"Tally"`, ReasonMissingField, "tally"},
		{`"offset":4`, `"offset":"4"`, ReasonWrongType, "source.offset"},
		{`"offset":4`, `"offset":-1`, ReasonInvalidValue, "source.offset"},
		{`"partition":0`, `"partition":2147483648`, ReasonInvalidValue, "source.partition"},
		{`"goal"`, `"penalty"`, ReasonInvalidValue, "event"},
		{`"id":5`, `"id":0`, ReasonInvalidValue, "id"},
	} {
		got, err := DecodeBoardRecord(e.value(t, message))
		checkMalformed(t, e.old+" to "+e.new, err, e.reason, e.field)
		if got != (BoardRecord{}) {
			t.Errorf("%s: got %+v, want a zero record beside the error", e.new, got)
		}
	}
}
