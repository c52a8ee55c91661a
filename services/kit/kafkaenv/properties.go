package kafkaenv

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/magiconair/properties"

	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/nearest"
)

// property puts the value of a key into p, or returns what is wrong with it.
type property func(p *protection, value string) error

// known are the keys that say how connections are protected, of the Java client and of librdkafka. Values may hold secrets: no
// message shows one.
var known = map[string]property{
	"bootstrap.servers": func(p *protection, v string) error { p.brokers = v; return nil },
	"security.protocol": func(p *protection, v string) error {
		p.protocol = strings.ToUpper(v)
		return oneOf(p.protocol, protocols...)
	},

	"sasl.mechanism":                                setMechanism,
	"sasl.mechanisms":                               setMechanism,
	"sasl.username":                                 func(p *protection, v string) error { p.sasl.User = v; return nil },
	"sasl.password":                                 func(p *protection, v string) error { p.sasl.Password = secure.Text(v); return nil },
	"sasl.jaas.config":                              (*protection).jaas,
	"sasl.login.class":                              nothing,
	"sasl.oauthbearer.token.endpoint.url":           func(p *protection, v string) error { p.sasl.TokenURL = v; return nil },
	"sasl.oauthbearer.scope":                        func(p *protection, v string) error { p.sasl.Scope = v; return nil },
	"sasl.oauthbearer.client.id":                    func(p *protection, v string) error { p.sasl.User = v; return nil },
	"sasl.oauthbearer.client.secret":                func(p *protection, v string) error { p.sasl.Password = secure.Text(v); return nil },
	"sasl.oauthbearer.method":                       func(_ *protection, v string) error { return oneOf(v, "oidc") },
	"sasl.oauthbearer.client.credentials.client.id": func(p *protection, v string) error { p.sasl.User = v; return nil },
	"sasl.oauthbearer.client.credentials.client.secret": func(p *protection, v string) error {
		p.sasl.Password = secure.Text(v)
		return nil
	},
	"sasl.login.callback.handler.class": func(_ *protection, v string) error {
		if !strings.HasSuffix(v, "OAuthBearerLoginCallbackHandler") {
			return fmt.Errorf("a class of Java's, which has no counterpart here; accepted: Kafka's own OAuthBearerLoginCallbackHandler")
		}
		return nil
	},

	"ssl.truststore.type":         pemOnly,
	"ssl.truststore.location":     func(p *protection, v string) error { p.tls.Authorities = secure.Source{File: v}; return notJKS(v) },
	"ssl.truststore.certificates": func(p *protection, v string) error { p.tls.Authorities = secure.Text(v); return nil },
	"ssl.truststore.password":     nothing, // PEM has none
	"ssl.ca.location":             func(p *protection, v string) error { p.tls.Authorities = secure.Source{File: v}; return nil },
	"ssl.ca.pem":                  func(p *protection, v string) error { p.tls.Authorities = secure.Text(v); return nil },

	"ssl.keystore.type":              pemOnly,
	"ssl.keystore.location":          func(p *protection, v string) error { p.tls.Certificate = secure.Source{File: v}; return notJKS(v) },
	"ssl.keystore.certificate.chain": func(p *protection, v string) error { p.tls.Certificate = secure.Text(v); return nil },
	"ssl.keystore.key":               func(p *protection, v string) error { p.tls.Key = secure.Text(v); return nil },
	"ssl.certificate.location":       func(p *protection, v string) error { p.tls.Certificate = secure.Source{File: v}; return nil },
	"ssl.certificate.pem":            func(p *protection, v string) error { p.tls.Certificate = secure.Text(v); return nil },
	"ssl.key.location":               func(p *protection, v string) error { p.tls.Key = secure.Source{File: v}; return nil },
	"ssl.key.pem":                    func(p *protection, v string) error { p.tls.Key = secure.Text(v); return nil },
	"ssl.keystore.password":          keyPassword,
	"ssl.key.password":               keyPassword,

	"ssl.endpoint.identification.algorithm": func(p *protection, v string) error {
		p.tls.AnyName = v == "" || v == "none"
		return oneOf(strings.ToLower(v), "https", "none", "")
	},
	"enable.ssl.certificate.verification": func(_ *protection, v string) error { return oneOf(v, "true") },
	"ssl.protocol":                        nothing, // the newest that both sides have, from 1.2 on
	"ssl.enabled.protocols":               nothing,
	"ssl.cipher.suites":                   nothing,
}

