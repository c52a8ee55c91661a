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
	BootstrapFlag(cmd)
	cmd.AddCommand(newGroupListCommand(t), newGroupDescribeCommand(t),
		newResetCommand(t), newGroupDeleteCommand(t))
	return cmd
}

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

func newGroupListCommand(t *Tool) *cobra.Command {
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
	o := t.Bind(cmd, func(ctx context.Context, o *Options, _ []string) error {
		groups, err := Ask(ctx, o, func(_ context.Context, s *Session) ([]Listed, error) {
			groups, silent := List(s)
			if len(groups) == 0 && silent != nil {
				return nil, silent
			}
			if silent != nil {
				t.Note("warning: the list lacks groups: %v", silent)
			}
			return groups, nil
		})
		if err != nil {
			return fmt.Errorf("list groups: %w", err)
		}
		return o.Print(groups, func(w io.Writer) {
			fmt.Fprintln(w, "GROUP\tSTATE\tTYPE\tPROTOCOL\tCOORDINATOR")
			for _, g := range groups {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\tbroker %d\n", g.Group, g.State, Dash(g.Type), Dash(g.Protocol), g.Coordinator)
			}
		})
	})
	o.OutputFlag(cmd)
	return cmd
}

// List asks the brokers, each of which knows the groups that it coordinates. An error names those
// that did not answer; the groups of the others are listed all the same.
func List(s *Session) ([]Listed, error) {
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
func listOf(s *Session, b *sarama.Broker) ([]Listed, error) {
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

// Dash stands for what there is none of.
func Dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
