package kafka

import (
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// ReadTo unpacks batches itself and has to tell the same time as sarama's consumer does.
func TestTimestampOfARecord(t *testing.T) {
	produced := time.Date(2001, 9, 9, 1, 46, 40, 0, time.UTC)
	appended := time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)
	for _, r := range []struct {
		name          string
		logAppendTime bool
		want          time.Time
	}{
		{"CreateTime", false, produced.Add(5 * time.Second)},
		{"LogAppendTime", true, appended},
	} {
		batch := &sarama.RecordBatch{
			LogAppendTime: r.logAppendTime, FirstTimestamp: produced, MaxTimestamp: appended,
			Records: []*sarama.Record{{TimestampDelta: 5 * time.Second}},
		}
		l := &logReader{topic: "t"}
		if got := l.unpack(batch)[0].Timestamp; !got.Equal(r.want) {
			t.Errorf("%s: %s, want %s", r.name, got, r.want)
		}
	}
}
