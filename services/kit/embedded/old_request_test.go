package embedded_test

import (
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/embedded"
)

// A client of before Kafka 0.11 is disconnected, and the one who started the cluster learns why. Newer ones are not told of.
func TestOldRequests(t *testing.T) {
	t.Parallel()
	told := make(chan embedded.OldRequest, 10)
	cluster, err := embedded.Start(embedded.Options{Refused: func(o embedded.OldRequest) { told <- o }})
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	conf := sarama.NewConfig()
	conf.ApiVersionsRequest = false // as a client does that is told the version
	for _, try := range []struct {
		produce, fetch int16
		want           string
	}{{fetch: 4}, {fetch: 3, want: "asks for version 3 of Fetch"}, {produce: 3}, {produce: 2, want: "asks for version 2 of Produce"}} {
		broker := sarama.NewBroker(cluster.ListenAddrs()[0])
		if err := broker.Open(conf); err != nil {
			t.Fatal(err)
		}
		if try.produce > 0 {
			_, err = broker.Produce(&sarama.ProduceRequest{Version: try.produce, RequiredAcks: sarama.WaitForAll})
		} else {
			_, err = broker.Fetch(&sarama.FetchRequest{Version: try.fetch})
		}
		broker.Close()
		got := ""
		select {
		case o := <-told:
			got = o.Text().EN
		default:
		}
		if (err == nil) != (try.want == "") || (got == "") != (try.want == "") || !strings.Contains(got, try.want) {
			t.Errorf("%+v: %v, told %q", try, err, got)
		}
	}
}
