package admin

import (
	"context"
	"strconv"
	"time"

	"github.com/IBM/sarama"
)

// position is a place in a log as people name it.
type position struct {
	at      int64 // sarama.OffsetOldest or OffsetNewest, an offset, or milliseconds
	isTime  bool
	isExact bool // an offset
}

const positions = "earliest, latest, an offset such as 42, or a time such as 2026-05-04T09:30:00-03:00"

// parsePosition reads one of positions.
func parsePosition(text string) (position, bool) {
	switch text {
	case "earliest":
		return position{at: sarama.OffsetOldest}, true
	case "latest":
		return position{at: sarama.OffsetNewest}, true
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return position{at: n, isExact: true}, text[0] != '-'
	}
	when, err := time.Parse(time.RFC3339, text)
	return position{at: when.UnixMilli(), isTime: true}, err == nil
}

// resolve is the offset of a position in each partition. Of a time it is the first message that is not
// older, or the end where there is none.
func (s *session) resolve(ctx context.Context, p position, logs map[place]bounds) (map[place]int64, error) {
	offsets := map[place]int64{}
	if p.isTime {
		found, err := s.offsets(ctx, logs, p.at, sarama.ReadUncommitted)
		if err != nil {
			return nil, err
		}
		offsets = found
	}
	for at, log := range logs {
		switch {
		case p.isExact:
			offsets[at] = p.at
		case p.isTime && offsets[at] < 0, p.at == sarama.OffsetNewest:
			offsets[at] = log.end
		case p.at == sarama.OffsetOldest:
			offsets[at] = log.start
		}
	}
	return offsets, nil
}
