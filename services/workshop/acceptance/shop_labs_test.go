//go:build labs

package acceptance

import (
	"testing"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/kafkatest"
)

func TestShopEmbedded(t *testing.T) {
	t.Parallel()
	tellShopStory(t, shoptest.Options{Brokers: kafkatest.Start(t).ListenAddrs()})
}
