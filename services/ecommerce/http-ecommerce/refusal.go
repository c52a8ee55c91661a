package httpecommerce

import (
	"fmt"
	"net/http"
	"strings"

	"workshop.example/kit/lines"
	"workshop.example/kit/service"
)

// refusal tells a client what is wrong with a request and what is accepted. It repeats nothing of the request:
// no script can be put into an answer.
type refusal struct {
	code   int
	pt, en string
}

// The refusals. Those for which the request is not to blame ask to send it again.
var (
	badBody = &refusal{http.StatusBadRequest,
		`corpo: deve ser um objeto JSON com "uuid", "email" e "amount"`,
		`body: must be one JSON object with "uuid", "email" and "amount"`}
	largeBody = &refusal{http.StatusRequestEntityTooLarge,
		fmt.Sprintf("o corpo tem mais de %d bytes", maxBody),
		fmt.Sprintf("the body is larger than %d bytes", maxBody)}
	noUUID = &refusal{http.StatusBadRequest,
		"uuid: falta; escolha um, para que o pedido possa ser enviado de novo sem virar um segundo pedido",
		"uuid: missing; choose one, so that this request can be sent again without a second order"}
	badUUID = &refusal{http.StatusBadRequest,
		"uuid: deve ter só letras, dígitos e hifens, até 64",
		"uuid: must be letters, digits and hyphens, up to 64"}
	badEmail = &refusal{http.StatusBadRequest,
		"e-mail: deve ser um endereço, como ana@example.com",
		"email: must be one address such as ana@example.com"}
	noNumber = &refusal{http.StatusBadRequest,
		"valor: deve ser um número, como 153 ou 4.499,99 (fora da página, 4499.99)",
		"amount: must be a number such as 153 or 4499.99, of at most 100 characters"}
	badAmount = &refusal{http.StatusBadRequest,
		"valor: deve ser maior que 0, até " + lines.Money(service.Portuguese, maxAmount),
		"amount: must be more than 0, up to " + lines.Money(service.English, maxAmount)}
	tooMany = &refusal{http.StatusTooManyRequests,
		"pedidos demais ao mesmo tempo; tente de novo com o mesmo uuid daqui a pouco",
		"too many orders at once; try again with the same uuid in a moment"}
	notStored = &refusal{http.StatusServiceUnavailable,
		"não foi possível guardar o pedido; tente de novo com o mesmo uuid",
		"the order could not be stored; try again with the same uuid"}
	reportsNotStored = &refusal{http.StatusServiceUnavailable,
		"não foi possível guardar a solicitação; tente de novo",
		"the request could not be stored; try again"}
)

// write answers with the refusal, in Portuguese where the client prefers that. example, which may be empty, is a request that is
// accepted.
func (r *refusal) write(w http.ResponseWriter, req *http.Request, example string) {
	text, label := r.en, "example"
	if strings.HasPrefix(strings.ToLower(req.Header.Get("Accept-Language")), "pt") {
		text, label = r.pt, "exemplo"
	}
	if example != "" {
		text += "\n" + label + ": " + example
	}
	http.Error(w, text, r.code)
}
