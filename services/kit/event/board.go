package event

// BoardRecord is one message of the topic scoreBoard: what the board was after it had taken in one
// event. It is written in the transaction that commits the event's offset, so that the two can never
// disagree, and a board that starts again goes on from the last of them.
//
// json.Marshal writes it in the contract's order.
type BoardRecord struct {
	ID     int    `json:"id"`    // of the event
	Match  string `json:"match"` // "" for events of the original form, which have none
	Event  string `json:"event"` // Goal or Finished
	Score  Score  `json:"score"` // as the event announced it
	Tally  Score  `json:"tally"` // as the board has counted
	Source Source `json:"source"`
}

// Source is where an event stands in its topic.
type Source struct {
	Partition int32 `json:"partition"`
	Offset    int64 `json:"offset"`
}

// DecodeBoardRecord reads the value of a message. Fields that it does not know are ignored. Every
// other value gives a *Malformed and a zero record. It keeps no reference to value.
func DecodeBoardRecord(value []byte) (BoardRecord, error) {
	f := readFields(value)
	r := BoardRecord{
		ID:     f.integer("id"),
		Match:  f.text("match"),
		Event:  f.text("event"),
		Score:  decodeScore(f, "score"),
		Tally:  decodeScore(f, "tally"),
		Source: decodeSource(f),
	}
	f.check(r.ID >= 1, "id", "at least 1")
	f.check(r.Event == Goal || r.Event == Finished, "event", "goal or finished")
	if f.bad != nil {
		return BoardRecord{}, f.bad
	}
	return r, nil
}

func decodeSource(f *fields) Source {
	inner := f.object("source")
	defer f.close(inner)
	partition, offset := inner.integer("partition"), inner.integer("offset")
	inner.check(partition >= 0 && partition <= 1<<31-1, "partition", "0 or more")
	inner.check(offset >= 0, "offset", "0 or more")
	return Source{Partition: int32(partition), Offset: int64(offset)}
}
