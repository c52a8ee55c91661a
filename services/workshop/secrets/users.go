package secrets

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
)

const (
	passwordFile = "password"
	clientFile   = "client.properties"
)

// Password returns a user's password. Where there is none, or a new one is wanted, it makes one.
func (f Folder) Password(user string, group int, anew bool) (password string, made bool, err error) {
	text, err := read(f.path(user, passwordFile))
	if password = strings.TrimSpace(string(text)); err != nil || password != "" && !anew {
		return password, false, err
	}
	password = rand.Text() // 128 bits or more
	return password, true, f.write(user, passwordFile, group, []byte(password+"\n"))
}

const loginModule = "org.apache.kafka.common.security.scram.ScramLoginModule required"

// WriteClient writes what a user's clients need to reach the brokers: one file with all, to hand out, and the login alone.
func (f Folder) WriteClient(user, password string, group int, brokers []string) error {
	authority, err := os.ReadFile(f.AuthorityFile())
	if err != nil {
		return err
	}
	login := fmt.Sprintf("%s username=%q password=%q;", loginModule, user, password)
	var p strings.Builder
	fmt.Fprintf(&p, "# %s's connection, password included. For the workshop's programs: export KAFKA_CLIENT_CONFIG=this file.\n", user)
	fmt.Fprintf(&p, "bootstrap.servers=%s\nsecurity.protocol=SASL_SSL\n", strings.Join(brokers, ","))
	fmt.Fprintf(&p, "sasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=%s\n", login)
	p.WriteString(trust(authority))
	if err := f.write(user, clientFile, group, []byte(p.String())); err != nil {
		return err
	}
	return f.write(user, "jaas.conf", group, []byte("KafkaClient {\n  "+login+"\n};\n"))
}

// trust are the lines of a client.properties that hold the authority's certificate.
func trust(authority []byte) string {
	return fmt.Sprintf("ssl.truststore.type=PEM\nssl.truststore.certificates=%s\n", strings.ReplaceAll(strings.TrimSpace(string(authority)), "\n", `\n\
  `))
}
