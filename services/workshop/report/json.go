package report

import "workshop.example/kit/service"

// JSON is a result for other programs.
type JSON struct {
	Lab   string     `json:"lab"`
	Seed  uint64     `json:"seed"`
	Held  bool       `json:"held"`
	Parts []JSONPart `json:"parts"`
}

// JSONPart is one count. Ids stand as often as they were lost or repeated.
type JSONPart struct {
	Title      string     `json:"title,omitempty"`
	Held       bool       `json:"held"`
	Produced   int        `json:"produced"`        // in the topic
	Shown      *int       `json:"shown,omitempty"` // where somebody reads
	Sent       *int       `json:"sent,omitempty"`  // where the producer is judged instead
	Acked      *int       `json:"acknowledged,omitempty"`
	Lost       []int      `json:"lost"`
	Repeated   []int      `json:"repeated"`
	Duplicated []int      `json:"duplicated"`
	Ghosts     []int      `json:"ghosts"`
	OutOfOrder []int      `json:"out_of_order"`
	Refused    []int      `json:"refused_in_topic"`
	Torn       []string   `json:"torn"`
	Strange    []string   `json:"strange"` // scores that no event explains
	Table      []string   `json:"table,omitempty"`
	Unknown    int        `json:"unknown"`
	Facts      []JSONFact `json:"facts"`
	Misses     []string   `json:"misses"`
	Hint       string     `json:"hint,omitempty"` // what to change, where it did not hold
}

// JSONFact is what was predicted besides the counts.
type JSONFact struct {
	Text string `json:"text"`
	Held bool   `json:"held"`
}

// JSON is the result with its words in a language.
func (r Result) JSON(lang service.Lang) JSON {
	out := JSON{Lab: r.Name, Seed: r.Seed, Held: r.Held(), Parts: []JSONPart{}}
	for _, p := range r.Parts {
		v := p.Counted
		part := JSONPart{
			Title: p.Title.In(lang), Held: p.Holds(), Produced: v.Produced,
			Lost: some(Numbers(v.Lost, v.Missing)), Repeated: some(Numbers(v.Repeated)), Duplicated: some(Numbers(v.Duplicated)),
			Ghosts: some(Numbers(v.AbortedRead)), OutOfOrder: some(Numbers(v.OutOfOrder, v.Nonmonotonic)),
			Unknown: len(v.UnknownAbsent) + len(v.UnknownPresent), Facts: []JSONFact{}, Misses: []string{}, Table: p.table(lang),
		}
		if !part.Held {
			part.Hint = p.Hint.In(lang)
		}
		part.Refused, part.Torn, part.Strange = some(Numbers(v.Spurious)), append([]string{}, v.Torn...), append([]string{}, p.Strange...)
		if p.Unread {
			part.Sent, part.Acked = &p.Sent, &p.Acknowledged
		} else {
			part.Shown = &v.Processed
		}
		for _, f := range p.Facts {
			part.Facts = append(part.Facts, JSONFact{f.Text.In(lang), f.Held})
		}
		for _, m := range p.Misses() {
			part.Misses = append(part.Misses, m.In(lang))
		}
		out.Parts = append(out.Parts, part)
	}
	return out
}

// some is a list that is written as [] where it is empty.
func some(list []int) []int {
	if list == nil {
		return []int{}
	}
	return list
}
