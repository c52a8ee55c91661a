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

func newCatalog(mentions int) *catalog {
	return &catalog{streams: numbers{}, mentions: make([]mention, 0, mentions)}
}

func (c *catalog) add(m Message) {
	c.mentions = append(c.mentions, mention{m.Number, c.streams.of(m.Stream), uint32(len(c.mentions))})
}

// list is what a catalog has found: each message once, in the order of streams and numbers.
type list struct {
	streams  []string
	messages []mention // of each message one
	// ids has the index in messages for each mention, in the order in which they were added.
	ids []uint32
}

// number numbers the messages. The catalog is used up: the list has its memory.
func (c *catalog) number() list {
	l := list{streams: slices.Sorted(maps.Keys(c.streams)), ids: make([]uint32, len(c.mentions))}
	ranks := make([]uint32, len(l.streams))
	for rank, name := range l.streams {
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
	l.messages = c.mentions[:0]
	for _, m := range c.mentions { // which is never behind what is written to
		if last := len(l.messages) - 1; last < 0 || l.messages[last].stream != m.stream || l.messages[last].number != m.number {
			l.messages = append(l.messages, m)
		}
		l.ids[m.place] = uint32(len(l.messages) - 1)
	}
	return l
}

// name is the message of an index.
func (l *list) name(message uint32) Message {
	m := &l.messages[message]
	return Message{l.streams[m.stream], m.number}
}

// next takes the next n of the ids.
func (l *list) next(n int) []uint32 {
	taken := l.ids[:n]
	l.ids = l.ids[n:]
	return taken
}
