package lines

import (
	"testing"

	"github.com/shopspring/decimal"

	"workshop.example/kit/service"
)

func TestMoney(t *testing.T) {
	for text, want := range map[string][2]string{
		"0": {"0,00", "0.00"}, "3421.4": {"3.421,40", "3,421.40"}, "1234.50": {"1.234,50", "1,234.50"}, "999.99": {"999,99", "999.99"},
		"1e6": {"1.000.000,00", "1,000,000.00"}, "-1234.5": {"-1.234,50", "-1,234.50"}, "-0.001": {"0,00", "0.00"},
		"4499.999999": {"4.499,99", "4,499.99"}, // cut: 4500.00 is a fraud
	} {
		d := decimal.RequireFromString(text)
		if got := [2]string{Money(service.Portuguese, d), Money(service.English, d)}; got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}
