package embedded

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/service"
)

// OldRequest is a request in a version from before Kafka 0.11, which this cluster does not answer: it closes the connection, and
// some clients only try again, without a word. It has none of the messages of that time.
type OldRequest struct {
	API             string
	Version, Oldest int16 // the request's, and the oldest that is answered
}

// Text says what was refused, and the remedy.
func (o OldRequest) Text() service.Text {
	return service.Text{
		PT: fmt.Sprintf("um cliente pede %s na versão %d, anterior ao Kafka 0.11, e foi desconectado: o cluster embutido só responde "+
			"a partir da versão %d. Tire api_version do programa, ou use brokers de verdade com Kafka 3.9", o.API, o.Version, o.Oldest),
		EN: fmt.Sprintf("a client asks for version %d of %s, from before Kafka 0.11, and was disconnected: the embedded cluster answers from "+
			"version %d on. Leave api_version out of the program, or use real brokers with Kafka 3.9", o.Version, o.API, o.Oldest),
	}
}

// oldest are the first versions with record batches, in the requests that carry them.
var oldest = map[kmsg.Key]int16{kmsg.Produce: 3, kmsg.Fetch: 4}

// repeatOld is how often a client that goes on asking is told of.
const repeatOld = 10 * time.Second

// tellOld calls refused for requests that the cluster does not answer because they are too old.
func tellOld(cluster *kfake.Cluster, refused func(OldRequest)) {
	for key, first := range oldest {
		var told time.Time // controls run one at a time
		cluster.ControlKey(key.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
			if v := req.GetVersion(); v < first && time.Since(told) > repeatOld {
				told = time.Now()
				refused(OldRequest{key.Name(), v, first})
			}
			return nil, nil, false
		})
	}
}
