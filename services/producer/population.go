package main

import (
	"bytes"
	"encoding/json"
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
	products []string // the part of a message that names the product
}

// user holds the parts of a message that only depend on the user, as JSON ready to be copied.
type user struct {
	id       string // id_usuario, and the message's key
	idJSON   string // from the comma after id_sequencia to the opening quote of id_transacao
	address  string // endereco, to the opening quote of cadastro_em
	greeting string // mensagem, to the colon of valor_centavos
}

// newPopulation draws the users and products of a seed; the same seed always gives the same ones.
func newPopulation(seed uint64) *population {
	// Not gofakeit.New(seed): that takes 0 for "any seed", and 0 is a seed like any other to us.
	fake := gofakeit.NewFaker(rand.NewPCG(seed, 0), false)
	p := &population{users: make([]user, 0, userCount), products: make([]string, 0, productCount)}
	for _, id := range distinct(fake, userCount, 20_000, 100_000) {
		address := fake.Street() + " | " + fake.City() + " | " + fake.CountryAbr()
		p.users = append(p.users, newUser(strconv.Itoa(id), address))
	}
	for _, id := range distinct(fake, productCount, 10_000, 99_999) {
		p.products = append(p.products, `","id_produto":"`+strconv.Itoa(id)+`","endereco":`)
	}
	return p
}

func newUser(id, address string) user {
	return user{
		id:       id,
		idJSON:   `,"id_usuario":` + quote(id) + `,"id_transacao":"`,
		address:  quote(address) + `,"cadastro_em":"`,
		greeting: `,"mensagem":` + quote("transacao feita pelo usuario "+id) + `,"valor_centavos":`,
	}
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

// quote writes s as a JSON string, with & < > as they are: an address stays readable.
func quote(s string) string {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string into a bytes.Buffer: nothing that could fail
	return string(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
}
