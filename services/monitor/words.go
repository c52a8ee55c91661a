package monitor

import (
	"github.com/shopspring/decimal"

	"workshop.example/kit/lines"
	"workshop.example/kit/service"
)

// words are the lines for students.
type words struct {
	lang    service.Lang
	ready   string
	held    string // partitions
	none    string
	tooMuch string // user, transactions, value, currency, place
	silent  string // platform, place
	place   string // rule, partition, offset
	summary string // read, alerts
}

var (
	portuguese = words{
		lang:    service.Portuguese,
		ready:   "brokers estão disponíveis: o monitor observa as transações",
		held:    "partições observadas: %s",
		none:    "nenhuma",
		tooMuch: "! alerta: o usuário %s tem %d transações, %s %s (%s)",
		silent:  "! alerta: a plataforma %s ficou em silêncio (%s)",
		place:   "regra %s, partição %d, offset %d",
		summary: "resumo: %d lidas · %d alertas",
	}
	english = words{
		lang:    service.English,
		ready:   "brokers are available: the monitor watches the transactions",
		held:    "partitions watched: %s",
		none:    "none",
		tooMuch: "! alert: user %s has %d transactions, %s %s (%s)",
		silent:  "! alert: platform %s has fallen silent (%s)",
		place:   "rule %s, partition %d, offset %d",
		summary: "summary: %d read · %d alerts",
	}
)

// money is an amount of cents for people.
func (v words) money(cents uint64) string {
	return lines.Money(v.lang, decimal.NewFromUint64(cents).Shift(-2))
}
