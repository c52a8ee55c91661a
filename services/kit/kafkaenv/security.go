package kafkaenv

import (
	"cmp"
	"slices"
	"strings"

	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/service"
)

var protocols = []string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}

// SecurityVariables are those that say how connections are protected. A program that talks to an embedded cluster must not get
// them.
var SecurityVariables = []string{
	"KAFKA_CLIENT_CONFIG", "KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD",
	"KAFKA_SASL_PASSWORD_FILE", "KAFKA_SASL_TOKEN_URL", "KAFKA_SASL_SCOPE", "KAFKA_TLS_CA_FILE", "KAFKA_TLS_CERT_FILE",
	"KAFKA_TLS_KEY_FILE", "KAFKA_TLS_SERVER_NAME",
}

// protection is how connections are protected, as a file or variables say it, before it is known whether it fits together.
type protection struct {
	brokers  string // bootstrap.servers of a file
	protocol string
	tls      secure.TLS
	sasl     secure.SASL
}

// security reads KAFKA_CLIENT_CONFIG, and the variables that win over it. It returns the brokers that the file names, too.
func security(env *service.Env) (s *secure.Settings, brokers string) {
	var p protection
	file := env.Text("KAFKA_CLIENT_CONFIG", "", "a file",
		"client.properties of Kafka's tools: how connections are protected, and whom to ask first; other settings in it are not used")
	var mistakes []string
	if file != "" {
		mistakes = p.load(file)
	}
	for _, mistake := range mistakes {
		env.Fail("KAFKA_CLIENT_CONFIG", mistake)
	}
	p.variables(env)
	if len(mistakes) > 0 {
		return nil, "" // what is missing may be what was wrong
	}
	p.check(env)
	s = p.settings()
	if err := s.Check(); err != nil {
		env.Fail("KAFKA_SECURITY_PROTOCOL", err.Error())
	}
	return s, p.brokers
}

// variables puts what is set over what the file says.
func (p *protection) variables(env *service.Env) {
	accepted := strings.Join(protocols, ", ")
	p.protocol = env.Text("KAFKA_SECURITY_PROTOCOL", cmp.Or(p.protocol, "PLAINTEXT"), accepted, "how connections are protected")
	accepted = strings.Join(secure.Mechanisms, ", ")
	if name := env.Text("KAFKA_SASL_MECHANISM", p.sasl.Mechanism, accepted, "how to log in"); name != "" {
		p.sasl.Mechanism = name
	}
	p.sasl.User = env.Text("KAFKA_SASL_USERNAME", p.sasl.User, "a name", "user; of OAUTHBEARER, the client id")
	password := env.Text("KAFKA_SASL_PASSWORD", "", "a text", "password; of OAUTHBEARER, the client secret")
	file := env.Text("KAFKA_SASL_PASSWORD_FILE", "", "a file", "the same, read again for each connection")
	switch {
	case password != "" && file != "":
		env.Fail("KAFKA_SASL_PASSWORD_FILE", "KAFKA_SASL_PASSWORD is set too; choose one")
	case password != "":
		p.sasl.Password = secure.Text(password)
	case file != "":
		p.sasl.Password = secure.Source{File: file}
	}
	p.sasl.TokenURL = env.Text("KAFKA_SASL_TOKEN_URL", p.sasl.TokenURL, "an https address", "of OAUTHBEARER: where tokens are given out")
	p.sasl.Scope = env.Text("KAFKA_SASL_SCOPE", p.sasl.Scope, "names", "of OAUTHBEARER: what the token is for")
	pem := func(into *secure.Source, name, help string) {
		if file := env.Text(name, "", "a PEM file", help); file != "" {
			*into = secure.Source{File: file}
		}
	}
	pem(&p.tls.Authorities, "KAFKA_TLS_CA_FILE", "authorities that may sign the brokers' certificates; none: the system's")
	pem(&p.tls.Certificate, "KAFKA_TLS_CERT_FILE", "certificate of this client, for brokers that want one")
	pem(&p.tls.Key, "KAFKA_TLS_KEY_FILE", "its key, without a password; none: it is in KAFKA_TLS_CERT_FILE")
	p.tls.ServerName = env.Text("KAFKA_TLS_SERVER_NAME", "", "a host name", "of the brokers' certificates; none: the name that is dialed")
	if p.tls.Key.IsZero() {
		p.tls.Key = p.tls.Certificate // Kafka's own PEM files have both
	}
}

// check finds what does not fit together.
func (p *protection) check(env *service.Env) {
	login, encrypted := strings.HasPrefix(p.protocol, "SASL"), strings.HasSuffix(p.protocol, "SSL")
	switch {
	case !slices.Contains(protocols, p.protocol):
		env.Fail("KAFKA_SECURITY_PROTOCOL", "not an accepted value; accepted: "+strings.Join(protocols, ", "))
		return
	case login && p.sasl.Mechanism == "":
		env.Fail("KAFKA_SASL_MECHANISM", p.protocol+" needs one; accepted: "+strings.Join(secure.Mechanisms, ", "))
	case login && !slices.Contains(secure.Mechanisms, p.sasl.Mechanism):
		env.Fail("KAFKA_SASL_MECHANISM", "not an accepted value; accepted: "+strings.Join(secure.Mechanisms, ", "))
	case login && p.sasl.User == "":
		env.Fail("KAFKA_SASL_USERNAME", p.protocol+" needs a user")
	case login && p.sasl.Password.IsZero():
		env.Fail("KAFKA_SASL_PASSWORD_FILE", p.protocol+" needs KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE")
	case login && p.sasl.Mechanism == secure.OAuthBearer && p.sasl.TokenURL == "":
		env.Fail("KAFKA_SASL_TOKEN_URL", "OAUTHBEARER needs the address of the server that gives out tokens")
	case !login && (p.sasl.User != "" || !p.sasl.Password.IsZero()):
		env.Fail("KAFKA_SECURITY_PROTOCOL",
			"there is a user or a password, and "+p.protocol+" has no login; accepted: SASL_SSL, SASL_PLAINTEXT")
	}
	if !encrypted && (!p.tls.Authorities.IsZero() || !p.tls.Certificate.IsZero() || p.tls.ServerName != "") {
		env.Fail("KAFKA_SECURITY_PROTOCOL", "there are settings for TLS, and "+p.protocol+" has none; accepted: SSL, SASL_SSL")
	}
	if p.tls.Certificate.IsZero() && !p.tls.Key.IsZero() {
		env.Fail("KAFKA_TLS_CERT_FILE", "there is a key without its certificate")
	}
}

// settings are nil for plain text without a login.
func (p *protection) settings() *secure.Settings {
	if p.protocol == "PLAINTEXT" {
		return nil
	}
	s := &secure.Settings{}
	if strings.HasSuffix(p.protocol, "SSL") {
		s.TLS = &p.tls
	}
	if strings.HasPrefix(p.protocol, "SASL") {
		s.SASL = &p.sasl
	}
	return s
}
