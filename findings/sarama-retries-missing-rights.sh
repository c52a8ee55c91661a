#!/usr/bin/env bash
# What:   sarama asks again and again for the coordinator of a group that its user has no right to
#         (GROUP_AUTHORIZATION_FAILED, which Kafka's list of errors marks as not retriable): once for each
#         of Metadata.Retry.Max. The same refusal for a transactional id ends the search at once. A client
#         with many retries, which it needs for an election, is silent about an ACL for as long: with 120
#         of half a second, for a minute.
#         The remedy is to send a FindCoordinator request of one's own before the group is joined.
# Where:  every consumer group whose user lacks READ on it.
# Source: client.go of sarama (findCoordinator); https://kafka.apache.org/protocol#protocol_error_codes
# Needs:  Go and the network. Exits 1 if the behaviour has changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const retries = 5

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
}

// refused returns how many requests a search sends when each is answered with an error code.
func refused(code int16, want error, search func(sarama.Client) error) int64 {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	check(err)
	defer cluster.Close()
	var asked atomic.Int64
	cluster.ControlKey(int16(kmsg.FindCoordinator), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		asked.Add(1)
		resp := req.ResponseKind().(*kmsg.FindCoordinatorResponse)
		resp.ErrorCode = code
		return resp, nil, true
	})
	conf := sarama.NewConfig()
	conf.Version = sarama.V3_9_0_0
	conf.Metadata.Retry.Max = retries
	conf.Metadata.Retry.Backoff = 10 * time.Millisecond
	client, err := sarama.NewClient(cluster.ListenAddrs(), conf)
	check(err)
	defer client.Close()
	if err := search(client); !errors.Is(err, want) {
		check(fmt.Errorf("the search ends with %v, not with %v", err, want))
	}
	return asked.Load()
}

func main() {
	group := refused(kerr.GroupAuthorizationFailed.Code, sarama.ErrGroupAuthorizationFailed, func(c sarama.Client) error {
		return c.RefreshCoordinator("g")
	})
	id := refused(kerr.TransactionalIDAuthorizationFailed.Code, sarama.ErrTransactionalIDAuthorizationFailed, func(c sarama.Client) error {
		return c.RefreshTransactionCoordinator("t")
	})
	fmt.Printf("no right to the group: %d requests\n", group)
	fmt.Printf("no right to the transactional id: %d requests\n", id)
	if group != retries+1 || id != 1 {
		fmt.Println("changed: the refusal of a group ends the search now, or that of an id does not")
		os.Exit(1)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/IBM/sarama@v1.61.1 github.com/twmb/franz-go/pkg/kfake@v0.0.0-20260918054303-01f206a7e32c \
	github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 >/dev/null 2>&1
go list -m github.com/IBM/sarama github.com/twmb/franz-go/pkg/kfake
go run .
