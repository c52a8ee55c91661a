package producer

import (
	"reflect"
	"regexp"
	"testing"
)

func TestPopulationIsFixedBySeed(t *testing.T) {
	for _, seed := range []uint64{0, 1, 1 << 63} {
		if got, want := newPopulation(seed), newPopulation(seed); !reflect.DeepEqual(got, want) {
			t.Errorf("seed %d: got two populations, want one", seed)
		}
	}
	if reflect.DeepEqual(newPopulation(1), newPopulation(2)) {
		t.Error("seeds 1 and 2: got one population, want two")
	}
}

func TestPopulationIsDistinct(t *testing.T) {
	p := newPopulation(1)
	users, products := map[string]bool{}, map[string]bool{}
	for _, u := range p.users {
		users[u.id] = true
	}
	for _, product := range p.products {
		products[product] = true
	}
	if got, want := len(users), userCount; got != want {
		t.Errorf("got %d different users, want %d", got, want)
	}
	if got, want := len(products), productCount; got != want {
		t.Errorf("got %d different products, want %d", got, want)
	}
}

// Every address, not only those that a test's few messages happen to draw.
func TestAddresses(t *testing.T) {
	want := regexp.MustCompile(`^[^|]+ \| [^|]+ \| [A-Z]{2}$`)
	for _, u := range newPopulation(1).users {
		if !want.MatchString(u.address) {
			t.Errorf("got %s, want street | city | CC", u.address)
		}
	}
}