func nothing(*protection, string) error { return nil }

func setMechanism(p *protection, v string) error {
	p.sasl.Mechanism = v
	return oneOf(v, secure.Mechanisms...)
}

func oneOf(v string, accepted ...string) error {
	if slices.Contains(accepted, v) {
		return nil
	}
	return fmt.Errorf("not an accepted value; accepted: %s", strings.TrimSuffix(strings.Join(accepted, ", "), ", "))
}

func pemOnly(_ *protection, v string) error {
	if strings.EqualFold(v, "PEM") {
		return nil
	}
	return fmt.Errorf("accepted: PEM; «openssl pkcs12 -in STORE.p12 -nodes -out STORE.pem» makes it of PKCS12, and " +
		"«keytool -importkeystore -srckeystore STORE.jks -destkeystore STORE.p12 -deststoretype PKCS12» that of JKS")
}

func notJKS(file string) error {
	for _, end := range []string{".jks", ".p12", ".pfx"} {
		if strings.HasSuffix(strings.ToLower(file), end) {
			return pemOnly(nil, end)
		}
	}
	return nil
}

func keyPassword(_ *protection, v string) error {
	if v == "" {
		return nil
	}
	return fmt.Errorf("a key with a password is not read here; remedy: «openssl pkcs8 -in KEY -out NEWKEY», in a folder that only " +
		"you can read")
}

// load reads a properties file, and returns its mistakes.
func (p *protection) load(file string) (mistakes []string) {
	text, err := os.ReadFile(file)
	if err != nil {
		return []string{err.Error()}
	}
	loader := properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}
	all, err := loader.LoadBytes(text)
	if err != nil {
		return []string{"not a properties file: a line is KEY=VALUE"} // the library's error may show a line, and a password in it
	}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	for _, key := range all.Keys() {
		value, _ := all.Get(key)
		if set := known[key]; set != nil {
			if err := set(p, strings.TrimSpace(value)); err != nil {
				mistakes = append(mistakes, key+": "+err.Error())
			}
			continue
		}
		near := nearest.Names(key, names)
		ours := strings.HasPrefix(key, "ssl.") || strings.HasPrefix(key, "sasl.") || strings.HasPrefix(key, "security.")
		switch {
		case len(near) > 0 && (ours || slips(key, near[0])):
			mistakes = append(mistakes, fmt.Sprintf("%s: not known here; did you mean %s?", key, near[0]))
		case ours:
			mistakes = append(mistakes, key+": not known here; remove it where the connection does not need it")
		}
	}
	return mistakes
}

// slips reports whether a key differs from a known one by a slip: the settings of other parts of a client are many, and often
// look alike.
func slips(key, other string) bool {
	return len(key) > 8 && strings.Count(key, ".") == strings.Count(other, ".") && key[:4] == other[:4]
}

var option = regexp.MustCompile(`(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;]+))`)

// jaas takes user and password from a login module's options: what Java's tools want.
func (p *protection) jaas(value string) error {
	module, _, _ := strings.Cut(value, " ")
	modules := []string{"PlainLoginModule", "ScramLoginModule", "OAuthBearerLoginModule"}
	if !slices.Contains(modules, module[strings.LastIndexByte(module, '.')+1:]) {
		return fmt.Errorf("not a login module that has a counterpart here; accepted: %s", strings.Join(modules, ", "))
	}
	if !strings.HasSuffix(strings.TrimSpace(value), ";") {
		return fmt.Errorf("there is no semicolon at its end, which Kafka's own tools want")
	}
	for _, m := range option.FindAllStringSubmatch(value, -1) {
		text := m[4]
		if m[2] != "" || m[3] != "" {
			text = unescape.ReplaceAllString(m[2]+m[3], "$1")
		}
		switch m[1] {
		case "username", "clientId":
			p.sasl.User = text
		case "password", "clientSecret":
			p.sasl.Password = secure.Text(text)
		case "scope":
			p.sasl.Scope = text
		}
	}
	return nil
}

var unescape = regexp.MustCompile(`\\(.)`)
