// The producer in the fewest lines: produce.py of the Jornada workshop in Go, with sarama alone. Run it from the repository's root, and
// stop it with Ctrl-C: go run labs/go/producer.go
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/IBM/sarama"
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
}

func main() {
	topic := cmp.Or(os.Getenv("TOPIC"), "transactions")
	brokers := strings.Split(cmp.Or(os.Getenv("BOOTSTRAP_SERVERS"), "localhost:9091"), ",")
	conf := sarama.NewConfig()
	conf.Producer.Return.Successes = true // the answer is what SendMessage waits for
	producer, err := sarama.NewSyncProducer(brokers, conf)
	for ; err != nil; producer, err = sarama.NewSyncProducer(brokers, conf) {
		fmt.Println("brokers ainda não disponíveis:", err)
		time.Sleep(time.Second)
	}
	fmt.Println("brokers estão disponíveis e prontos para produzir mensagens")
	for n := 1; ; n++ {
		user := fmt.Sprint(20000 + rand.IntN(80001))
		value, _ := json.Marshal(transaction{
			Sequence: n, User: user, Product: fmt.Sprint(10000 + rand.IntN(90000)), Platform: "Mobile",
			ID:      fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", rand.Uint32(), rand.N(1<<16), rand.N(1<<12), rand.N(1<<12), rand.N(1<<48)),
			Address: "Rua A | Salvador | BR", Joined: time.Now().Format("2006-01-02 15:04:05"),
			Message: "transacao feita pelo usuario " + user,
		})
		partition, offset, err := producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.ByteEncoder(value)})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("mensagem enviada para o kafka com id de sequência %d (partição %d, offset %d)\n", n, partition, offset)
		time.Sleep(2 * time.Second)
	}
}
