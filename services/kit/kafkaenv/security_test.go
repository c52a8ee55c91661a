package kafkaenv_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/service"
)

// The files that Kafka's own tools and managed services hand out.
func TestClientConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, lines ...string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const secret = "s3cret;=\"x"
	jaas := func(module, options string) string {
		return "sasl.jaas.config=org.apache.kafka.common.security." + module + " required " + options + ";"
	}
	for _, c := range []struct {
		name            string
		lines           []string
		protocol, login string // mechanism, user and password
		mistake         string
	}{
		{"nothing", nil, "PLAINTEXT", "", ""},
		{"Java, SCRAM", []string{"security.protocol=SASL_SSL", "sasl.mechanism=SCRAM-SHA-512",
			jaas("scram.ScramLoginModule", `username="ana" password="s3cret;=\\"x"`)}, "SASL_SSL", "SCRAM-SHA-512 ana " + secret, ""},
		{"Java, PLAIN, over lines", []string{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN",
			`sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \`, `    username='ana' \`, `    password='p w';`},
			"SASL_PLAINTEXT", "PLAIN ana p w", ""},
		{"librdkafka", []string{"security.protocol=sasl_ssl", "sasl.mechanisms=PLAIN", "sasl.username=KEY", "sasl.password=" + secret,
			"bootstrap.servers=b.example:9092"}, "SASL_SSL", "PLAIN KEY " + secret, ""},
		{"a managed service's, with other settings", []string{"bootstrap.servers=b.example:9092", "security.protocol=SASL_SSL",
			"sasl.mechanisms=PLAIN", "sasl.username=KEY", "sasl.password=x", "session.timeout.ms=45000", "client.id=ccloud", "acks=all",
			"schema.registry.url=https://r", "basic.auth.user.info=u:p", "client.dns.lookup=use_all_dns_ips"}, "SASL_SSL", "PLAIN KEY x", ""},
		{"TLS alone", []string{"security.protocol=SSL", "ssl.endpoint.identification.algorithm="}, "SSL", "", ""},

		{"a slip", []string{"security.protocl=SSL"}, "", "", "security.protocl: not known here; did you mean security.protocol?"},
		{"another slip", []string{"sasl.usrname=ana"}, "", "", "did you mean sasl.username?"},
		{"an unknown protocol", []string{"security.protocol=TLS"}, "", "", "accepted: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"},
		{"Kerberos", []string{"security.protocol=SASL_SSL", "sasl.mechanism=GSSAPI"}, "", "", "accepted: PLAIN, SCRAM-SHA-256"},
		{"a foreign module", []string{jaas("x.Krb5LoginModule", "useKeyTab=true")}, "", "", "accepted: PlainLoginModule"},
		{"JKS", []string{"security.protocol=SSL", "ssl.truststore.location=/x/trust.jks"}, "", "", "keytool -importkeystore"},
		{"a password for a key", []string{"security.protocol=SSL", "ssl.key.password=" + secret}, "", "", "openssl pkcs8"},
		{"no verification", []string{"security.protocol=SSL", "enable.ssl.certificate.verification=false"}, "", "", "accepted: true"},
		{"no user", []string{"security.protocol=SASL_SSL", "sasl.mechanism=PLAIN"}, "", "", "KAFKA_SASL_USERNAME"},
		{"no authority's file", []string{"security.protocol=SSL", "ssl.ca.location=/nowhere/ca.pem"}, "", "", "/nowhere/ca.pem"},
		{"a login without its protocol", []string{"sasl.username=ana", "sasl.password=" + secret}, "", "", "PLAINTEXT has no login"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := service.EnvOf(map[string]string{"KAFKA_CLIENT_CONFIG": write(t.Name()[len("TestClientConfig/"):], c.lines...)})
			cluster := kafkaenv.Cluster(env)
			err := env.Err()
			if c.mistake != "" {
				if err == nil || !strings.Contains(err.Error(), c.mistake) || strings.Contains(err.Error(), "s3cret") {
					t.Fatalf("%v, want a mistake with %q and without the secret", err, c.mistake)
				}
				return
			}
			if err != nil || cluster.Security.Protocol() != c.protocol {
				t.Fatalf("%s, %v, want %s", cluster.Security.Protocol(), err, c.protocol)
			}
			if c.login == "" {
				return
			}
			login := cluster.Security.SASL
			password, err := login.Password.Read()
			if got := login.Mechanism + " " + login.User + " " + password; got != c.login || err != nil {
				t.Errorf("login %q, want %q (%v)", got, c.login, err)
			}
			if strings.Contains(strings.Join(c.lines, " "), "b.example") != (cluster.Brokers[0] == "b.example:9092") {
				t.Errorf("brokers %v", cluster.Brokers)
			}
		})
	}
}

// Variables win over the file, and every mistake among them is named.
func TestSecurityVariables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		vars     map[string]string
		mistakes []string
	}{
		{"a login", map[string]string{"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USERNAME": "a",
			"KAFKA_SASL_PASSWORD": "s3cret"}, nil},
		{"two passwords", map[string]string{"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USERNAME": "a",
			"KAFKA_SASL_PASSWORD": "s3cret", "KAFKA_SASL_PASSWORD_FILE": "/x"}, []string{"KAFKA_SASL_PASSWORD_FILE"}},
		{"no such protocol", map[string]string{"KAFKA_SECURITY_PROTOCOL": "TLS", "KAFKA_SASL_PASSWORD": "s3cret"},
			[]string{"accepted: PLAINTEXT, SSL"}},
		{"nothing fits", map[string]string{"KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_PASSWORD": "s3cret", "KAFKA_TLS_SERVER_NAME": "b",
			"KAFKA_TLS_KEY_FILE": "/x"}, []string{"no login", "settings for TLS", "KAFKA_TLS_CERT_FILE"}},
		{"tokens from nowhere", map[string]string{"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM": "OAUTHBEARER",
			"KAFKA_SASL_USERNAME": "a", "KAFKA_SASL_PASSWORD": "s3cret"}, []string{"KAFKA_SASL_TOKEN_URL"}},
	} {
		env := service.EnvOf(c.vars)
		kafkaenv.Cluster(env)
		err := env.Err()
		if (err == nil) != (c.mistakes == nil) {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, want := range c.mistakes {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s in it", c.name, err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the password is shown: %v", c.name, err)
		}
	}
}

// No variable of a login reaches a program that is meant for an embedded cluster.
func TestSecurityVariablesAreWhole(t *testing.T) {
	t.Parallel()
	env := service.EnvOf(nil)
	kafkaenv.Cluster(env)
	var usage strings.Builder
	env.Usage(&usage)
	others := []string{"KAFKA_PROXY", "KAFKA_CLIENT_ID", "KAFKA_CLIENT_RACK"}
	for line := range strings.Lines(usage.String()) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(name, "KAFKA_") && !slices.Contains(others, name) && !slices.Contains(kafkaenv.SecurityVariables, name) {
			t.Errorf("%s is missing", name)
		}
	}
}
