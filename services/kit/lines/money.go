package lines

import (
	"strings"

	"github.com/shopspring/decimal"

	"workshop.example/kit/service"
)

// Money is an amount for people: two decimals and groups of three digits, 1.234,50 in Portuguese and
// 1,234.50 in English. Further decimals are cut and not rounded: 4499.999 is approved, and shown as 4500.00
// it would look like a wrong decision. On the wire an amount keeps its scale; see event.Amount.
func Money(lang service.Lang, amount decimal.Decimal) string {
	group, point := service.Pick(lang, ".", ","), service.Pick(lang, ",", ".")
	text := amount.Truncate(2).StringFixed(2)
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	whole, cents, _ := strings.Cut(text, ".")
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(digit)
	}
	return sign + b.String() + point + cents
}
