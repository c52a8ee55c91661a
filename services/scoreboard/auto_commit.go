package scoreboard

import (
	"context"
	"time"

	"workshop.example/kit/kafka/group"
)

// autoCommitEvery is auto_commit_interval_ms of LabScore's first exercise.
const autoCommitEvery = 5 * time.Second

// autoCommit shows events, and every five seconds commits what was shown so far: what
// enable_auto_commit does in the Java and Python clients. A crash shows again all that came after
// the last commit; a stop in good order commits on its way out.
func (r *reader) autoCommit(ctx context.Context, claim *group.Claim) error {
	committed := time.Now()
	for msg := range claim.MessagesOr(autoCommitEvery) {
		if msg != nil {
			if err := r.show(ctx, msg); err != nil {
				return err
			}
			if err := r.crash.at(msg); err != nil {
				return err
			}
			claim.Mark(msg)
		}
		if time.Since(committed) >= autoCommitEvery {
			if err := claim.Commit(); err != nil {
				return err
			}
			committed = time.Now()
		}
		if r.complete() {
			return group.ErrDone
		}
	}
	return nil
}
