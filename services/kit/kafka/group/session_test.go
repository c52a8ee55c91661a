package group

import (
	"testing"
)

// A client that was given up ends its session when the next one has long joined: the group is joined.
func TestLateEndOfAnEarlierSession(t *testing.T) {
	g := &Consumer{claims: map[int32]*Claim{}, uncommitted: map[int32]error{}, trimmed: map[int32]bool{}}
	earlier, now := &session{group: g}, &session{group: g}
	g.assign(earlier, []int32{0})
	g.assign(now, []int32{0})
	earlier.Cleanup(nil)
	if !g.joined {
		t.Error("the end of an earlier session has ended the one that runs")
	}
	now.Cleanup(nil)
	if g.joined {
		t.Error("the session has ended, and the group counts as joined")
	}
}
