package httpecommerce

import (
	"embed"
	"html/template"
	"net/http"

	"workshop.example/kit/service"
)

//go:embed static
var static embed.FS

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// pageWords are the page's texts for students.
type pageWords struct {
	Lang, Title, Lead, Email, Amount, UUID, Send, Reports, Trail, Empty, Legend string
	Accepted, Repeated, Conflict, Refused, Unreachable, Following, ReportsAsked string
	Approved, Fraud, Dead                                                       string // how an order's way ends
	New, Partition, Offset                                                      string
	Example, Point, Group                                                       string // of an amount
}

var pagePortuguese = pageWords{
	Lang: "pt-BR", Title: "Loja do workshop",
	Lead:  "Faça um pedido e veja o correlation id crescer, salto por salto, pelos tópicos do Kafka.",
	Email: "E-mail", Amount: "Valor (a partir de 4.500,00 é fraude)", UUID: "uuid do pedido: o mesmo uuid é o mesmo pedido",
	Send:    "Enviar pedido",
	Reports: "Gerar relatórios de todos os usuários", Trail: "O caminho do pedido", Empty: "Nenhum pedido ainda.",
	Legend:   "Cada linha é uma mensagem lida de um tópico. Em destaque, o que ela acrescentou ao correlation id.",
	Accepted: "Pedido de {amount} aceito.", Repeated: "Este pedido já tinha sido aceito: é o mesmo.",
	Conflict: "Recusado: este uuid já foi aceito com outro valor ou e-mail.", Refused: "Recusado: ",
	Unreachable: "O gateway não respondeu: tente de novo com o mesmo uuid.",
	Following:   "Seguindo o pedido...", ReportsAsked: "Relatórios solicitados.", New: "Novo uuid",
	Approved: "✓ Aprovado. O e-mail de confirmação foi solicitado.",
	Fraud:    "✗ Fraude: o pedido foi rejeitado, pois vale 4.500,00 ou mais.",
	Dead:     "✗ Um serviço não conseguiu processar o pedido: há uma mensagem morta.", Partition: "partição", Offset: "offset",
	Example: "153,00", Point: ",", Group: ".",
}

var pageEnglish = pageWords{
	Lang: "en", Title: "Workshop shop",
	Lead:  "Place an order, and watch the correlation id grow, hop by hop, through Kafka's topics.",
	Email: "E-mail", Amount: "Amount (4,500.00 and more is a fraud)", UUID: "the order's uuid: the same uuid is the same order",
	Send:    "Send order",
	Reports: "Generate every user's report", Trail: "The order's way", Empty: "No order yet.",
	Legend:   "Each row is a message read from a topic. Highlighted: what it added to the correlation id.",
	Accepted: "Order of {amount} accepted.", Repeated: "This order was accepted before: it is the same.",
	Conflict: "Refused: this uuid was accepted with another amount or e-mail.", Refused: "Refused: ",
	Unreachable: "The gateway did not answer: try again with the same uuid.",
	Following:   "Following the order...", ReportsAsked: "Reports requested.", New: "New uuid",
	Approved: "✓ Approved. The confirmation e-mail was requested.",
	Fraud:    "✗ Fraud: the order was rejected, because it is 4,500.00 or more.",
	Dead:     "✗ A service could not process the order: there is a dead letter.", Partition: "partition", Offset: "offset",
	Example: "153.00", Point: ".", Group: ",",
}

// page is the order form. It is the same for everybody: what a visitor types is shown by his browser,
// never by us.
func (s *server) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "+
		"form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
	if err := pageTemplate.Execute(w, service.Pick(s.process.Lang, pagePortuguese, pageEnglish)); err != nil {
		s.process.Log.Debug("the page was not taken", "error", err)
	}
}
