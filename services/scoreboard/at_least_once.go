package scoreboard

import (
	"context"

	"workshop.example/kit/kafka/group"
)

// atLeastOnce shows an event, then commits it. A crash between the two shows the event again after
// the restart; none is left out.
func (r *reader) atLeastOnce(ctx context.Context, claim *group.Claim) error {
	for msg := range claim.Messages() {
		if err := r.show(ctx, msg); err != nil {
			return err
		}
		if err := r.crash.at(msg); err != nil {
			return err
		}
		claim.Mark(msg)
		if err := claim.Commit(); err != nil {
			return err
		}
		if r.complete() {
			return group.ErrDone
		}
	}
	return nil
}
