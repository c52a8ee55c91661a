package group

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/session"
)

// groupTable writes the columns of kafka-consumer-groups, besides UNREAD and INSTANCE-ID. A member without a partition has a line of
// its own, as there.
func groupTable(w io.Writer, groups []describedGroup) {
	fmt.Fprintln(w, "GROUP\tTOPIC\tPARTITION\tCURRENT-OFFSET\tLOG-END-OFFSET\tLAG\tUNREAD\tCONSUMER-ID\tHOST\tCLIENT-ID\tINSTANCE-ID")
	for _, g := range groups {
		for _, p := range g.Partitions {
			unread := session.Number(p.Unread)
			if p.UnreadAtLeast {
				unread += "+"
			}
			for _, owner := range ownersOf(g.Members, p) {
				fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", g.Group, p.Topic, p.Partition,
					session.Number(p.CurrentOffset), session.Number(p.LogEndOffset), session.Number(p.Lag), unread, owner)
			}
		}
		for _, m := range g.Members {
			if len(m.Partitions) == 0 {
				fmt.Fprintf(w, "%s\t-\t-\t-\t-\t-\t-\t%s\n", g.Group, memberColumns(m))
			}
		}
	}
}

// ownersOf are the columns of the members that have a partition: of one, or of several of a share group.
func ownersOf(members []coordinator.Member, p groupPartition) (owners []string) {
	for _, m := range members {
		if slices.Contains(m.Partitions[p.Topic], p.Partition) {
			owners = append(owners, memberColumns(m))
		}
	}
	if len(owners) == 0 {
		return []string{"-\t-\t-\t-"}
	}
	return owners
}

// placesOf names partitions, or says that there are none.
func placesOf(byTopic map[string][]int32) string {
	var places []string
	for _, topic := range slices.Sorted(maps.Keys(byTopic)) {
		for _, p := range byTopic[topic] {
			places = append(places, fmt.Sprintf("%s/%d", topic, p))
		}
	}
	return cmp.Or(strings.Join(places, ", "), "no partition")
}

func memberColumns(m coordinator.Member) string {
	instance := "-"
	if m.InstanceID != nil {
		instance = *m.InstanceID
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s", m.MemberID, m.Host, m.ClientID, instance)
}

// noteGroups notes what the table does not show.
func noteGroups(t *session.Tool, groups []describedGroup) {
	for _, g := range groups {
		switch {
		case g.Type == coordinator.Share && slices.ContainsFunc(g.Partitions, func(p groupPartition) bool { return p.CurrentOffset == nil }):
			t.Note("group %s has no position yet where CURRENT-OFFSET is empty: it begins with share.auto.offset.reset, latest by default", g.Group)
		case len(g.Members) == 0:
			t.Note("group %s has no members", g.Group)
		case g.State != "Stable":
			t.Note("group %s hands out its partitions anew (%s): ask again in a moment", g.Group, g.State)
		}
		for _, m := range g.Members {
			if m.Target != nil {
				t.Note("group %s: %s on %s is to have %s instead: a member that works at a batch for long holds that up",
					g.Group, m.MemberID, m.Host, placesOf(m.Target))
			}
		}
		for _, p := range g.Partitions {
			at := fmt.Sprintf("%s/%d", p.Topic, p.Partition)
			switch {
			case p.LogEndOffset == nil:
				t.Note("%s has no leader at the moment, or the topic was deleted: «workshop topics describe %s»", at, p.Topic)
			case p.Lag != nil && *p.Lag < 0:
				t.Note("%s: the group's offset is beyond the end of the log: was the topic deleted and made again? "+
					"«workshop groups reset %s --topic %s --to earliest»", at, g.Group, p.Topic)
			case p.Deleted > 0:
				t.Note("%s: %s before the oldest message were deleted (retention) before the group had passed them",
					at, session.Count(p.Deleted, "offset"))
			}
			if p.HeldBackFrom != nil {
				t.Note("%s: an open transaction holds back what is behind offset %d; UNREAD counts up to there", at, *p.HeldBackFrom)
			}
		}
	}
}
