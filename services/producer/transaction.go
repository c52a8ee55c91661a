package main

import (
	crand "crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"time"

	"workshop.example/kit/event"
)

// The amounts of a transaction, in cents, both included: from R$ 1,00 to R$ 5.000,00.
const (
	minCents = 100
	maxCents = 500_000
)

var (
	platforms = [...]string{event.Mobile, event.Laptop, event.Tablet}
	payments  = [...]string{event.PIX, event.Credito, event.Debito, event.Boleto}
)

// generator makes up transactions one after the other, in the JSON of event.Transaction. Its seed
// fixes all but id_transacao and cadastro_em: two runs with one seed can be compared message by
// message, and still no two transactions in the cluster share an id. It is for one goroutine.
//
// It writes the bytes itself, in well under half a microsecond: the laptop that runs it runs three
// brokers too, and PACE=0 is meant to show how fast they are, not how fast messages are invented.
type generator struct {
	people *population
	seeded *rand.Rand // what the seed fixes
	chance *rand.Rand // what it does not
	clock  func() time.Time

	// The current transaction, as next has drawn it.
	sequence int64
	user     *user
	product  string
	platform string
	payment  string
	cents    int64
	id       [16]byte // id_transacao
	created  created
}

// created is cadastro_em: a wall clock's time in the month of the generator's clock.
type created struct {
	year, month, second int // second counts from the month's first midnight
}

// newGenerator starts a sequence at id_sequencia 1. The clock is read once a transaction; its
// location decides what the month and the hour are.
func newGenerator(seed uint64, clock func() time.Time) *generator {
	var key [32]byte
	crand.Read(key[:]) // never returns an error: the program ends if the system has no randomness
	return &generator{
		people: newPopulation(seed),
		seeded: rand.New(rand.NewPCG(seed, 1)), // 0 is the population's stream
		chance: rand.New(rand.NewChaCha8(key)),
		clock:  clock,
	}
}

// next draws the next transaction. Call it before the first append.
func (g *generator) next() {
	g.sequence++
	g.user = &g.people.users[g.seeded.IntN(len(g.people.users))]
	g.product = g.people.products[g.seeded.IntN(len(g.people.products))]
	g.platform = platforms[g.seeded.IntN(len(platforms))]
	g.payment = payments[g.seeded.IntN(len(payments))]
	g.cents = minCents + g.seeded.Int64N(maxCents-minCents+1)

	binary.BigEndian.PutUint64(g.id[:8], g.chance.Uint64())
	binary.BigEndian.PutUint64(g.id[8:], g.chance.Uint64())
	g.id[6] = g.id[6]&0x0f | 0x40 // version 4: random
	g.id[8] = g.id[8]&0x3f | 0x80 // variant of RFC 9562

	g.created = drawCreated(g.clock(), g.chance)
}

// drawCreated draws a second from the first of now's month up to now, both included; on the
// month's first second there is only that one. It counts by the wall clock, not by elapsed time,
// which a change to summer time within the month would set an hour off.
func drawCreated(now time.Time, chance *rand.Rand) created {
	year, month, day := now.Date()
	hour, minute, second := now.Clock()
	passed := ((day-1)*24+hour)*3600 + minute*60 + second
	return created{year: year, month: int(month), second: chance.IntN(passed + 1)}
}

// append appends the current transaction to dst and gives the longer slice, with the message's key.
// It allocates nothing when dst has room; 512 bytes are enough. Until the next call of next it
// gives the same bytes again. The value is only dst: a publisher that sends in the background must
// not reuse dst before the message is acknowledged.
//
// The key is id_usuario: the same key always meets the same partition, and only within a partition
// does Kafka keep order. So each user's transactions arrive in order, those of different users may not.
func (g *generator) append(dst []byte) (value []byte, key string) {
	dst = append(dst, `{"id_sequencia":`...)
	dst = strconv.AppendInt(dst, g.sequence, 10)
	dst = append(dst, g.user.idJSON...)
	dst = appendUUID(dst, &g.id)
	dst = append(dst, g.product...)
	dst = append(dst, g.user.address...)
	dst = g.created.append(dst)
	dst = append(dst, `","id_plataforma":"`...)
	dst = append(dst, g.platform...)
	dst = append(dst, '"')
	dst = append(dst, g.user.greeting...)
	dst = strconv.AppendInt(dst, g.cents, 10)
	dst = append(dst, `,"moeda":"`+event.BRL+`","tipo":"`...)
	dst = append(dst, g.payment...)
	return append(dst, `"}`...), g.user.id
}

// append writes YYYY-MM-DD HH:MM:SS. By hand: no time.Time has this wall clock without a zone,
// and to format one would take about as long as all the rest.
func (c created) append(dst []byte) []byte {
	minute := c.second / 60
	hour := minute / 60
	dst = appendPair(dst, c.year/100)
	dst = append(appendPair(dst, c.year%100), '-')
	dst = append(appendPair(dst, c.month), '-')
	dst = append(appendPair(dst, hour/24+1), ' ')
	dst = append(appendPair(dst, hour%24), ':')
	dst = append(appendPair(dst, minute%60), ':')
	return appendPair(dst, c.second%60)
}

// appendPair writes a number from 0 to 99 as two digits.
func appendPair(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}

// appendUUID writes the usual form, 8-4-4-4-12 hexadecimal digits.
func appendUUID(dst []byte, id *[16]byte) []byte {
	dst = hex.AppendEncode(dst, id[:4])
	dst = hex.AppendEncode(append(dst, '-'), id[4:6])
	dst = hex.AppendEncode(append(dst, '-'), id[6:8])
	dst = hex.AppendEncode(append(dst, '-'), id[8:10])
	return hex.AppendEncode(append(dst, '-'), id[10:])
}
