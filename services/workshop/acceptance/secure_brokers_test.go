//go:build brokers

package acceptance

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/kafkatest"
)

// What a real broker does with each kind of connection, and what we say of it, within 5 s.
func TestSecureConnections(t *testing.T) {
	b := startSecureBroker(t)
	login := func(mechanism, password string) *secure.SASL {
		return &secure.SASL{Mechanism: mechanism, User: secureUser, Password: secure.Text(password)}
	}
	tokens := tokenServer(t)
	token := func(secret string) *secure.SASL {
		return &secure.SASL{Mechanism: secure.OAuthBearer, User: secureUser, Password: secure.Text(secret), TokenURL: tokens}
	}
	ours, err := b.authority.Issue("client", []string{"client"}, time.Now().Add(-time.Minute), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	mutual := b.trust()
	mutual.Certificate, mutual.Key = secure.Text(string(ours.CertificatePEM())), secure.Text(string(ours.KeyPEM()))
	const wrong = "wrong-password"
	for _, c := range []struct {
		name, listener string
		settings       *secure.Settings
		want           secure.Problem
	}{
		{"plain text", "PLAIN", nil, 0},
		{"TLS", "TLS", &secure.Settings{TLS: b.trust()}, 0},
		{"mutual TLS", "MUTUAL", &secure.Settings{TLS: mutual}, 0},
		{"PLAIN", "LOGIN", &secure.Settings{SASL: login(secure.Plain, securePassword)}, 0},
		{"SCRAM-SHA-256", "LOGIN", &secure.Settings{SASL: login(secure.SCRAM256, securePassword)}, 0},
		{"SCRAM-SHA-512 over TLS", "BOTH", &secure.Settings{TLS: b.trust(), SASL: login(secure.SCRAM512, securePassword)}, 0},

		{"OAUTHBEARER", "TOKEN", &secure.Settings{SASL: token(securePassword)}, 0},

		{"plain text on a port with TLS", "TLS", nil, secure.NeedsTLS},
		{"TLS on a port without", "PLAIN", &secure.Settings{TLS: b.trust()}, secure.NotTLS},
		{"no login where one is wanted", "LOGIN", nil, secure.NeedsLogin},
		{"no login over TLS", "BOTH", &secure.Settings{TLS: b.trust()}, secure.NeedsLogin},
		{"a login where there is none", "PLAIN", &secure.Settings{SASL: login(secure.Plain, wrong)}, secure.TakesNoLogin},
		{"an unknown mechanism", "LOGIN", &secure.Settings{SASL: token(securePassword)}, secure.NoSuchMechanism},
		{"wrong secret, OAUTHBEARER", "TOKEN", &secure.Settings{SASL: token(wrong)}, secure.NoToken},
		{"wrong password, PLAIN", "LOGIN", &secure.Settings{SASL: login(secure.Plain, wrong)}, secure.WrongPassword},
		{"wrong password, SCRAM", "BOTH", &secure.Settings{TLS: b.trust(), SASL: login(secure.SCRAM512, wrong)}, secure.WrongPassword},
		{"an expired certificate", "EXPIRED", &secure.Settings{TLS: b.trust()}, secure.Expired},
		{"another name", "ELSEWHERE", &secure.Settings{TLS: b.trust()}, secure.WrongName},
		{"an unknown authority", "TLS", &secure.Settings{TLS: &secure.TLS{}}, secure.UnknownAuthority},
		{"no certificate of ours", "MUTUAL", &secure.Settings{TLS: b.trust()}, secure.NoCertificate},
	} {
		t.Run(c.name, func(t *testing.T) {
			cluster := b.cluster(c.listener, c.settings)
			began := time.Now()
			client, err := cluster.DialOnce(t.Context(), cluster.Config("acceptance"))
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s, want 5s at most", took)
			}
			told, _ := errors.AsType[*secure.Error](err)
			switch {
			case c.want == 0 && err != nil, c.want != 0 && told == nil:
				t.Fatalf("%v, want problem %d", err, c.want)
			case told != nil && (told.Problem != c.want || strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), "remedy")):
				t.Fatalf("problem %d, want %d: %v", told.Problem, c.want, err)
			case told != nil:
				t.Log(err)
				return
			}
			defer client.Close()
			if _, err := client.Controller(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Batches, groups, transactions and the tool over a login with TLS: by a file that Kafka's own tools take, and by variables.
func TestSecurePrograms(t *testing.T) {
	b := startSecureBroker(t)
	byFile := "KAFKA_CLIENT_CONFIG=" + b.file("client.properties", []byte(strings.Join([]string{
		"bootstrap.servers=" + b.addr["BOTH"],
		"security.protocol=SASL_SSL",
		"sasl.mechanism=SCRAM-SHA-512",
		`sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \`,
		`  username="` + secureUser + `" password="` + securePassword + `";`,
		"ssl.truststore.type=PEM",
		"ssl.truststore.location=" + b.dir + "/ca.pem",
		"acks=all",
	}, "\n")))
	password := b.file("password", []byte(securePassword+"\n"))
	byVariables := []string{
		"BOOTSTRAP_SERVERS=" + b.addr["BOTH"], "KAFKA_SECURITY_PROTOCOL=SASL_SSL", "KAFKA_SASL_MECHANISM=SCRAM-SHA-256",
		"KAFKA_SASL_USERNAME=" + secureUser, "KAFKA_SASL_PASSWORD_FILE=" + password, "KAFKA_TLS_CA_FILE=" + b.dir + "/ca.pem",
	}
	for name, vars := range map[string][]string{"file": {byFile, "BOOTSTRAP_SERVERS="}, "variables": byVariables} {
		run := func(program string, more ...string) *program { return service(t, program, append(vars, more...)...) }
		apply := start(t, vars, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), "topics", "apply",
			"--topic", name+"-transactions:3", "--topic", name+"-scores:1", "--topic", name+"-board:1")
		if apply.exit(time.Minute) != 0 {
			t.Fatalf("%s: topics apply\n%s", name, strings.Join(apply.Logs(), "\n"))
		}
		for _, publisher := range []string{"batch", "sarama"} {
			if p := run("producer", "TOPIC="+name+"-transactions", "COUNT=500", "PACE=0", "PUBLISHER="+publisher); p.exit(time.Minute) != 0 {
				t.Errorf("%s: the producer has ended with an error", name)
			}
		}
		if p := run("score-simulator", "TOPIC="+name+"-scores", "PACE=0", "TRANSACTIONAL_ID="+name); p.exit(time.Minute) != 0 {
			t.Errorf("%s: the score simulator has ended with an error", name)
		}
		board := run("scoreboard", "TOPIC="+name+"-scores", "DELIVERY=exactly-once", "BOARD_TOPIC="+name+"-board", "CONSUMER_GROUP="+name)
		if board.exit(time.Minute) != 0 {
			t.Errorf("%s: the scoreboard has ended with an error", name)
		}
		lab := start(t, append(vars, "WORKSHOP_LANG=en"), filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"),
			"lab", "run", "at-least-once", "--brokers", b.addr["BOTH"])
		if lab.exit(2*time.Minute) != 0 {
			t.Errorf("%s: a lab", name)
		}
		lab = start(t, append(vars, "WORKSHOP_LANG=en"), filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"),
			"lab", "run", "idempotence", "--brokers", b.addr["BOTH"])
		if code := lab.exit(time.Minute); code != 2 || !strings.Contains(strings.Join(lab.Logs(), "\n"), "TLS hides that") {
			t.Errorf("%s: a lab that reads what goes over the wire: exit code %d", name, code)
		}
		consumer := run("consumer", "TOPIC="+name+"-transactions", "CONSUMER_GROUP="+name)
		kafkatest.Eventually(t, "1,000 transactions are consumed", func() bool {
			return strings.Count(strings.Join(consumer.Lines(), "\n"), `{"id_sequencia":`) == 1000
		})
		consumer.terminate()
	}
}

// A wrong password is a wait that says why. With the right one in its file the program goes on by itself.
func TestPasswordIsMended(t *testing.T) {
	b := startSecureBroker(t)
	password := b.file("password", []byte("old-password\n"))
	producer := service(t, "producer", "TOPIC=any", "BOOTSTRAP_SERVERS="+b.addr["BOTH"], "KAFKA_SECURITY_PROTOCOL=SASL_SSL",
		"KAFKA_SASL_MECHANISM=SCRAM-SHA-512", "KAFKA_SASL_USERNAME="+secureUser, "KAFKA_SASL_PASSWORD_FILE="+password,
		"KAFKA_TLS_CA_FILE="+b.dir+"/ca.pem", "COUNT=10")
	producer.waitFor("login recusado")
	list := start(t, []string{"BOOTSTRAP_SERVERS=" + b.addr["LOGIN"], "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM=PLAIN",
		"KAFKA_SASL_USERNAME=" + secureUser, "KAFKA_SASL_PASSWORD=old-password", "WORKSHOP_LANG=en"},
		filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), "topics", "list")
	if code := list.exit(kafkatest.Deadline); code != 1 || !strings.Contains(strings.Join(list.Logs(), "\n"), "login refused") {
		t.Errorf("topics list with a wrong password: exit code %d", code)
	}
	b.file("password", []byte(securePassword+"\n"))
	producer.waitFor("o tópico any ainda não existe")
	for _, line := range append(producer.Lines(), producer.Logs()...) {
		if strings.Contains(line, "old-password") {
			t.Errorf("the password is shown: %s", line)
		}
	}
}

// A broker that ends sessions (connections.max.reauth.ms) closes connections under every program: nothing is lost, and nothing
// done twice.
func TestSessionsEnd(t *testing.T) {
	b := startSecureBroker(t)
	vars := []string{"BOOTSTRAP_SERVERS=" + b.addr["BRIEF"], "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
		"KAFKA_SASL_USERNAME=" + secureUser, "KAFKA_SASL_PASSWORD=" + securePassword}
	apply := start(t, vars, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), "topics", "apply")
	if apply.exit(time.Minute) != 0 {
		t.Fatal("topics apply")
	}
	run := func(name string, more ...string) *program { return service(t, name, append(vars, more...)...) }
	batch := run("producer", "PACE=5ms", "COUNT=1000", "PUBLISHER=batch")
	sarama := run("producer", "PACE=5ms", "COUNT=1000", "PUBLISHER=sarama")
	simulator := run("score-simulator", "PACE=100ms", "TRANSACTIONAL_ID=simulator")
	board := run("scoreboard", "DELIVERY=exactly-once", "BOARD_TOPIC=scoreBoard", "CONSUMER_GROUP=board")
	consumer := run("consumer", "CONSUMER_GROUP=consumer")
	for _, p := range []*program{batch, sarama, simulator, board} {
		if code := p.exit(2 * time.Minute); code != 0 {
			t.Errorf("%s: exit code %d", p.name, code)
		}
	}
	for _, p := range []*program{batch, sarama} {
		if got := strings.Join(p.Lines(), "\n"); !strings.Contains(got, "1000 enviadas · 1000 confirmadas · 0 falharam · 0 sem resposta") {
			t.Errorf("the producer's summary is another")
		}
	}
	if got := strings.Join(board.Lines(), "\n"); !strings.Contains(got, "ids perdidos: nenhum · ids repetidos: nenhum") {
		t.Errorf("the board has lost or repeated something")
	}
	kafkatest.Eventually(t, "all transactions are consumed", func() bool {
		return strings.Count(strings.Join(consumer.Lines(), "\n"), `{"id_sequencia":`) >= 2000
	})
	consumer.terminate()
	// The control: connections were closed under them.
	if logs := strings.Join(append(board.Logs(), consumer.Logs()...), "\n"); !strings.Contains(logs, "EOF") {
		t.Errorf("no connection was closed:\n%s", logs)
	}
}

// Who may not do something is told which right is missing on what, in 5 s.
func TestMissingRights(t *testing.T) {
	b := startSecureBroker(t)
	admin, err := sarama.NewClusterAdmin(b.cluster("PLAIN", nil).Brokers, b.cluster("PLAIN", nil).AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for _, topic := range []string{"closed", "open"} {
		if err := admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false); err != nil {
			t.Fatal(err)
		}
	}
	b.allow(admin, sarama.AclResourceTopic, "open", sarama.AclOperationRead, sarama.AclOperationWrite)
	b.allow(admin, sarama.AclResourceGroup, "known", sarama.AclOperationRead)
	vars := []string{"BOOTSTRAP_SERVERS=" + b.addr["LOGIN"], "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
		"KAFKA_SASL_USERNAME=" + powerlessUser, "KAFKA_SASL_PASSWORD=" + securePassword, "DEAD_LETTER_TOPIC=none", "PACE=0"}
	for _, c := range []struct {
		name, program string
		vars          []string
		told          string // of the right and of what it is on
	}{
		{"topic, producer", "producer", []string{"TOPIC=closed"}, "não tem permissão no tópico closed"},
		{"topic, consumer", "consumer", []string{"TOPIC=closed", "CONSUMER_GROUP=known"}, "não tem permissão no tópico closed"},
		{"group", "consumer", []string{"TOPIC=open", "CONSUMER_GROUP=foreign"}, "não tem permissão no grupo foreign: dê a ele READ"},
		{"transactional id", "score-simulator", []string{"TOPIC=open", "TRANSACTIONAL_ID=foreign"},
			`não tem permissão no TRANSACTIONAL_ID "foreign": dê a ele WRITE`},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			p := service(t, c.program, append(vars, c.vars...)...)
			p.waitFor(c.told)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s, want 5s at most", took)
			}
		})
	}
	// The control: with the rights the same programs work.
	if p := service(t, "producer", append(vars, "TOPIC=open", "COUNT=10")...); p.exit(time.Minute) != 0 {
		t.Error("the producer has ended with an error, though it has the right")
	}
	consumer := service(t, "consumer", append(vars, "TOPIC=open", "CONSUMER_GROUP=known")...)
	consumer.waitFor(`{"id_sequencia":10,`)
	consumer.terminate()
}

// tokenServer gives a token to who has the right secret (RFC 6749, section 4.4): one without a signature (RFC 7515, appendix A.5), which a
// broker takes that was told of no keys.
func tokenServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if _, secret, _ := r.BasicAuth(); secret != securePassword {
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"error": "invalid_client"}`)
			return
		}
		now := time.Now().Unix()
		part := func(format string, a ...any) string {
			return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, format, a...))
		}
		token := part(`{"alg":"none"}`) + "." + part(`{"sub":%q,"iat":%d,"exp":%d}`, secureUser, now, now+60) + "."
		fmt.Fprintf(w, `{"access_token": %q, "token_type": "bearer", "expires_in": 60}`, token)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
