//go:build labs || docker || brokers

package acceptance

import (
	"testing"

	"workshop.example/kit/kafkatest"
)

// campaign says that everything is run, with all of its repetitions: make campaign.
var campaign = kafkatest.Campaign

func rotated[T any](t testing.TB, what string, n int, cases []T) []T {
	t.Helper()
	return kafkatest.Rotated(t, what, n, cases)
}

func times(n int) int { return kafkatest.Times(n) }
