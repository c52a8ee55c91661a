//go:build labs || brokers

package acceptance

import (
	"context"
	"os"
	"strings"
	"testing"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/kafkatest"
)

// openShop starts the shop's programs on brokers. The test's end stops them, and wants them to end well.
func openShop(t *testing.T, p shoptest.Options) *shoptest.Shop {
	t.Helper()
	p.Bin, p.Dir, p.Port = os.Getenv("WORKSHOP_BIN"), t.TempDir(), kafkatest.FreePort(t)
	shop, err := shoptest.Open(t.Context(), p)
	t.Cleanup(func() {
		if err := shop.Close(); err != nil {
			t.Errorf("the end of the programs: %v", err)
		}
		ending, cancel := context.WithTimeout(context.Background(), kafkatest.Deadline)
		defer cancel()
		if err := shop.RemoveTopics(ending); err != nil {
			t.Errorf("remove topics and groups: %v", err)
		}
		if t.Failed() {
			for _, program := range shop.Programs() {
				t.Logf("%s, %d lives, last lines:\n%s", program.Name, len(program.Lives()), tail(strings.Split(program.Output(), "\n")))
			}
		}
	})
	if err == nil {
		err = shop.AwaitGateway(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return shop
}

// tellShopStory is the story on brokers, with the shop's programs as processes.
func tellShopStory(t *testing.T, p shoptest.Options) {
	p.All = true
	shop := openShop(t, p)
	shopStory(t, shopUnderTest{
		url: shop.Gateway.URL(),
		mailed: func(email string) bool {
			for _, mail := range shop.Mailbox.Mails() {
				if mail.To == email && mail.MessageID != "" {
					return true
				}
			}
			return false
		},
		reports: func() map[string]string { return filesIn(t, shop.Reports) },
	})
}

// tail is the end of an output: more would hide what the test itself says.
func tail(lines []string) string {
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}
