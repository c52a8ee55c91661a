package kafka

import "time"

// ShortenHandleTimeout lets a test meet the time-out.
func (g *Group) ShortenHandleTimeout() { g.handleTimeout = 200 * time.Millisecond }

// ShortenRefusal lets a test meet the end of a member that is refused.
func (g *Group) ShortenRefusal() { g.longestWait = 3 * time.Second }

// ShortenSilence lets a test meet a coordinator that is given up.
func (g *Group) ShortenSilence() { g.silence = 3 * time.Second }

// HasStarted ends the time in which a fenced member joins again at once.
func (g *Group) HasStarted() { g.joinedAnew = ghostTries }

// SetTimeout changes the time-out of the next producer's transactions.
func (t *Transactor) SetTimeout(timeout time.Duration) { t.conf.Producer.Transaction.Timeout = timeout }

// MarkersTimeout is how long a commit behind markers waits for its answer.
const MarkersTimeout = markersTimeout
