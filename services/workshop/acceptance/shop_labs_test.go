//go:build labs

package acceptance

import (
	"testing"

	"workshop.example/ecommerce/proof"
	"workshop.example/kit/kafkatest"
)

func TestShopEmbedded(t *testing.T) {
	t.Parallel()
	tellShopStory(t, proof.Options{Brokers: kafkatest.Start(t).ListenAddrs()})
}
