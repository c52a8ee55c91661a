//go:build brokers

package acceptance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
)

// evidence is what a run leaves for its judges: what the programs were told and have shown, as files of one folder,
// and where the topics are. It is the file evidence.json there, for a judge that is no Go program.
type evidence struct {
	Brokers      []string            `json:"brokers"`
	Transactions string              `json:"transactions"` // topics
	Scores       string              `json:"scores"`
	Board        string              `json:"board"`
	Shop         string              `json:"shop"`       // prefix of the shop's topics; "" where there was no shop
	Producers    []string            `json:"producers"`  // histories
	Simulators   []string            `json:"simulators"` // histories
	Consumers    []string            `json:"consumers"`  // screens, one a life
	Boards       map[string][]string `json:"boards"`     // screens, by DELIVERY, one a life
	Committed    int64               `json:"committed"`  // offset of the scores, by the board of exactly-once
	Accounts     string              `json:"accounts"`   // what the shop's clients were told
	Mails        string              `json:"mails"`
	Reports      int                 `json:"reports"` // how many files there are

	dir  string
	read topicReader
}

// topicReader hands take the committed records of a topic, partition by partition, in the order of their offsets.
type topicReader func(topic string, take func(*sarama.ConsumerMessage) error) error

// fromBrokers reads topics as a consumer with read_committed does.
func fromBrokers(cluster kafka.Cluster) topicReader {
	return func(topic string, take func(*sarama.ConsumerMessage) error) error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		client, err := cluster.Dial(ctx, cluster.Config("judge"), []string{topic}, func(error) {})
		if err != nil {
			return err
		}
		defer client.Close()
		partitions, err := client.Partitions(topic)
		if err != nil {
			return err
		}
		for _, p := range partitions {
			if _, err := kafka.ReadToEnd(ctx, client, topic, p, sarama.OffsetOldest, sarama.ReadCommitted, take); err != nil {
				return fmt.Errorf("read %s/%d: %w", topic, p, err)
			}
		}
		return nil
	}
}

func (e *evidence) path(name string) string { return filepath.Join(e.dir, name) }

// save writes a value as a file of the folder.
func (e *evidence) save(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return os.WriteFile(e.path(name), text, 0o644)
}

// histories hands take the entries of several histories, one after the other.
func (e *evidence) histories(names []string, take func(history.Entry)) error {
	for _, name := range names {
		file, err := os.Open(e.path(name))
		if err != nil {
			return err
		}
		err = history.Each(file, take)
		file.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// lines hands take the lines of a screen; what a killed program has not ended is none.
func (e *evidence) lines(name string, take func(line []byte)) error {
	file, err := os.Open(e.path(name))
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return nil
		}
		take(bytes.TrimSuffix(line, []byte("\n")))
	}
}

// shopAccount is an account as a file has it.
type shopAccount struct {
	UUID   string `json:"uuid"`
	Email  string `json:"email"`
	Amount string `json:"amount"`
	New    int    `json:"new"`
	Old    int    `json:"old"`
}

type shopMail struct {
	To        string `json:"to"`
	MessageID string `json:"messageId"`
}

// testify writes what the clients and the mail boxes have.
func (e *evidence) testify(told []shoptest.Account, received []shoptest.Mail) error {
	e.Shop, e.Accounts, e.Mails = orderPrefix, "accounts.json", "mails.json"
	accounts, mails := []shopAccount{}, []shopMail{}
	for _, a := range told {
		accounts = append(accounts, shopAccount{a.Order.ID, a.Order.Email, a.Order.Amount.String(), a.New, a.Old})
	}
	for _, m := range received {
		mails = append(mails, shopMail(m))
	}
	if err := e.save(e.Accounts, accounts); err != nil {
		return err
	}
	return e.save(e.Mails, mails)
}
