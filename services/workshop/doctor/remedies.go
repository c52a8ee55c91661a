package doctor

import (
	"errors"
	"net"
	"strings"

	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/service"
)

// unanswered is an address that was given, and at which no broker answers.
func (d dialer) unanswered(check string, a answer) Line {
	host, port, _ := net.SplitHostPort(a.addr)
	if refused, ok := errors.AsType[*secure.Error](a.err); ok {
		return fail(check, d.text("%s: a conexão não fica protegida", "%s: the connection cannot be protected", a.addr),
			service.Words(service.Lang(d.say), refused.Error()))
	}
	switch problemOf(a.err) {
	case noName:
		return fail(check, d.text("%s: este nome não existe aqui", "%s: there is no such name here", host), d.name())
	case closed:
		return fail(check, d.text("%s: a porta está fechada", "%s: the port is closed", a.addr),
			d.text("inicie o broker (docker compose up -d, make kafka-up, make demo) e confira a porta; em outra máquina confira também "+
				"BIND_ADDRESS, sem o qual ele só ouve 127.0.0.1",
				"start the broker (docker compose up -d, make kafka-up, make demo) and check the port; on another machine also BIND_ADDRESS, "+
					"without which it listens on 127.0.0.1 only"))
	case lost:
		return fail(check, d.text("%s: nenhuma resposta (%s)", "%s: no reply (%s)", a.addr, reason(a.err)), d.passage(port))
	case silent:
		return fail(check, d.text("%s: aceita a conexão e não responde", "%s: accepts the connection and does not answer", a.addr),
			d.text("o broker está pausado (docker unpause, kill -CONT, ou a máquina dorme), ainda está iniciando, ou ali não há Kafka",
				"the broker is paused (docker unpause, kill -CONT, or its machine sleeps), still starting, or there is no Kafka there"))
	}
	return fail(check, d.text("%s: a porta está aberta, mas quem responde não fala como o Kafka",
		"%s: the port is open, but what answers does not speak as Kafka does", a.addr),
		d.text("confira a porta: é de outro programa, ou de um listener com TLS",
			"check the port: it is another program's, or a listener's with TLS"))
}

// unreachable is a broker that the cluster knows, and that cannot be reached where it says that it is:
// the most common mistake in setting up Kafka.
func (d dialer) unreachable(check string, a answer, first answer) Line {
	host, port, _ := net.SplitHostPort(a.addr)
	text := d.text("%s responde, mas o broker anuncia %s, e ", "%s answers, but the broker advertises %s, and ", first.addr, a.addr)
	switch problemOf(a.err) {
	case noName:
		if !strings.Contains(host, ".") {
			return fail(check, text+d.text("este nome só existe na rede dos contêineres: você entrou pelo listener deles",
				"that name exists only in the containers' network: you came in by their listener"),
				d.text("de fora do Docker use o listener publicado (localhost:9091,localhost:9092,localhost:9093; de outra máquina, o endereço em "+
					"ADVERTISED_HOST); dentro, entre na rede do stack",
					"outside Docker use the published listener (localhost:9091,localhost:9092,localhost:9093; from another machine the address in "+
						"ADVERTISED_HOST); inside, join the stack's network"))
		}
		return fail(check, text+d.text("este nome não existe aqui", "there is no such name here"), d.name())
	case closed:
		return fail(check, text+d.text("ali a porta está fechada", "the port is closed there"),
			d.text("se esse broker caiu, inicie-o; se não, o endereço anunciado está errado: %s",
				"if that broker is down, start it; if not, its advertised address is wrong: %s", d.advertise(first.addr)))
	case lost:
		remedy := d.passage(port)
		if isPrivate(a.addr) && !isPrivate(first.addr) {
			remedy = d.text("%s é um endereço privado, de dentro da rede do servidor: %s",
				"%s is a private address, of the server's own network: %s", host, d.advertise(first.addr))
		}
		return fail(check, text+d.text("dali nada volta (%s)", "nothing comes back from there (%s)", reason(a.err)), remedy)
	}
	return d.unanswered(check, a)
}

func (d dialer) name() string {
	return d.text("confira o nome; se estiver certo, ponha-o no DNS ou em /etc/hosts, ou anuncie um endereço IP (ADVERTISED_HOST)",
		"check the name; if it is right, put it into DNS or /etc/hosts, or advertise an IP address (ADVERTISED_HOST)")
}

func isPrivate(addr string) bool {
	host, _, _ := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return ip != nil && ip.IsPrivate()
}

// passage is the remedy where packets get lost on their way.
func (d dialer) passage(port string) string {
	return d.text("confira o endereço, e se o firewall ou security group do servidor deixa entrar a porta %s (sudo ufw allow %[1]s)",
		"check the address, and whether the server's firewall or security group lets port %s in (sudo ufw allow %[1]s)", port)
}

// reason is a network error without the operation and the address, which the line has already.
func reason(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err.Error()
	}
	return err.Error()
}
