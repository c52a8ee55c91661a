package board

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// Group is a group, as its coordinator describes it.
type Group struct {
	Name    string   `json:"group"`
	Type    string   `json:"type"`  // classic, consumer (KIP-848) or share (KIP-932)
	State   string   `json:"state"` // Kafka's word, such as Stable, PreparingRebalance or Empty; NoCoordinator while nobody answers for it
	Members []Member `json:"members"`
	Lags    []Lag    `json:"lags"` // of the partitions that it has committed or assigned, by topic and number
}

// Member is a member of a group.
type Member struct {
	Name       string  `json:"member"` // its instance id, or its client id and the end of its member id
	Partitions []Place `json:"partitions"`
}

// Place is a partition of a topic.
type Place struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
}

// Lag is how far the end of a partition is from what a group has committed. Markers of transactions and aborted messages count. Of a share
// group it is how many messages are not done.
type Lag struct {
	Place
	Messages *int64 `json:"lag"` // nil where the group has committed nothing, or nobody knows the end
}

// noCoordinator is the state of a group that no broker knows at the moment.
const noCoordinator = "NoCoordinator"

// orphaned is how long a group is shown for which nobody answers: the coordinator's place is taken within seconds.
const orphaned = 15 * time.Second

// groups remembers the groups.
type groups struct {
	known map[string]Group
	seen  map[string]time.Time
}

// look asks every broker that answers for the groups that it coordinates. Whole says that there are no others: then a group that none of
// them knows is gone.
func (g *groups) look(
	ctx context.Context, conf *sarama.Config, meta *sarama.MetadataResponse, brokers map[int32]*sarama.Broker, whole bool,
) []Group {
	if g.known == nil {
		g.known, g.seen = map[string]Group{}, map[string]time.Time{}
	}
	found := map[string]Group{}
	committed := map[string]map[Place]int64{}
	for _, broker := range brokers {
		var names []string
		coordinated, ok := g.coordinatedBy(ctx, conf, meta, broker)
		whole = whole && ok
		for _, group := range coordinated {
			found[group.Name] = group
			if group.Type != shareType {
				names = append(names, group.Name)
			}
		}
		maps.Copy(committed, offsets(conf, broker, names))
	}
	ends := endsOf(conf, meta, brokers, found, committed)
	for name, group := range found {
		if group.Type != shareType {
			group.Lags = lagsOf(group, committed[name], ends)
		}
		g.known[name], g.seen[name] = group, time.Now()
	}
	shown := []Group{}
	for _, name := range slices.Sorted(maps.Keys(g.known)) {
		group := g.known[name]
		if _, ok := found[name]; !ok {
			if group.State = noCoordinator; whole || time.Since(g.seen[name]) > orphaned {
				delete(g.known, name)
				continue
			}
		}
		shown = append(shown, group)
	}
	return shown
}

func compare(a, b Place) int {
	return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// offsets are what groups have committed.
func offsets(conf *sarama.Config, broker *sarama.Broker, names []string) map[string]map[Place]int64 {
	if len(names) == 0 {
		return nil
	}
	req := sarama.NewOffsetFetchRequest(conf.Version, "", nil)
	req.Groups = nil
	for _, name := range names {
		req.Groups = append(req.Groups, sarama.OffsetFetchRequestGroup{GroupId: name})
	}
	resp, err := broker.FetchOffset(req)
	if err != nil {
		return nil
	}
	committed := map[string]map[Place]int64{}
	for _, group := range resp.Groups {
		if group.Err != sarama.ErrNoError {
			continue
		}
		places := map[Place]int64{}
		for topic, blocks := range group.Blocks {
			for p, block := range blocks {
				if block.Err == sarama.ErrNoError && block.Offset >= 0 {
					places[Place{topic, p}] = block.Offset
				}
			}
		}
		committed[group.GroupId] = places
	}
	return committed
}

// endsOf asks the leaders for the ends of all partitions that groups have.
func endsOf(
	conf *sarama.Config, meta *sarama.MetadataResponse, brokers map[int32]*sarama.Broker,
	found map[string]Group, committed map[string]map[Place]int64,
) map[Place]int64 {
	wanted := map[Place]bool{}
	for name, group := range found {
		for _, place := range placesOf(group, committed[name]) {
			wanted[place] = true
		}
	}
	asked := map[int32]*sarama.OffsetRequest{}
	for _, t := range meta.Topics {
		for _, p := range t.Partitions {
			if !wanted[Place{t.Name, p.ID}] || brokers[p.Leader] == nil {
				continue
			}
			if asked[p.Leader] == nil {
				asked[p.Leader] = sarama.NewOffsetRequest(conf.Version)
			}
			asked[p.Leader].AddBlock(t.Name, p.ID, sarama.OffsetNewest, 1)
		}
	}
	ends := map[Place]int64{}
	for leader, req := range asked {
		resp, err := brokers[leader].GetAvailableOffsets(req)
		if err != nil {
			continue
		}
		for place := range wanted {
			if block := resp.GetBlock(place.Topic, place.Partition); block != nil && block.Err == sarama.ErrNoError {
				ends[place] = block.Offset
			}
		}
	}
	return ends
}

// placesOf are the partitions that a group has committed or assigned.
func placesOf(group Group, committed map[Place]int64) []Place {
	places := map[Place]bool{}
	for place := range committed {
		places[place] = true
	}
	for _, m := range group.Members {
		for _, place := range m.Partitions {
			places[place] = true
		}
	}
	return slices.SortedFunc(maps.Keys(places), compare)
}

func lagsOf(group Group, committed, ends map[Place]int64) []Lag {
	lags := []Lag{}
	for _, place := range placesOf(group, committed) {
		lag := Lag{Place: place}
		offset, has := committed[place]
		if end, ok := ends[place]; ok && has {
			behind := max(0, end-offset) // the offset was asked for before the end, so that less than 0 is a topic made anew
			lag.Messages = &behind
		}
		lags = append(lags, lag)
	}
	return lags
}
