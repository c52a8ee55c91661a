package cli

import (
	"io"
	"path/filepath"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/local"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/screen"
)

// options combines flags and environment. What the lab prints goes to lines.
func (r *experimentRun) options() (o rig.Options, lines io.Writer, err error) {
	if o.Lang, err = r.lang(); err != nil {
		return o, nil, err
	}
	if err = r.checkOutput(); err != nil {
		return o, nil, err
	}
	if o.Cluster, err = r.labCluster(); err != nil {
		return o, nil, err
	}
	if o.BinDir, err = r.binDir(); err != nil {
		return o, nil, err
	}
	lines = r.stdout
	if r.asJSON {
		lines = r.stderr
	}
	o.Seed, o.Pace, o.Keep = r.seed, r.pace, r.keep
	o.Environ = local.Without(r.environ, contractVariables...)
	o.Kafka4Home, _ = r.lookup("KAFKA4_HOME")
	o.KafkaData, _ = r.lookup("KAFKA_DATA")
	if o.KafkaData == "" {
		o.KafkaData = filepath.Join(o.BinDir, "..", ".kafka")
	}
	o.ContainerPrefix, _ = r.lookup("CONTAINER_PREFIX")
	o.Screen = screen.New(lines, r.stderr, r.lookup, "score-simulator")
	if r.quiet {
		o.Screen.HideProcesses()
	}
	o.Say = func(text service.Text) {
		if isDrawing(text) {
			o.Screen.Tell(text.In(o.Lang))
			return
		}
		o.Screen.Event(text.In(o.Lang))
	}
	return o, lines, nil
}

// labCluster returns the cluster that the user names, or one without brokers.
func (r *experimentRun) labCluster() (kafka.Cluster, error) {
	if named, _ := r.lookup("BOOTSTRAP_SERVERS"); named == "" && r.brokers == "" {
		return kafka.Cluster{}, nil
	}
	return r.cluster(r.brokers, "--"+bootstrapFlag)
}

// lang returns the language that WORKSHOP_LANG names.
func (t *tool) lang() (service.Lang, error) {
	env := service.NewEnv(t.lookup)
	lang := env.Lang()
	return lang, env.Err()
}

// contractVariables are the variables that the programs read. A lab sets those that it needs; the others must not come
// from the user's shell.
var contractVariables = []string{
	"BOOTSTRAP_SERVERS", "kafka_host_url", "TOPIC", "CONSUMER_GROUP", "GROUP_INSTANCE_ID", "GROUP_STRATEGY", "AUTO_OFFSET_RESET", "ISOLATION",
	"DEAD_LETTER_TOPIC", "MESSAGE_KEY", "PACE", "COUNT", "MATCHES", "MATCH_PAUSE", "SEED", "ACKS", "IDEMPOTENT", "COMPRESSION", "PUBLISHER",
	"TRANSACTIONAL_ID", "TRANSACTION_TIMEOUT", "TXN_BATCH", "ABORT_EVERY", "DELIVERY", "BOARD_TOPIC", "FAIL_AT_ID", "FAIL_MODE",
	"ALERTS_TOPIC", "RULES", "CURRENCY", "SCORE_TOPIC", "HTTP_ADVERTISED",
	"TOPIC_PREFIX", "WORKERS", "WORK", "INTAKE", "REMEMBER", "HTTP_PORT", "HTTP_ADDR", "MAX_PENDING", "SMTP_ADDR", "SMTP_FROM",
	"SMTP_USER", "SMTP_PASSWORD_FILE", "SMTP_CA_FILE", "OTEL_EXPORTER_OTLP_ENDPOINT",
	"SMTP_LISTEN", "REPORT_DIR", "USERS_DB", "BATCH", "FETCH_BYTES", "ACK", "RELEASE_ONCE", "RELEASE_ALWAYS", "REJECT",
	"STATE_DIR", "HISTORY", "BROKEN", "KAFKA_PROXY", "KAFKA_CLIENT_ID", "KAFKA_CLIENT_RACK", "OPS_ADDR", "WORKSHOP_LANG", "LOG_LEVEL",
}
