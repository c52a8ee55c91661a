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
	Type        string `json:"type,omitempty"` // classic or consumer, where the broker tells
	Protocol    string `json:"protocol"`
	Coordinator int32  `json:"coordinator"`
}

func (t *Tool) groupsListCommand(bootstrap *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the consumer groups of a cluster",
		Long: `list asks every broker for the groups that it coordinates. A group is Stable while members read, Empty when it
has offsets and no member. PROTOCOL is consumer for groups of consumers, and empty for one that only has offsets.`,
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
			fmt.Fprintln(w, "GROUP\tSTATE\tPROTOCOL\tCOORDINATOR")
			for _, g := range groups {
				fmt.Fprintf(w, "%s\t%s\t%s\tbroker %d\n", g.Group, g.State, dash(g.Protocol), g.Coordinator)
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
			b.Open(s.client.Config())
			resp, err := b.ListGroups(&sarama.ListGroupsRequest{Version: 5})
			if err == nil && resp.Err != sarama.ErrNoError {
				err = resp.Err
			}
			if err != nil {
				errs[i] = fmt.Errorf("broker %d at %s: %w", b.ID(), b.Addr(), err)
				return
			}
			for name, protocol := range resp.Groups {
				data := resp.GroupsData[name]
				found[i] = append(found[i], listedGroup{name, data.GroupState, strings.ToLower(data.GroupType), protocol, b.ID()})
			}
		})
	}
	wg.Wait()
	groups := append([]listedGroup{}, slices.Concat(found...)...)
	slices.SortFunc(groups, func(a, b listedGroup) int { return cmp.Compare(a.Group, b.Group) })
	return groups, errors.Join(errs...)
}

// groups describes groups of these names, or fails where one does not exist. Kafka itself describes a
// group that it has never heard of as Dead.
func (s *session) groups(ctx context.Context, names ...string) ([]*sarama.GroupDescription, error) {
	var described []*sarama.GroupDescription
	err := s.again(ctx, func() (err error) {
		if described, err = s.admin.DescribeConsumerGroups(names); err == nil {
			err = groupError(described)
		}
		if err != nil {
			for _, name := range names {
				s.client.RefreshCoordinator(name)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("describe groups: %w", err)
	}
	inOrder := make([]*sarama.GroupDescription, len(names))
	for i, name := range names {
		at := slices.IndexFunc(described, func(g *sarama.GroupDescription) bool { return g.GroupId == name })
		if at < 0 || described[at].Err == sarama.ErrGroupIDNotFound || described[at].State == "Dead" {
			return nil, s.noSuchGroup(name)
		}
		inOrder[i] = described[at]
	}
	return inOrder, nil
}

func groupError(described []*sarama.GroupDescription) error {
	for _, g := range described {
		if g.Err != sarama.ErrNoError && g.Err != sarama.ErrGroupIDNotFound {
			return fmt.Errorf("%s: %w", g.GroupId, g.Err)
		}
	}
	return nil
}

func (s *session) noSuchGroup(name string) error {
	known, _ := s.listGroups() // only for the names that are near
	var all []string
	for _, g := range known {
		all = append(all, g.Group)
	}
	return missing("group", name, all, "«workshop groups list» names all")
}

// dash stands for what there is none of.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
