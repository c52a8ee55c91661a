// The producer publishes fake transactions with franz-go.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type transaction struct {
	Sequence int    `json:"id_sequencia"`
	User     string `json:"id_usuario"`
	ID       string `json:"id_transacao"`
	Product  string `json:"id_produto"`
	Address  string `json:"endereco"`
	Joined   string `json:"cadastro_em"`
	Platform string `json:"id_plataforma"`
	Message  string `json:"mensagem"`
	Cents    int    `json:"valor_centavos"` // whole: a float does not hold each amount exactly
	Currency string `json:"moeda"`
	Kind     string `json:"tipo"`
}

func oneOf(values ...string) string { return values[rand.IntN(len(values))] }

func fake(n int) transaction {
	user := fmt.Sprint(20000 + rand.IntN(80001))
	return transaction{
		Sequence: n, User: user, Product: fmt.Sprint(10000 + rand.IntN(90000)), Platform: oneOf("Mobile", "Laptop", "Tablet"),
		ID:      fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", rand.Uint32(), rand.N(1<<16), rand.N(1<<12), rand.N(1<<12), rand.N(1<<48)),
		Address: "Rua " + oneOf("A", "B", "C") + " | Salvador | BR", Joined: time.Now().Format(time.DateTime),
		Message: "transacao feita pelo usuario " + user,
		Cents:   100 + rand.IntN(499901), Currency: "BRL", Kind: oneOf("PIX", "CREDITO", "DEBITO", "BOLETO"),
	}
}

func main() {
	count, errCount := strconv.Atoi(cmp.Or(os.Getenv("COUNT"), "0"))
	pace, errPace := time.ParseDuration(cmp.Or(os.Getenv("PACE"), "2s"))
	if errCount != nil || errPace != nil || count < 0 || pace < 0 {
		log.Printf("COUNT=%s PACE=%s: accepted: a whole number; a duration such as 250ms, 2s, or 0", os.Getenv("COUNT"), os.Getenv("PACE"))
		os.Exit(2)
	}
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	brokers := strings.Split(cmp.Or(os.Getenv("BOOTSTRAP_SERVERS"), "localhost:9091,localhost:9092,localhost:9093"), ",")
	// By default it is idempotent, waits for all replicas, and puts a key where Java does.
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.DefaultProduceTopic(cmp.Or(os.Getenv("TOPIC"), "transactions")))
	if err != nil {
		log.Fatal(err)
	}
	for err := client.Ping(ctx); err != nil && ctx.Err() == nil; err = client.Ping(ctx) {
		fmt.Println("brokers ainda não disponíveis:", err)
		time.Sleep(time.Second)
	}
	fmt.Println("brokers estão disponíveis e prontos para produzir mensagens")
	for n := 1; ctx.Err() == nil && (count == 0 || n <= count); n++ {
		tx := fake(n)
		value, _ := json.Marshal(tx)
		sent, err := client.ProduceSync(context.Background(), kgo.KeyStringRecord(tx.User, string(value))).First()
		if err != nil {
			log.Fatal("message not sent: ", err)
		}
		fmt.Printf("mensagem enviada para o kafka com id de sequência %d (partição %d, offset %d)\n", n, sent.Partition, sent.Offset)
		select {
		case <-ctx.Done():
		case <-time.After(pace):
		}
	}
}
