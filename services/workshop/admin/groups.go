package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"
)

// GroupsCommand is «workshop groups».
func GroupsCommand(t *Tool) *cobra.Command {
	cmd := &cobra.Command{Use: "groups", Short: "List, describe, reset and delete consumer groups, on any cluster"}
	bootstrap := bootstrapFlag(cmd)
	cmd.AddCommand(t.groupsListCommand(bootstrap), t.groupsDescribeCommand(bootstrap),
		t.groupsResetCommand(bootstrap), t.groupsDeleteCommand(bootstrap))
	return cmd
}

// listedGroup is a line of the list.
type listedGroup struct {
	Group       string `json:"group"`
	State       string `json:"state"`
	Type        string `json:"type,omitempty"` // classic, consumer or another, where the broker tells
	Protocol    string `json:"protocol"`
	Coordinator int32  `json:"coordinator"`
}

// readsByOffsets reports whether it is a group of consumers with offsets, which those of shares are not.
func (l listedGroup) readsByOffsets() bool {
	return l.Type == "" || l.Type == classic || l.Type == consumer
}

func (t *Tool) groupsListCommand(bootstrap *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the consumer groups of a cluster",
		Long: `list asks every broker for the groups that it coordinates. A group is Stable while members read, Empty when it
has offsets and no member. TYPE is the protocol that its members speak: classic, or consumer for the newer one (KIP-848,
group.protocol=consumer). PROTOCOL is consumer for groups of consumers, and empty for one that only has offsets.`,
		Example: `  workshop groups list
  workshop groups list -o json | jq -r '.[].group'`,
		Args: cobra.NoArgs,
	}
	o := t.options(cmd, bootstrap, func(ctx context.Context, o *options, _ []string) error {
		groups, err := ask(ctx, o, func(_ context.Context, s *session) ([]listedGroup, error) {
			groups, silent := s.listGroups()
			if len(groups) == 0 && silent != nil {
				return nil, silent
			}
			if silent != nil {
				t.note("warning: the list lacks groups: %v", silent)
			}
			return groups, nil
		})
		if err != nil {
			return fmt.Errorf("list groups: %w", err)
		}
		return o.print(groups, func(w io.Writer) {
			fmt.Fprintln(w, "GROUP\tSTATE\tTYPE\tPROTOCOL\tCOORDINATOR")
			for _, g := range groups {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\tbroker %d\n", g.Group, g.State, dash(g.Type), dash(g.Protocol), g.Coordinator)
			}
		})
	})
	o.outputFlag(cmd)
	return cmd
}

// listGroups asks the brokers, each of which knows the groups that it coordinates. An error names those
// that did not answer; the groups of the others are listed all the same.
func (s *session) listGroups() ([]listedGroup, error) {
	brokers := s.client.Brokers()
	found := make([][]listedGroup, len(brokers))
	errs := make([]error, len(brokers))
	var wg sync.WaitGroup
	for i, b := range brokers {
		wg.Go(func() {
			found[i], errs[i] = s.listOf(b)
		})
	}
	wg.Wait()
	groups := append([]listedGroup{}, slices.Concat(found...)...)
	slices.SortFunc(groups, func(a, b listedGroup) int { return cmp.Compare(a.Group, b.Group) })
	return groups, errors.Join(errs...)
}

// listOf are the groups that a broker coordinates.
func (s *session) listOf(b *sarama.Broker) ([]listedGroup, error) {
	b.Open(s.client.Config()) // an error means that it is open already, or shows in the next line
	resp, err := b.ListGroups(&sarama.ListGroupsRequest{Version: 5})
	if err == nil && resp.Err != sarama.ErrNoError {
		err = resp.Err
	}
	if err != nil {
		return nil, fmt.Errorf("broker %d at %s: %w", b.ID(), b.Addr(), err)
	}
	var groups []listedGroup
	for name, protocol := range resp.Groups {
		data := resp.GroupsData[name]
		groups = append(groups, listedGroup{name, data.GroupState, strings.ToLower(data.GroupType), protocol, b.ID()})
	}
	return groups, nil
}

// dash stands for what there is none of.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
