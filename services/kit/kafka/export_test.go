package kafka

import "time"

// ShortenHandleTimeout lets a test meet the time-out.
func (g *Group) ShortenHandleTimeout() { g.handleTimeout = 200 * time.Millisecond }
