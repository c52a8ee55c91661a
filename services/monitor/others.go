package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

const (
	othersTimeout = time.Second // for all other members together
	mostOfOthers  = 1 << 20     // bytes of an answer
)

// askOthers adds what the other members of the group know, and returns the partitions for which nobody has answered.
//
// Where they are is in the group itself: each member names the address of its page in the user data of its subscription, as Kafka
// Streams does with application.server (KIP-67). The coordinator hands it out with the description of the group. So there is no list
// of members to configure, and who has left the group is asked no more.
func (w *watcher) askOthers(ctx context.Context, at int64, all *own) (missing []int32, err error) {
	client, err := w.lookUp()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, othersTimeout)
	defer cancel()
	partitions, err := client.Partitions(w.cfg.topic)
	if err != nil {
		return nil, err
	}
	have := map[int32]bool{}
	for _, p := range all.Partitions {
		have[p.Partition] = true
	}
	var failed error
	if len(have) < len(partitions) {
		others, err := w.others(client)
		failed = err
		var mu sync.Mutex
		var asked sync.WaitGroup
		for _, address := range others {
			asked.Go(func() {
				o, err := ask(ctx, address, at)
				mu.Lock()
				defer mu.Unlock()
				failed = errors.Join(failed, err)
				all.Alerts = append(all.Alerts, o.Alerts...)
				for _, p := range o.Partitions {
					if !have[p.Partition] { // during a rebalance two may claim one
						have[p.Partition] = true
						all.Partitions = append(all.Partitions, p)
					}
				}
			})
		}
		asked.Wait()
	}
	for _, p := range partitions {
		if !have[p] {
			missing = append(missing, p)
		}
	}
	return missing, failed
}

// others are the addresses of the other members' pages.
func (w *watcher) others(client sarama.Client) (addresses []string, err error) {
	coordinator, err := client.Coordinator(w.cfg.member.Group)
	if err != nil {
		return nil, fmt.Errorf("coordinator of group %s: %w", w.cfg.member.Group, err)
	}
	resp, err := coordinator.DescribeGroups(&sarama.DescribeGroupsRequest{Version: 4, Groups: []string{w.cfg.member.Group}})
	if err != nil {
		return nil, fmt.Errorf("members of group %s: %w", w.cfg.member.Group, err)
	}
	for _, g := range resp.Groups {
		for _, m := range g.Members {
			subscription, err := m.GetMemberMetadata()
			if err != nil || subscription == nil { // none is told while the group rebalances
				continue
			}
			if address := string(subscription.UserData); address != "" && address != w.cfg.advertised {
				addresses = append(addresses, address)
			}
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses), nil
}

// ask returns what another member knows.
func ask(ctx context.Context, address string, at int64) (o own, err error) {
	u := url.URL{Scheme: "http", Host: address, Path: "/api/own", RawQuery: "at=" + strconv.FormatInt(at, 10)}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return own{}, fmt.Errorf("member at %q: %w", address, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return own{}, fmt.Errorf("member at %s: %w", address, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return own{}, fmt.Errorf("member at %s: %s", address, resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, mostOfOthers)).Decode(&o); err != nil {
		return own{}, fmt.Errorf("member at %s: %w", address, err)
	}
	return o, nil
}
