package offset

import (
	"context"
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/workshop/admin/session"
)

// Position is an offset as users name it.
type Position struct {
	At      int64 // sarama.OffsetOldest or OffsetNewest, unless one of the others is true
	isTime  bool  // At is in milliseconds
	IsExact bool  // At is an offset
}

// PositionSyntax says what ParsePosition accepts.
const PositionSyntax = "earliest, latest, an offset such as 42, or a time such as 2026-05-04T09:30:00-03:00"

// ParsePosition parses a position, and reports whether it is one.
func ParsePosition(text string) (Position, bool) {
	switch text {
	case "earliest":
		return Position{At: sarama.OffsetOldest}, true
	case "latest":
		return Position{At: sarama.OffsetNewest}, true
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return Position{At: n, IsExact: true}, text[0] != '-'
	}
	when, err := time.Parse(time.RFC3339, text)
	return Position{At: when.UnixMilli(), isTime: true}, err == nil
}

// Resolve returns the offset of a position in each log: of a time that of the first message that is not older, or the end if there
// is none.
func Resolve(ctx context.Context, s *session.Session, p Position, logs map[Place]Bounds) (map[Place]int64, error) {
	offsets := map[Place]int64{}
	if p.isTime {
		found, err := offsetsAt(ctx, s, logs, p.At, sarama.ReadUncommitted)
		if err != nil {
			return nil, err
		}
		offsets = found
	}
	for at, log := range logs {
		switch {
		case p.IsExact:
			offsets[at] = p.At
		case p.isTime && offsets[at] < 0, p.At == sarama.OffsetNewest:
			offsets[at] = log.End
		case p.At == sarama.OffsetOldest:
			offsets[at] = log.Start
		}
	}
	return offsets, nil
}
