package group

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
)

// A static member is fenced (FENCED_INSTANCE_ID) when the coordinator knows its GROUP_INSTANCE_ID under another
// member id than it has. That has two causes, and the answer is the same:
//
//   - Another program runs with the same id, and joined later. This one has to end.
//   - The coordinator holds a member id that nobody uses: one given in answer to a join of ours that was lost on
//     its way, or one of this program's life before. Such an id sends no heartbeats, and its session ends.
//
// So a fenced member waits for the end of a session, without joining: where the name becomes free nobody
// else uses it, and where it does not somebody does. Waiting disturbs no other member, so that two programs
// with one name do not fence each other in turns.

// rejoinPeriod is how long after its start a static member, when fenced, joins again without that wait: a
// coordinator that takes over may know only the id of the life before, or do late what that life has asked for.
const rejoinPeriod = 15 * time.Second

// Such a coordinator may need more than one try. Of two live members with one name the older has used
// its tries up first, and ends.
const (
	rejoinTries = 5
	rejoinDelay = 300 * time.Millisecond
)

// NameTakenError says that another member of the group has this one's GROUP_INSTANCE_ID.
type NameTakenError struct{ Group, Instance string }

func (e *NameTakenError) Error() string {
	return fmt.Sprintf("another member of group %s runs with the same GROUP_INSTANCE_ID %q: give each its own (FENCED_INSTANCE_ID)",
		e.Group, e.Instance)
}
func (e *NameTakenError) Unwrap() error { return sarama.ErrFencedInstancedId }

// errRejoin ends runClient: the member was fenced, and may join again without a member id.
var errRejoin = errors.New("fenced by a member id that nobody uses")

// fenced decides how a fenced member goes on. It returns errRejoin when it may join again, and any error when
// ctx has ended.
func (g *Consumer) fenced(ctx context.Context) error {
	log := g.Hooks.Log.With("group", g.Member.Group, "group_instance_id", g.Member.InstanceID)
	if g.joinedAnew < rejoinTries && time.Now().Before(g.joinAnewBy) {
		g.joinedAnew++
		log.Warn("fenced soon after the start, by a life before perhaps: joining anew")
		return errRejoin
	}
	log.Warn("fenced: waiting whether the name becomes free")
	g.setNameHeld(true) // explainWaits tells
	freed := g.nameIsFreed(ctx)
	g.setNameHeld(false)
	if freed {
		log.Warn("nobody used the name: joining anew")
		return errRejoin
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err := &NameTakenError{g.Member.Group, g.Member.InstanceID}
	g.Hooks.Failed(err)
	return err
}

// nameWait is how long a member id without heartbeats can hold the name in a group at rest: a session, and
// half of one for a coordinator that is busy.
func (g *Consumer) nameWait() time.Duration {
	return g.client().Config().Consumer.Group.Session.Timeout * 3 / 2
}

// nameIsFreed waits until no member of the group has the name, and returns true then. It returns false when
// one and the same member id has held it for longer than it could without heartbeats, and when ctx has ended.
//
// Only time in which the group is stable counts. Sessions do not end during a rebalance, nor while
// brokers are away.
func (g *Consumer) nameIsFreed(ctx context.Context) bool {
	var holder string
	var since time.Time
	for {
		described, err := g.describe(ctx)
		switch {
		case ctx.Err() != nil:
			return false
		case err != nil:
			holder = ""
		case g.holder(described) == "":
			return true
		case described.State != "Stable" || g.holder(described) != holder:
			holder, since = g.holder(described), time.Now()
		case time.Since(since) > g.nameWait():
			return false
		}
		if wait.Sleep(ctx, rejoinDelay) != nil {
			return false
		}
	}
}

// holder is the member id that has this member's name, or "".
func (g *Consumer) holder(described *sarama.GroupDescription) string {
	for _, m := range described.Members {
		if m.GroupInstanceId != nil && *m.GroupInstanceId == g.Member.InstanceID {
			return m.MemberId
		}
	}
	return ""
}

func (g *Consumer) setNameHeld(held bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.nameHeld = held
}
