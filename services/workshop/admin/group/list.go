package group

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/session"
)

func newListCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the consumer groups of a cluster",
		Long: `list asks every broker for the groups that it coordinates. A group is Stable while members read, Empty when it
has offsets and no member. TYPE is the protocol that its members speak: classic, consumer for the newer one (KIP-848,
group.protocol=consumer), share for a queue (KIP-932), or streams (KIP-1071), which the other commands leave to
kafka-streams-groups.sh. PROTOCOL is consumer for groups of consumers, and empty for one that only has offsets.`,
		Example: `  workshop groups list
  workshop groups list -o json | jq -r '.[].group'`,
		Args: cobra.NoArgs,
	}
	o := t.Bind(cmd, func(ctx context.Context, o *session.Options, _ []string) error {
		groups, err := session.Ask(ctx, o, func(_ context.Context, s *session.Session) ([]coordinator.Listed, error) {
			groups, silent := coordinator.List(s)
			if len(groups) == 0 && silent != nil {
				return nil, silent
			}
			if silent != nil {
				t.Note("warning: the list lacks groups: %v", silent)
			}
			return groups, nil
		})
		if err == nil && len(groups) == 0 {
			o.NoteHidden("group")
		}
		if err != nil {
			return fmt.Errorf("list groups: %w", err)
		}
		return o.Print(groups, func(w io.Writer) {
			fmt.Fprintln(w, "GROUP\tSTATE\tTYPE\tPROTOCOL\tCOORDINATOR")
			for _, g := range groups {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\tbroker %d\n", g.Group, g.State, cmp.Or(g.Type, "-"), cmp.Or(g.Protocol, "-"), g.Coordinator)
			}
		})
	})
	o.OutputFlag(cmd)
	return cmd
}
