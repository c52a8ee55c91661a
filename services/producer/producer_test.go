package producer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
	"workshop.example/kit/service"
)

func env(c *kafkatest.Cluster, more ...string) map[string]string {
	vars := map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap(), "PACE": "0", "SEED": "42"}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	return vars
}

var sentLine = regexp.MustCompile(`^mensagem enviada para o kafka com id de sequência (\d+) \(partição (\d+), offset (\d+)\)$`)

// published checks the whole account: a line an acknowledgement, each message in the log exactly
// where its line says, once, keyed by its user, and in the order of the sequence for each key. It returns
// what it has measured.
func published(t *testing.T, c *kafkatest.Cluster, r *kafkatest.Run, count int) reliability.Measurement {
	t.Helper()
	m := reliability.Measurement{Guarantee: noneTwice, Ground: reliability.Embedded, Test: t.Name(), Events: count}
	at := map[string]string{}
	for _, line := range r.Out.Lines() {
		if m := sentLine.FindStringSubmatch(line); m != nil {
			at[m[1]] = m[2] + "/" + m[3]
		}
	}
	if len(at) != count {
		t.Errorf("%d acknowledged messages on the screen, want %d", len(at), count)
	}
	if metrics := kafkatest.Metrics(t, r.Ops.Registry); metrics["workshop_messages_published_total acknowledged"] != float64(count) ||
		count > 0 && metrics["workshop_publish_seconds"] == 0 || metrics["workshop_publish_seconds"] > float64(count) {
		t.Errorf("metrics %v, want %d acknowledged, measured in batches", metrics, count)
	}
	last, stored := map[string]int64{}, map[int64]bool{}
	msgs := c.ReadAll("transactions")
	for _, msg := range msgs {
		tx, err := event.DecodeTransaction(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprintf("%d/%d", msg.Partition, msg.Offset), at[fmt.Sprint(tx.IDSequencia)]; got != want {
			t.Errorf("message %d is at %s, its line says %s", tx.IDSequencia, got, want)
		}
		if string(msg.Key) != tx.IDUsuario {
			t.Errorf("key %q of user %s", msg.Key, tx.IDUsuario)
		}
		if stored[tx.IDSequencia] {
			m.Duplicated++
		}
		stored[tx.IDSequencia] = true
		if tx.IDSequencia <= last[tx.IDUsuario] {
			m.OutOfOrder++
			t.Errorf("user %s: message %d comes after %d", tx.IDUsuario, tx.IDSequencia, last[tx.IDUsuario])
		}
		last[tx.IDUsuario] = tx.IDSequencia
	}
	if len(msgs) != count {
		t.Errorf("%d messages in the log, want %d", len(msgs), count)
	}
	m.Lost = max(0, len(at)-len(stored))
	return m
}

func TestPublishes(t *testing.T) {
	t.Parallel()
	for _, more := range [][]string{
		{"COUNT", "5000"},
		{"COUNT", "2000", "COMPRESSION", "lz4"},
		{"COUNT", "2000", "COMPRESSION", "zstd"},
		{"COUNT", "2000", "ACKS", "1", "IDEMPOTENT", "false"},
		{"COUNT", "5000", "PUBLISHER", "sarama"},
		{"COUNT", "2000", "PUBLISHER", "sarama", "COMPRESSION", "zstd"},
		{"COUNT", "50", "PACE", "100us"},
	} {
		t.Run(strings.Join(more, "_"), func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Start(t, "transactions:3")
			r := kafkatest.StartRun(t, env(c, more...), configure, run)
			if err := r.Wait(); err != nil {
				t.Fatal(err)
			}
			count, err := strconv.Atoi(more[1])
			if err != nil {
				t.Fatal(err)
			}
			published(t, c, r, count)
			r.WaitFor(fmt.Sprintf("resumo: %d enviadas · %d confirmadas · 0 falharam · 0 sem resposta", count, count))
			if first := r.Out.Lines()[0]; first != "brokers estão disponíveis e prontos para produzir mensagens" {
				t.Errorf("first line %q", first)
			}
		})
	}
}

