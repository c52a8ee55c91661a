package group

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// describedGroup is a group with its members and offsets.
type describedGroup struct {
	Group       string               `json:"group"`
	Type        string               `json:"type"` // classic, consumer or share
	State       string               `json:"state"`
	Assignor    string               `json:"assignor"`
	Coordinator int32                `json:"coordinator"`
	Members     []coordinator.Member `json:"members"`
	Partitions  []groupPartition     `json:"partitions"`
}

// groupPartition is how far a group has read a partition; nil means unknown.
type groupPartition struct {
	Topic         string `json:"topic"`
	Partition     int32  `json:"partition"`
	CurrentOffset *int64 `json:"currentOffset"` // of a share group: all before it is done
	LogEndOffset  *int64 `json:"logEndOffset"`
	Lag           *int64 `json:"lag"` // as Kafka has it: the difference of the two; of a share group what is not done
	Unread        *int64 `json:"unread"`
	UnreadAtLeast bool   `json:"unreadAtLeast,omitempty"`
	// HeldBackFrom is the first offset of an open transaction, where there is one.
	HeldBackFrom *int64 `json:"heldBackFrom"`
	// Deleted is how many offsets the log has dropped that the group had not passed.
	Deleted  int64   `json:"deleted,omitempty"`
	MemberID *string `json:"memberId"` // nil in a share group, whose members may have the same partition
}

func newDescribeCommand(t *session.Tool) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "describe GROUP... | --all-groups",
		Short: "Show a group's members and partitions, and what it has not read yet",
		Long: `describe shows who reads which partition, and how far the group is.

  CURRENT-OFFSET  where the group goes on reading (its commit)
  LOG-END-OFFSET  where the next message will stand
  LAG             the difference, as Kafka's own tools print it
  UNREAD          messages that are really there for it (read_committed)

LAG and UNREAD differ on topics with transactions: their markers take an offset each, and aborted messages some.
LAG gets to 0 for readers that commit behind the marker (Java, kafka-python, confluent-kafka, aiokafka), and not
for those that commit behind their last message (sarama, kafkajs, franz-go). UNREAD with a plus is the least: ` +
			`counting was given up after a while, or ` +
			strconv.Itoa(offset.CountLimit) + `.

Members of a share group may have the same partition, which then takes several lines. Everything before its
CURRENT-OFFSET (Kafka's START-OFFSET) is acknowledged or given up. LAG is how many messages from there on are not; UNREAD
is not told.`,
		Example: `  workshop groups describe cg-group-id
  workshop groups describe --all-groups
  workshop groups describe group1 -o json | jq '.[].partitions[].unread'`,
		Args: func(_ *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return service.UsageError("name the groups, or give --all-groups")
			}
			return session.LegalNames("groups", args)
		},
	}
	o := t.Bind(cmd, func(ctx context.Context, o *session.Options, names []string) error {
		groups, err := session.Ask(ctx, o, func(ctx context.Context, s *session.Session) ([]describedGroup, error) {
			if all {
				var err error
				if names, err = allGroups(o, s); err != nil {
					return nil, err
				}
			}
			return describeGroups(ctx, s, names)
		})
		if err != nil {
			return err
		}
		if err := o.Print(groups, func(w io.Writer) { groupTable(w, groups) }); err != nil {
			return err
		}
		if o.Output == "table" {
			noteGroups(o.Tool, groups)
		}
		return nil
	})
	o.OutputFlag(cmd)
	cmd.Flags().BoolVar(&all, "all-groups", false, "every group of the cluster")
	return cmd
}

// allGroups returns the names of all groups that can be described.
func allGroups(o *session.Options, s *session.Session) (names []string, err error) {
	listed, err := coordinator.List(s)
	if err != nil {
		return nil, err
	}
	for _, g := range listed {
		if !g.Known() {
			o.Note("group %s is of the type %s, and left out", g.Group, g.Type)
			continue
		}
		names = append(names, g.Group)
	}
	return names, nil
}

func describeGroups(ctx context.Context, s *session.Session, names []string) ([]describedGroup, error) {
	described := []describedGroup{}
	if len(names) == 0 {
		return described, nil
	}
	groups, err := coordinator.Describe(ctx, s, names...)
	if err != nil {
		return nil, err
	}
	meta, err := s.Metadata()
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		d := describedGroup{Group: g.Name, Type: g.Kind, State: g.State, Assignor: g.Assignor, Coordinator: -1, Members: g.Members}
		if b, err := s.Client.Coordinator(g.Name); err == nil {
			d.Coordinator = b.ID()
		}
		partitions := groupPartitions
		if g.Kind == coordinator.Share {
			partitions = sharePartitions
		}
		if d.Partitions, err = partitions(ctx, s, meta, g); err != nil {
			return nil, fmt.Errorf("describe group %s: %w", g.Name, err)
		}
		described = append(described, d)
	}
	return described, nil
}

// groupPartitions returns the partitions in which a group has an offset or a member.
func groupPartitions(
	ctx context.Context, s *session.Session, meta *sarama.MetadataResponse, g coordinator.Group,
) ([]groupPartition, error) {
	committed, err := coordinator.Committed(ctx, s, g.Name)
	if err != nil {
		return nil, err
	}
	owners := map[offset.Place]*string{}
	for p := range committed {
		owners[p] = nil
	}
	for _, m := range g.Members {
		for topic, partitions := range m.Partitions {
			for _, p := range partitions {
				owners[offset.Place{Topic: topic, Partition: p}] = &m.MemberID
			}
		}
	}
	places := offset.SortedPlaces(owners)
	logs, err := offset.BoundsOf(ctx, s, meta, places)
	if err != nil {
		return nil, err
	}
	spans := map[offset.Place]offset.Span{}
	for p, at := range committed {
		if log, ok := logs[p]; ok && at <= log.End {
			spans[p] = offset.Span{From: max(at, log.Start), To: log.Stable}
		}
	}
	counts, err := offset.Count(ctx, s, spans)
	if err != nil {
		return nil, err
	}
	partitions := []groupPartition{}
	for _, p := range places {
		partitions = append(partitions, groupPartitionOf(p, owners[p], committed, logs, counts))
	}
	return partitions, nil
}

func groupPartitionOf(
	p offset.Place, owner *string, committed map[offset.Place]int64,
	logs map[offset.Place]offset.Bounds, counts map[offset.Place]offset.Counted,
) groupPartition {
	line := groupPartition{Topic: p.Topic, Partition: p.Partition, MemberID: owner}
	offset, has := committed[p]
	if has {
		line.CurrentOffset = &offset
	}
	log, led := logs[p]
	if !led {
		return line
	}
	line.LogEndOffset = &log.End
	if log.Stable < log.End {
		line.HeldBackFrom = &log.Stable
	}
	if has {
		lag := log.End - offset
		line.Lag = &lag
		line.Deleted = max(0, log.Start-offset)
	}
	if n, ok := counts[p]; ok {
		line.Unread, line.UnreadAtLeast = &n.Messages, n.AtLeast
	}
	return line
}
