package scoreboard

import (
	"context"

	"workshop.example/kit/kafka/group"
)

// atMostOnce commits an event, then shows it. A crash between the two loses the event: the restart
// begins behind it; none is shown twice. That holds only if the commit is confirmed before the event
// is shown, which is why Claim.Commit waits for the coordinator's answer.
func (r *reader) atMostOnce(ctx context.Context, claim *group.Claim) error {
	for msg := range claim.Messages() {
		claim.Mark(msg)
		if err := claim.Commit(); err != nil {
			return err
		}
		if err := r.crash.at(msg); err != nil {
			return err
		}
		if err := r.show(ctx, msg); err != nil {
			return err
		}
		if r.complete() {
			return group.ErrDone
		}
	}
	return nil
}
