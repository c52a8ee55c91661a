//go:build brokers

package acceptance

// shopUnderFaults is the shop with clients that insist.
type shopUnderFaults struct{}
