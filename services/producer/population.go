package producer

import (
	"math/rand/v2"
	"strconv"

	"github.com/brianvoe/gofakeit/v7"
)

const (
	userCount    = 2000
	productCount = 300
)

// population is the cast of a run: who buys, and what there is to buy. It is drawn once, because a
// fake address costs microseconds and a message may not; and because the same user has to come back
// for order per user to mean anything. It never changes, so any number of goroutines may read it.
type population struct {
	users    []user
	products []string // id_produto
}

// user is what a transaction says of its user.
type user struct {
	id      string // id_usuario, and the message's key
	address string // endereco
	message string // mensagem
}

// newPopulation draws the users and products of a seed; the same seed always gives the same ones.
func newPopulation(seed uint64) *population {
	// Not gofakeit.New(seed): that takes 0 for "any seed", and 0 is a seed like any other to us.
	fake := gofakeit.NewFaker(rand.NewPCG(seed, 0), false)
	p := &population{users: make([]user, 0, userCount), products: make([]string, 0, productCount)}
	for _, id := range distinct(fake, userCount, 20_000, 100_000) {
		address := fake.Street() + " | " + fake.City() + " | " + fake.CountryAbr()
		id := strconv.Itoa(id)
		p.users = append(p.users, user{id: id, address: address, message: "transacao feita pelo usuario " + id})
	}
	for _, id := range distinct(fake, productCount, 10_000, 99_999) {
		p.products = append(p.products, strconv.Itoa(id))
	}
	return p
}

// distinct draws n different numbers from low to high, both included, in no order. It needs clearly
// more numbers than n to choose from.
func distinct(fake *gofakeit.Faker, n, low, high int) []int {
	seen := make(map[int]bool, n)
	drawn := make([]int, 0, n)
	for len(drawn) < n {
		if id := fake.Number(low, high); !seen[id] {
			seen[id] = true
			drawn = append(drawn, id)
		}
	}
	return drawn
}
