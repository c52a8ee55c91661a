package event

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files of the forms that we send")

// What the golden files hold. The *_python.json files and the original's eight fields were written
// by Python's json.dumps: they are input alone, and -update leaves them as they are.
var (
	fullTransaction = Transaction{
		IDSequencia: 7, IDUsuario: "48213", IDTransacao: "3f0d6a52-8c1e-4b7a-9d24-5e6f7a8b9c0d",
		IDProduto: "40917", Endereco: "Rua São João & Filhos, 12 | São Paulo | BR",
		CadastroEm: "2026-07-13 10:26:40", IDPlataforma: Mobile,
		Mensagem:      "transacao feita pelo usuario 48213",
		ValorCentavos: 129_990, Moeda: BRL, Tipo: PIX,
	}
	goal = ScoreEvent{
		ID: 1, Event: Goal, Team: TeamA, Period: 1, Score: Score{TeamA: 1}, Timestamp: 1752400000.123,
	}
	finished = ScoreEvent{
		ID: 42, Event: Finished, Team: TeamB, Period: 1, Score: Score{TeamA: 15, TeamB: 25},
		Timestamp: 1752400041.9876542,
	}
)

func originalTransaction() Transaction {
	t := fullTransaction
	t.ValorCentavos, t.Moeda, t.Tipo = 0, "", ""
	return t
}

func finishedMatch() ScoreEvent {
	e := finished
	e.Match = "0f8c7a52"
	return e
}

func TestGoldenTransactions(t *testing.T) {
	for _, c := range []struct {
		file string
		ours bool
		want Transaction
	}{
		{"transaction.json", true, fullTransaction},
		{"transaction_original.json", false, originalTransaction()},
	} {
		if c.ours {
			mustMatchGolden(t, c.file, encode(t, c.want))
		}
		got, err := DecodeTransaction(mustReadGolden(t, c.file))
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.file, got, err, c.want)
		}
	}
}

func TestGoldenScoreEvents(t *testing.T) {
	for _, c := range []struct {
		file string
		ours bool
		want ScoreEvent
	}{
		{"score_finished.json", true, finishedMatch()},
		{"score_goal_python.json", false, goal},
		{"score_finished_python.json", false, finished},
	} {
		if c.ours {
			mustMatchGolden(t, c.file, mustMarshal(t, c.want))
		}
		got, err := DecodeScoreEvent(mustReadGolden(t, c.file))
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.file, got, err, c.want)
		}
	}
}

func TestGoldenBoardRecord(t *testing.T) {
	want := BoardRecord{
		ID: 5, Match: "0f8c7a52", Event: Goal, Score: Score{TeamA: 3, TeamB: 2}, Tally: Score{TeamA: 3, TeamB: 1},
		Source: Source{Partition: 0, Offset: 4},
	}
	mustMatchGolden(t, "board_record.json", mustMarshal(t, want))
	got, err := DecodeBoardRecord(mustReadGolden(t, "board_record.json"))
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestGoldenAlertRecords(t *testing.T) {
	for file, want := range map[string]AlertRecord{
		"alert_user.json": {
			Rule: "count:20/1m", IDUsuario: "48213", Count: 21, ValorCentavos: 2_729_790, Moeda: BRL,
			TimestampMS: 1783938400123, Source: Source{Partition: 2, Offset: 4711},
		},
		"alert_platform.json": {
			Rule: "silence:5m", IDPlataforma: Tablet, Moeda: BRL, TimestampMS: 1783938700456, Source: Source{Partition: 0, Offset: 9000},
		},
	} {
		mustMatchGolden(t, file, mustMarshal(t, want))
		got, err := DecodeAlertRecord(mustReadGolden(t, file))
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", file, got, err, want)
		}
	}
}

// mustMatchGolden compares a value with its golden file, which ends in a newline for editors' sake.
func mustMatchGolden(t *testing.T, file string, value []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", file), append(value, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := string(value)+"\n", string(mustReadGolden(t, file)); got != want {
		t.Errorf("%s: got %s, want %s", file, got, want)
	}
}

func mustReadGolden(tb testing.TB, file string) []byte {
	tb.Helper()
	value, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		tb.Fatal(err)
	}
	return value
}

func mustMarshal(tb testing.TB, v any) []byte {
	tb.Helper()
	value, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return value
}
