package lines

import (
	"fmt"

	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/service"
)

// problems are the reasons of a secure.Error in Portuguese.
var problems = map[secure.Problem]string{
	secure.NotTLS: "a porta não fala TLS; use KAFKA_SECURITY_PROTOCOL=PLAINTEXT ou SASL_PLAINTEXT, ou a porta de um listener com TLS",
	secure.NeedsTLS: "a porta fala TLS, ou não é do Kafka; use KAFKA_SECURITY_PROTOCOL=SSL ou SASL_SSL, e KAFKA_TLS_CA_FILE se a " +
		"autoridade é própria",
	secure.NeedsLogin: "o broker fecha a conexão na primeira pergunta, como faz um listener que quer login; use " +
		"KAFKA_SECURITY_PROTOCOL=SASL_SSL ou SASL_PLAINTEXT, com KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME e KAFKA_SASL_PASSWORD",
	secure.TakesNoLogin:    "o listener não tem login; use KAFKA_SECURITY_PROTOCOL=SSL ou PLAINTEXT, ou a porta de um listener com SASL",
	secure.NoSuchMechanism: "o listener não tem esse mecanismo; use em KAFKA_SASL_MECHANISM um dos que ele tem",
	secure.WrongPassword: "login recusado; confira KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD e KAFKA_SASL_MECHANISM: um usuário tem uma " +
		"senha para cada mecanismo",
	secure.UnknownAuthority: "ninguém em quem se confia aqui assinou o certificado do broker; use KAFKA_TLS_CA_FILE com o certificado da " +
		"autoridade que assinou",
	secure.WrongName: "o certificado do broker é de outros nomes; use um deles em BOOTSTRAP_SERVERS e em advertised.listeners do broker, " +
		"ou em KAFKA_TLS_SERVER_NAME",
	secure.Expired:       "o certificado do broker venceu; ponha um novo no broker, e confira o relógio desta máquina",
	secure.NotYetValid:   "o certificado do broker ainda não vale; confira o relógio desta máquina",
	secure.NoCertificate: "o broker quer um certificado dos clientes; use KAFKA_TLS_CERT_FILE e KAFKA_TLS_KEY_FILE",
	secure.BadCertificate: "o broker não aceita o certificado deste cliente; use em KAFKA_TLS_CERT_FILE um que valha, de uma autoridade " +
		"em que ele confia",
	secure.Unreadable: "um arquivo não serve; indique um que exista, que se possa ler, e que seja PEM",
	secure.NoToken:    "o servidor não deu token; confira KAFKA_SASL_TOKEN_URL, KAFKA_SASL_USERNAME e KAFKA_SASL_PASSWORD",
}

// Protection is why a connection was not protected as it should be, with what to do.
func Protection(lang service.Lang, err *secure.Error) string {
	if lang == service.English {
		return err.Error()
	}
	text := problems[err.Problem]
	if err.Detail != "" {
		text += fmt.Sprintf(" (%s)", err.Detail)
	}
	if err.Addr != "" {
		text = err.Addr + ": " + text
	}
	return text
}
