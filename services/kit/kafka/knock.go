package kafka

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka/secure"
)

// knockTimeout is for a broker's first answer: one that runs takes milliseconds.
const knockTimeout = 3 * time.Second

// knock returns the bootstrap addresses behind which a broker answers. Sarama would look for one
// itself, but its error names only the last address, and it cannot be interrupted.
func (c Cluster) knock(ctx context.Context, conf *sarama.Config) (answering []string, err error) {
	quick := *conf
	quick.Net.DialTimeout = min(quick.Net.DialTimeout, knockTimeout)
	quick.Net.ReadTimeout = knockTimeout
	errs := make([]error, len(c.Brokers))
	var wg sync.WaitGroup
	for i, addr := range c.Brokers {
		wg.Go(func() {
			broker := sarama.NewBroker(addr)
			if errs[i] = broker.Open(&quick); errs[i] == nil {
				_, errs[i] = broker.Connected() // which includes its first question, ApiVersions
			}
			switch {
			case errs[i] == nil:
				errs[i] = c.greet(broker, conf.Version)
			case errors.Is(errs[i], io.EOF) && (c.Security == nil || c.Security.TLS == nil):
				errs[i] = &secure.Error{Problem: secure.NeedsTLS, Addr: addr, Err: errs[i]}
			}
			broker.Close()
		})
	}
	wg.Wait()
	var causes []string
	for i, addr := range c.Brokers {
		if errs[i] == nil {
			answering = append(answering, addr)
		} else {
			causes = append(causes, addr+": "+short(errs[i]))
		}
	}
	if len(answering) == 0 {
		if refused, ok := errors.AsType[*secure.Error](errors.Join(errs...)); ok {
			return nil, refused
		}
		return nil, errors.New(strings.Join(causes, "; "))
	}
	return answering, ctx.Err()
}

// greet asks the second question. A listener that wants a login answers ApiVersions only, and closes the connection at any
// other.
func (c Cluster) greet(broker *sarama.Broker, version sarama.KafkaVersion) error {
	if c.Security != nil && c.Security.SASL != nil {
		return nil
	}
	_, err := broker.GetMetadata(sarama.NewMetadataRequest(version, []string{"__consumer_offsets"}))
	if errors.Is(err, io.EOF) {
		return &secure.Error{Problem: secure.NeedsLogin, Addr: broker.Addr(), Err: err}
	}
	return err
}

// short drops from a network error what the reader knows already: the operation and the address.
func short(err error) string {
	if refused, ok := errors.AsType[*secure.Error](err); ok {
		return refused.Reason()
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "no such host"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		switch {
		case op.Timeout():
			return "no answer"
		case op.Op == "dial":
			return strings.TrimPrefix(op.Err.Error(), "connect: ")
		}
	}
	return "the port is open, but nobody there answers as Kafka does (" + err.Error() + ")"
}
