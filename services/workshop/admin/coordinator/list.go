package coordinator

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/IBM/sarama"

	"workshop.example/workshop/admin/session"
)

// Listed is a line of the list.
type Listed struct {
	Group       string `json:"group"`
	State       string `json:"state"`
	Type        string `json:"type,omitempty"` // classic, consumer or another, where the broker tells
	Protocol    string `json:"protocol"`
	Coordinator int32  `json:"coordinator"`
}

// ReadsByOffsets reports whether it is a group of consumers with offsets, which those of shares are not.
func (l Listed) ReadsByOffsets() bool {
	return l.Type == "" || l.Type == Classic || l.Type == Consumer
}

// List asks the brokers, each of which knows the groups that it coordinates. An error names those
// that did not answer; the groups of the others are listed all the same.
func List(s *session.Session) ([]Listed, error) {
	brokers := s.Client.Brokers()
	found := make([][]Listed, len(brokers))
	errs := make([]error, len(brokers))
	var wg sync.WaitGroup
	for i, b := range brokers {
		wg.Go(func() {
			found[i], errs[i] = listOf(s, b)
		})
	}
	wg.Wait()
	groups := append([]Listed{}, slices.Concat(found...)...)
	slices.SortFunc(groups, func(a, b Listed) int { return cmp.Compare(a.Group, b.Group) })
	return groups, errors.Join(errs...)
}

// listOf are the groups that a broker coordinates.
func listOf(s *session.Session, b *sarama.Broker) ([]Listed, error) {
	b.Open(s.Client.Config()) // an error means that it is open already, or shows in the next line
	resp, err := b.ListGroups(&sarama.ListGroupsRequest{Version: 5})
	if err == nil && resp.Err != sarama.ErrNoError {
		err = resp.Err
	}
	if err != nil {
		return nil, fmt.Errorf("broker %d at %s: %w", b.ID(), b.Addr(), err)
	}
	var groups []Listed
	for name, protocol := range resp.Groups {
		data := resp.GroupsData[name]
		groups = append(groups, Listed{name, data.GroupState, strings.ToLower(data.GroupType), protocol, b.ID()})
	}
	return groups, nil
}
