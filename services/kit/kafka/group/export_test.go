package group

import (
	"time"
)

// ShortenHandleTimeout lets a test meet the time-out.
func (g *Consumer) ShortenHandleTimeout() { g.handleTimeout = 200 * time.Millisecond }

// ShortenRefusal lets a test meet the end of a member that is refused.
func (g *Consumer) ShortenRefusal() { g.longestWait = 3 * time.Second }

// ShortenSilence lets a test meet a coordinator that is given up.
func (g *Consumer) ShortenSilence() { g.silence = 3 * time.Second }

// HasStarted ends the time in which a fenced member joins again at once.
func (g *Consumer) HasStarted() { g.joinedAnew = rejoinTries }

// MarkersTimeout is how long a commit behind markers waits for its answer.
const MarkersTimeout = markersTimeout
