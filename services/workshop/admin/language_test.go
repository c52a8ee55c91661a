package admin

import (
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/admintest"
)

// What commands print is Portuguese, but for the columns' names, which are those of Kafka's own tools, and JSON, which has one language.
func TestCommandsInPortuguese(t *testing.T) {
	c := kafkatest.Start(t, "scoreGame:2")
	for _, step := range []struct{ command, stdin, want string }{
		{"topics create aulas --partitions 3", "", "aulas criado: 3 partições, 3 réplicas\n"},
		{"topics alter aulas --partitions 4", "", "aulas: 4 partições, antes 3\n"},
		{"topics alter aulas --partitions 4", "", "aulas: já tem 4 partições\n"},
		{"topics describe aulas", "", "aulas: 4 partições, fator de replicação 3, min.insync.replicas=2\nPARTITION LEADER REPLICAS"},
		{"topics describe aulas", "", "L lidera f segue, em sincronia ! segue, fora de sincronia ? fora do ar . não tem\n"},
		{"topics describe aulas -o json", "", `"replicationFactor": 3`},
		{"produce aulas --key-separator : --verbose --partition 0", "ana:1\n", "linha 1: partição 0, offset 0, chave ana\n"},
		{"produce aulas --verbose --partition 0", "1\n", "linha 1: partição 0, offset 1\n"},
		{"cluster", "", "3 brokers, 2 tópicos e 0 do próprio Kafka, 6 partições\n"},
		{"cluster", "", "partições sub-replicadas: nenhuma\npartições sem líder: nenhuma\n"},
		{"topics delete aulas", "", "aulas apagado\n"},
	} {
		stdout := &kafkatest.Output{}
		got := root.In(service.Portuguese).RunOn(t.Context(), c.Kafka(), strings.NewReader(step.stdin), stdout, &kafkatest.Output{},
			strings.Fields(step.command)...).OK(t)
		admintest.Contains(t, admintest.Columns(got.Stdout)+"\n", step.want)
	}
}
