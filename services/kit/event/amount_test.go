package event

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestAmountsAreExact(t *testing.T) {
	for text, want := range map[string]string{
		"153": "153", "4500": "4500", "0.10": "0.10", "4499.99": "4499.99", "4500.00": "4500.00", "1.5E+3": "1500", "1.5e3": "1500",
		"15e-1": "1.5", "0": "0", "-0": "0", "-7.50": "-7.50", "1E2": "100", "1.50E1": "15.0", "1e99": "1" + strings.Repeat("0", 99),
		"12345678901234567890.123456789": "12345678901234567890.123456789",
		// new BigDecimal(0.1), and a Math.random() * 5000 + 1
		"0.1000000000000000055511151231257827021181583404541015625": "0.1000000000000000055511151231257827021181583404541015625",
		"1.0000000000000002220446049250313080847263336181640625":    "1.0000000000000002220446049250313080847263336181640625",
	} {
		a := mustAmount(t, text)
		if a.String() != want || string(mustMarshal(t, a)) != want {
			t.Errorf("%s: got %s and the JSON %s, want %s", text, a, mustMarshal(t, a), want)
		}
		if exact, ok := new(big.Rat).SetString(text); !ok || a.Rat().Cmp(exact) != 0 {
			t.Errorf("%s: got %s, want no more and no less", text, a.Rat())
		}
	}
	limit := mustAmount(t, "4500")
	for text, fraud := range map[string]bool{
		"4499.999999999999999999": false,
		"4500":                    true,
		"4500.00":                 true,
		"45e2":                    true,
		"4.4999E3":                false,
	} {
		if got := mustAmount(t, text).GreaterThanOrEqual(limit.Decimal); got != fraud {
			t.Errorf("%s >= 4500: got %t, want %t", text, got, fraud)
		}
	}
}

// fmt asks a Format method before String, and the embedded decimal has one that drops zeros.
func TestAmountsArePrintedWithTheirScale(t *testing.T) {
	a := mustAmount(t, "3421.40")
	for format, want := range map[string]string{
		"%s":    "3421.40",
		"%v":    "3421.40",
		"%9s|":  "  3421.40|",
		"%-9v|": "3421.40  |",
		"%q":    `"3421.40"`,
		"%.1f":  "3421.4",
	} {
		if got := fmt.Sprintf(format, a); got != want {
			t.Errorf("%s: got %s, want %s", format, got, want)
		}
	}
	if got, want := fmt.Sprint(Order{ID: "1", Amount: a, Email: "e"}), "{1 3421.40 e}"; got != want {
		t.Errorf("inside an order: got %s, want %s", got, want)
	}
}

func TestAmountsRefused(t *testing.T) {
	began := time.Now()
	for _, text := range []string{
		"", " ", " 1", "1 ", "+1", "01", ".5", "1.", "1,5", "1_000", "0x10", "NaN", "Infinity", "-Infinity", `"1"`, "null", "true", "[1]", "1e",
		"1 2",
		"1e999999999", "1e-999999999", "-1e999999999", "1e2147483647", "1e-2147483648", "1e99999999999999999999", "0e999999999", "0e-999999999",
		"1e100", "1e-99", "123e98", strings.Repeat("9", 101), "0." + strings.Repeat("0", 99), "1e" + strings.Repeat("0", 99) + "1",
	} {
		if a, err := ParseAmount(text); err == nil || !strings.Contains(err.Error(), "at most 100 characters") {
			t.Errorf("%q: got %v, %v, want it refused with what is accepted", text, a.Decimal, err)
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("refusing took %s: the amounts were written out", took)
	}
}

// What is accepted is sent on, and has to be accepted there, with its scale.
func TestAmountsComeBack(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	accepted := 0
	for range 20_000 {
		text := fmt.Sprintf("%d", r.IntN(10))
		if r.IntN(2) == 0 {
			text = fmt.Sprintf("%d%0*d", 1+r.IntN(9), 1+r.IntN(60), r.Int64())
		}
		if r.IntN(2) == 0 {
			text += fmt.Sprintf(".%0*d", 1+r.IntN(60), r.Int64())
		}
		if r.IntN(2) == 0 {
			text += fmt.Sprintf("e%d", r.IntN(240)-120)
		}
		a, err := ParseAmount(text)
		if err != nil {
			continue
		}
		accepted++
		var again Amount
		if err := json.Unmarshal(mustMarshal(t, a), &again); err != nil || !again.Equal(a.Decimal) || again.String() != a.String() {
			t.Fatalf("seed %d: %s became %s, and then %s, %v", seed, text, a, again, err)
		}
	}
	if accepted < 5000 {
		t.Errorf("seed %d: only %d amounts were accepted: the test does not test", seed, accepted)
	}
}
