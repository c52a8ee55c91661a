package drill

import (
	"time"

	"workshop.example/kit/service"
)

// JSON is a result for other programs.
type JSON struct {
	Drill        string      `json:"drill"`
	Seed         uint64      `json:"seed"`
	Held         bool        `json:"held"`
	Seconds      float64     `json:"seconds"` // of production
	Acknowledged int         `json:"acknowledged"`
	Lost         int         `json:"lost"`
	Duplicated   int         `json:"duplicated"`
	OutOfOrder   int         `json:"out_of_order"`
	Missing      int         `json:"missing"`  // in the topic, and not consumed
	Repeated     int         `json:"repeated"` // consumed again
	Unknown      int         `json:"unknown"`  // without an answer to the producer
	Goals        int         `json:"goals"`    // events of the matches
	Restarts     int         `json:"restarts"` // of programs that ended by themselves
	Faults       []JSONFault `json:"faults"`
	Checks       []JSONCheck `json:"checks"`
}

// JSONFault is one blow that was proved.
type JSONFault struct {
	At           time.Time `json:"at"`
	What         string    `json:"what"`
	Proof        string    `json:"proof"`
	Broker       bool      `json:"broker"`           // it struck a broker
	Within       bool      `json:"within,omitempty"` // as part of the one before, which was not put right yet
	Silence      float64   `json:"silence_seconds"`  // the longest time that a partition was without an acknowledgement
	Limit        float64   `json:"limit_seconds,omitempty"`
	Acknowledged int       `json:"acknowledged"` // messages, from the proof to the next blow
}

// JSONCheck is a prediction, and whether it held.
type JSONCheck struct {
	Text string `json:"text"`
	Held bool   `json:"held"`
}

// JSON is the result with its words in a language.
func (r Result) JSON(lang service.Lang) JSON {
	t := r.Transactions
	out := JSON{
		Drill: r.Drill.Name, Seed: r.Seed, Held: r.Held(), Seconds: r.Took.Seconds(), Acknowledged: r.Acknowledged,
		Lost: len(t.Lost), Duplicated: len(t.Duplicated), OutOfOrder: len(t.OutOfOrder), Missing: len(t.Missing), Repeated: len(t.Repeated),
		Unknown: len(t.UnknownAbsent) + len(t.UnknownPresent), Goals: r.Match.Produced, Restarts: r.Restarts, Faults: []JSONFault{},
		Checks: []JSONCheck{},
	}
	for _, f := range r.Faults {
		out.Faults = append(out.Faults, JSONFault{
			f.At, f.What.In(lang), f.Proof.In(lang), f.Broker, f.Within, f.Silence.Seconds(), f.Limit.Seconds(), f.Acknowledged,
		})
	}
	for _, c := range r.Checks() {
		out.Checks = append(out.Checks, JSONCheck{c.Text.In(lang), c.Held})
	}
	return out
}
