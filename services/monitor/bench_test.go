package monitor

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/service"

	"workshop.example/monitor/window"
)

// BenchmarkRebuild reads five minutes at 1,000 transactions a second again, in three partitions: what a restart does before it goes on.
func BenchmarkRebuild(b *testing.B) {
	const records = 300_000
	c := start(b)
	producer := c.Producer()
	began := time.Now().Add(-time.Hour)
	for first := 0; first < records; first += 2000 {
		var msgs []*sarama.ProducerMessage
		for n := first; n < first+2000; n++ {
			tx := event.Transaction{
				IDSequencia: int64(n + 1), IDUsuario: fmt.Sprint(20_000 + n*7919%80_001), IDTransacao: "3f0d6a52-8c1e-4b7a-9d24-5e6f7a8b9c0d",
				IDProduto: "40917", Endereco: "Rua São João, 12 | São Paulo | BR", CadastroEm: "2026-07-13 10:26:40", IDPlataforma: event.Mobile,
				Mensagem: "transacao feita pelo usuario 48213", ValorCentavos: int64(n % 500_000), Moeda: event.BRL, Tipo: event.PIX,
			}
			msgs = append(msgs, &sarama.ProducerMessage{
				Topic: "transactions", Key: sarama.StringEncoder(tx.IDUsuario), Value: sarama.ByteEncoder(tx.AppendJSON(nil)),
				Timestamp: began.Add(time.Duration(n) * time.Millisecond),
			})
		}
		if err := producer.SendMessages(msgs); err != nil {
			b.Fatal(err)
		}
	}
	cfg := configure(service.EnvOf(map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap()}))
	client, err := sarama.NewClient(c.ListenAddrs(), cfg.cluster.Config("bench"))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	w := newWatcher(cfg, portuguese, &service.Process{Ops: service.NewOps("bench"), Log: slog.New(slog.DiscardHandler)})
	w.connected(client, nil)
	b.ReportAllocs()
	for b.Loop() {
		total := uint64(0)
		for _, p := range c.PartitionInfos("transactions") {
			part := window.NewPartition(p.Partition, cfg.currency, cfg.rules)
			if _, err := w.rebuild(b.Context(), p.Partition, part, p.HighWatermark); err != nil {
				b.Fatal(err)
			}
			total += part.Snapshot(0).Read
		}
		if total != records {
			b.Fatalf("%d records were read again", total)
		}
	}
}