// On a topic whose limit is far below a batch of sarama's every message is acknowledged, in order.
// (The control is kit/kafka's TestBatchesThatDoNotFitAreRefused.)
func TestPublishesBelowALowLimit(t *testing.T) {
	t.Parallel()
	for _, compression := range []string{"none", "zstd"} {
		c := kafkatest.Start(t)
		if err := c.Cluster.CreateTopic("transactions", 3, map[string]string{"max.message.bytes": "4096"}); err != nil {
			t.Fatal(err)
		}
		r := kafkatest.StartRun(t, env(c, "COUNT", "2000", "COMPRESSION", compression), configure, run)
		if err := r.Wait(); err != nil {
			t.Fatal(err)
		}
		published(t, c, r, 2000)
	}
}

// With acks=0 nobody tells where a message went, so the line does not either.
func TestAcksZeroNamesNoOffset(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3")
	r := kafkatest.StartRun(t, env(c, "ACKS", "0", "IDEMPOTENT", "false", "COUNT", "1"), configure, run)
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	if got, want := r.Out.Lines()[1], "mensagem enviada para o kafka com id de sequência 1"; got != want {
		t.Errorf("line %q, want %q", got, want)
	}
}

// A stop in the middle of the stream: what was acknowledged is in the log, and nothing is unknown.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3")
	r := kafkatest.StartRun(t, env(c), configure, run)
	r.WaitFor("id de sequência 1000 ")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	published(t, c, r, len(c.ReadAll("transactions")))
}

// Partitions added under way are sent to, and nothing is lost or out of order for it. With old metadata,
// the control, they are not.
func TestAddedPartitionsAreSentTo(t *testing.T) {
	t.Parallel()
	for _, age := range []time.Duration{100 * time.Millisecond, time.Hour} {
		c := kafkatest.Start(t, "transactions:3")
		r := kafkatest.StartRun(t, env(c, "PACE", "200us"), func(env *service.Env) config {
			cfg := configure(env)
			cfg.cluster.MetadataAge = age
			return cfg
		}, run)
		r.WaitFor("id de sequência 500 ")
		c.AddPartitions("transactions", 6) // a user's messages stay where they are, or go three partitions on
		if age < time.Minute {
			r.WaitFor("(partição 5,")
		} else {
			r.WaitFor("id de sequência 3000 ")
		}
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		published(t, c, r, len(c.ReadAll("transactions")))
		if age > time.Minute && strings.Contains(r.Out.String(), "(partição 5,") {
			t.Error("a new partition was sent to with old metadata")
		}
	}
}

// Any order of starts will do: the producer says what it waits for, and goes on by itself.
func TestWaitsForBrokersAndTopic(t *testing.T) {
	t.Parallel()
	port := kafkatest.FreePort(t)
	r := kafkatest.StartRun(t, map[string]string{
		"BOOTSTRAP_SERVERS": fmt.Sprintf("127.0.0.1:%d", port),
		"PACE":              "0",
		"COUNT":             "1",
	}, configure, run)
	r.WaitFor(fmt.Sprintf("brokers ainda não disponíveis: 127.0.0.1:%d: conexão recusada", port))
	if r.Ops.Ready() == nil {
		t.Error("ready without a broker")
	}
	c := kafkatest.StartOn(t, port)
	r.WaitFor("brokers ainda não disponíveis: o tópico transactions ainda não existe")
	c.CreateTopic("transactions:3")
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	r.WaitFor("resumo: 1 enviadas · 1 confirmadas")
}

