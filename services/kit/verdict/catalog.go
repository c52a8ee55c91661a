package verdict

import (
	"cmp"
	"maps"
	"slices"
)

// numbers gives each name a number, counted from 0.
type numbers map[string]uint32

func (n numbers) of(name string) uint32 {
	i, known := n[name]
	if !known {
		i = uint32(len(n))
		n[name] = i
	}
	return i
}

// catalog numbers messages: what is known of each can then stand in a slice, where a map of messages would take
// several times the memory. Add all that is mentioned anywhere, and then number.
type catalog struct {
	streams  numbers
	mentions []mention
}

// mention is a message at one place. It has no pointer and is small, because millions of them are sorted.
type mention struct {
	number int
	stream uint32
	place  uint32 // among the mentions
}

// listed is a message of a catalog. Streams are numbered too, in their order.
type listed struct {
	Message
	stream uint32
}

func newCatalog(mentions int) *catalog {
	return &catalog{streams: numbers{}, mentions: make([]mention, 0, mentions)}
}

func (c *catalog) add(m Message) {
	c.mentions = append(c.mentions, mention{m.Number, c.streams.of(m.Stream), uint32(len(c.mentions))})
}

// number returns each message once, in the order of streams and numbers, and for each mention, in the order in which
// they were added, which of the messages it is of. The catalog is used up.
func (c *catalog) number() (messages []listed, ids []uint32) {
	streams := slices.Sorted(maps.Keys(c.streams))
	ranks := make([]uint32, len(streams))
	for rank, name := range streams {
		ranks[c.streams[name]] = uint32(rank)
	}
	for i := range c.mentions {
		c.mentions[i].stream = ranks[c.mentions[i].stream]
	}
	slices.SortFunc(c.mentions, func(a, b mention) int {
		if a.stream != b.stream {
			return cmp.Compare(a.stream, b.stream)
		}
		return cmp.Compare(a.number, b.number)
	})
	isNew := func(i int) bool {
		return i == 0 || c.mentions[i].stream != c.mentions[i-1].stream || c.mentions[i].number != c.mentions[i-1].number
	}
	different := 0
	for i := range c.mentions {
		if isNew(i) {
			different++
		}
	}
	messages, ids = make([]listed, 0, different), make([]uint32, len(c.mentions))
	for i, m := range c.mentions {
		if isNew(i) {
			messages = append(messages, listed{Message{streams[m.stream], m.number}, m.stream})
		}
		ids[m.place] = uint32(len(messages) - 1)
	}
	return messages, ids
}
