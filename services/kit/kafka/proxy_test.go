package kafka_test

import (
	"testing"

	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
	"workshop.example/kit/wire"
)

// Every connection goes through the proxy: to the bootstrap address and to the advertised ones.
func TestProxy(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:3")
	p, err := wire.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	env := service.EnvOf(map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap(), "KAFKA_PROXY": p.URL()})
	cluster := kafkaenv.Cluster(env)
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	client, err := cluster.Dial(t.Context(), cluster.Config("test"), []string{"t"}, func(cause error) { t.Log(cause) })
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if got := p.Connections(); got < 3 {
		t.Errorf("%d connections through the proxy, want one a broker at least", got)
	}
}
