//go:build labs

package acceptance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/kafkatest"
)

// The page takes amounts as they are typed in its language, answers in it, and shows a fraud as another end than
// an approval.
func TestShopPage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang                                  string
		typed                                 map[string]string // and the JSON numbers that they mean
		amount, fraudulent                    string
		noNumber, noEmail, accepted, repeated string
		approved, fraud                       string
	}{
		{"pt", map[string]string{
			"1.234,50": "1234.50", "1.234": "1234", "1.234.567,8": "1234567.8", "153": "153", "153.00": "153.00", "153,00": "153.00",
			"1,234.50": "1234.50",
			"007,50":   "7.50", "0.500": "0.500", " 10,5 ": "10.5", "1.23.4": "1.23.4", "1,2,3": "1,2,3", "-1": "-1", "1e9": "1e9",
		}, "1.234,50", "4.500,00", "Recusado: valor: deve ser um número, como 153 ou 4.499,99", "Recusado: e-mail: deve ser um endereço",
			"Pedido de 1.234,50 aceito.", "Este pedido já tinha sido aceito: é o mesmo.", "✓ Aprovado.", "✗ Fraude: o pedido foi rejeitado"},
		{"en", map[string]string{
			"1,234.50": "1234.50", "1,234": "1234", "1.234": "1.234", "153,00": "153.00", "1.234,50": "1234.50", "0,500": "0.500",
		}, "1,234.50", "4,500.00", "Refused: amount: must be a number such as 153 or 4499.99", "Refused: email: must be one address",
			"Order of 1,234.50 accepted.", "This order was accepted before: it is the same.", "✓ Approved.", "✗ Fraud: the order was rejected"},
	} {
		t.Run(c.lang, func(t *testing.T) {
			shop := openShop(t, shoptest.Options{Brokers: kafkatest.Start(t).ListenAddrs(), Mails: true, Lang: c.lang})
			page := browser(t)
			must(t, page, "open the page", chromedp.Navigate(shop.Gateway.URL()))
			for typed, want := range c.typed {
				if got := must(t, page, typed, chromedp.Evaluate[string](fmt.Sprintf("plain(%q)", typed))); got != want {
					t.Errorf("%q: got %s, want %s", typed, got, want)
				}
			}
			send(t, page, "ana@example.com", "abc", "refused", c.noNumber)
			send(t, page, "ana", c.amount, "refused", c.noEmail)
			send(t, page, "ana@example.com", c.amount, "approved", c.accepted, c.approved)
			green := background(t, page)
			send(t, page, "ana@example.com", c.amount, "approved", c.repeated, c.approved)
			photograph(t, page, c.lang+"-approved")
			must(t, page, "another uuid", chromedp.Click("#fresh"))
			send(t, page, "bia@example.com", c.fraudulent, "fraud", c.fraud)
			if red := background(t, page); red == green {
				t.Errorf("a fraud is shown on %s, as an approval is", red)
			}
			photograph(t, page, c.lang+"-fraud")
		})
	}
}

// send fills in the form, sends the order, and waits until the page is in a state and says each of the texts.
func send(t *testing.T, page context.Context, email, amount, state string, texts ...string) {
	t.Helper()
	must(t, page, "e-mail", chromedp.SetValue("#email", email))
	must(t, page, "amount", chromedp.SetValue("#amount", amount))
	must(t, page, "send", chromedp.Click("#send"))
	said := ""
	kafkatest.Eventually(t, fmt.Sprintf("%s of %s is %s, with %q", amount, email, state, texts), func() bool {
		said = must(t, page, "status",
			chromedp.Evaluate[string](`document.querySelector("#status").dataset.state + ": " + document.querySelector("#status").textContent`))
		for _, text := range texts {
			if !strings.Contains(said, text) {
				return false
			}
		}
		return strings.HasPrefix(said, state+": ")
	})
	t.Log(said)
}

func background(t *testing.T, page context.Context) string {
	t.Helper()
	return must(t, page, "background", chromedp.Evaluate[string](`getComputedStyle(document.querySelector("#status")).backgroundColor`))
}

// photograph takes the page as a desktop and as a phone show it. Nothing may stick out of its width.
func photograph(t *testing.T, page context.Context, name string) {
	t.Helper()
	for _, width := range []int64{1280, 390} {
		must(t, page, "width", chromedp.EmulateViewport(width, 900))
		if got := must(t, page, "scroll width", chromedp.Evaluate[int64]("document.documentElement.scrollWidth")); got > width {
			t.Errorf("%s: the page is %d wide on a screen of %d", name, got, width)
		}
		shot := must(t, page, "screenshot", chromedp.FullScreenshot(100))
		file := filepath.Join(t.ArtifactDir(), fmt.Sprintf("%s-%d.png", name, width))
		if err := os.WriteFile(file, shot, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
