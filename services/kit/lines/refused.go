package lines

import (
	"errors"
	"fmt"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// refusals are the reasons of a kafka.RefusedError in Portuguese. The verb is its Name.
var refusals = []struct {
	code sarama.KError
	text string
}{
	{sarama.ErrInconsistentGroupProtocol,
		"o grupo %s já tem membros com outra estratégia de partição que a deste programa: ponha em GROUP_STRATEGY a deles, se for " +
			strings.Join(kafka.Strategies, ", ") + ", configure neles a deste programa (partition.assignment.strategy), pare-os, ou " +
			"escolha outro CONSUMER_GROUP"},
	{sarama.ErrGroupMaxSizeReached,
		"o grupo %s está cheio (group.max.size dos brokers): este programa entra quando um membro sair; ou aumente group.max.size, ou " +
			"escolha outro CONSUMER_GROUP"},
	{sarama.ErrInvalidSessionTimeout,
		"os brokers não aceitam a sessão de 6 s deste programa no grupo %s: configure neles group.min.session.timeout.ms até 6000 e " +
			"group.max.session.timeout.ms a partir de 6000"},
	{sarama.ErrInvalidGroupId,
		"os brokers não aceitam o nome de grupo %q: escolha outro CONSUMER_GROUP"},
	{sarama.ErrGroupAuthorizationFailed,
		"este usuário não tem permissão no grupo %s: dê a ele READ no grupo (kafka-acls --add --operation Read --group), ou escolha " +
			"outro CONSUMER_GROUP"},
	{sarama.ErrUnsupportedVersion,
		"os brokers não falam a versão do protocolo de que este programa precisa no grupo %s: use Kafka 2.5 ou mais novo"},
	{sarama.ErrTopicAuthorizationFailed,
		"este usuário não tem permissão no tópico %s: dê a ele READ ou WRITE no tópico, que incluem DESCRIBE (kafka-acls --add " +
			"--operation Read --topic), ou escolha outro TOPIC"},
	{sarama.ErrTransactionalIDAuthorizationFailed,
		"este usuário não tem permissão no TRANSACTIONAL_ID %q: dê a ele WRITE no id (kafka-acls --add --operation Write " +
			"--transactional-id), ou escolha outro"},
	{sarama.ErrInvalidTransactionTimeout,
		"os brokers não aceitam TRANSACTION_TIMEOUT para o TRANSACTIONAL_ID %q: escolha um menor, ou aumente neles transaction.max.timeout.ms"},
}

func refused(lang service.Lang, err *kafka.RefusedError) string {
	if lang != service.English {
		for _, r := range refusals {
			if errors.Is(err, r.code) {
				return fmt.Sprintf(r.text, err.Name) + " (" + err.Code + ")"
			}
		}
	}
	return err.Error()
}