// One of the bootstrap addresses is dead: whichever of them is asked first, the start succeeds.
func TestStartsWithABrokerDown(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3")
	vars := env(c, "COUNT", "1", "BOOTSTRAP_SERVERS", fmt.Sprintf("127.0.0.1:%d,%s", kafkatest.FreePort(t), c.ListenAddrs()[0]))
	for range 10 {
		if err := kafkatest.StartRun(t, vars, configure, run).Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStopsWhileWaiting(t *testing.T) {
	t.Parallel()
	r := kafkatest.StartRun(t, map[string]string{"BOOTSTRAP_SERVERS": fmt.Sprintf("127.0.0.1:%d", kafkatest.FreePort(t))}, configure, run)
	r.WaitFor("brokers ainda não disponíveis")
	if err := r.Stop(); !errors.Is(err, context.Canceled) { // which is exit code 0
		t.Errorf("error %v", err)
	}
}

// A stop at any moment, from before the first connection on: whatever was acknowledged is in the
// log, and no message is left without an outcome.
func TestStopAtAnyMoment(t *testing.T) {
	t.Parallel()
	const seed = 7
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 10 {
		c := kafkatest.Start(t, "transactions:3")
		r := kafkatest.StartRun(t, env(c), configure, run)
		time.Sleep(time.Duration(rng.Int64N(int64(100 * time.Millisecond)))) // the moment, not a state to wait for
		if err := r.Stop(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		published(t, c, r, len(c.ReadAll("transactions")))
	}
}

func TestRefusedMessagesAreNamedAndFail(t *testing.T) {
	t.Parallel()
	for _, publisher := range []string{"batch", "sarama"} {
		c := kafkatest.Start(t, "transactions:3")
		c.RefuseProduce("transactions")
		r := kafkatest.StartRun(t, env(c, "COUNT", "3", "PUBLISHER", publisher), configure, run)
		if err := r.Wait(); err == nil || !strings.Contains(err.Error(), "3 of 3 messages were not acknowledged (3 failed, 0 unknown)") {
			t.Errorf("%s: error %v", publisher, err)
		}
		r.WaitFor("mensagem com id de sequência 2 não foi confirmada: ")
		r.WaitFor("resumo: 3 enviadas · 0 confirmadas · 3 falharam · 0 sem resposta")
	}
}

// The broker does not answer while the producer is told to stop: it reports what is unknown.
func TestStopWithoutAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3")
	hold := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "transactions", Err: kerr.NotLeaderForPartition, Count: -1})
	r := kafkatest.StartRun(t, env(c, "COUNT", "5"), configure, run)
	kafkatest.Eventually(t, "a send was tried", func() bool { return hold.Hits() > 0 })
	if err := r.Stop(); err == nil || !strings.Contains(err.Error(), "5 of 5 messages were not acknowledged (0 failed, 5 unknown)") {
		t.Errorf("error %v", err)
	}
}

func TestConfigurationNamesEveryMistake(t *testing.T) {
	e := service.EnvOf(map[string]string{
		"PACE": "fast", "COUNT": "-1", "SEED": "x", "TOPIC": "a/b", "BOOTSTRAP_SERVERS": "localhost",
		"ACKS": "0", "COMPRESSION": "zip", "KAFKA_PROXY": "http://p:1", "PUBLISHER": "librdkafka",
	})
	configure(e)
	err := e.Err()
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{
		"PACE=\"fast\"",
		"COUNT",
		"SEED",
		"TOPIC",
		"BOOTSTRAP_SERVERS",
		"ACKS",
		"COMPRESSION",
		"KAFKA_PROXY",
		"PUBLISHER=\"librdkafka\"",
		"accepted: batch, sarama",
		"9 environment variables",
	} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s:\n%v", name, err)
		}
	}
}

// Messages a second with everything in one process: the embedded cluster takes most of the time.
func BenchmarkPublishEmbedded(b *testing.B) {
	for _, publisher := range []string{"batch", "sarama"} {
		for _, codec := range []string{"none", "lz4"} {
			b.Run(publisher+"/"+codec, func(b *testing.B) {
				c := kafkatest.Start(b, "transactions:3")
				b.ReportAllocs()
				b.ResetTimer()
				r := kafkatest.StartRun(b, env(c, "COUNT", fmt.Sprint(b.N), "COMPRESSION", codec, "PUBLISHER", publisher), configure, run)
				if err := r.Wait(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
			})
		}
	}
}
