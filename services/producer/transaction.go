package producer

import (
	crand "crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
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

// generator makes up transactions, one after the other. Its seed fixes all but id_transacao and
// cadastro_em: two runs with one seed can be compared message by message, and still no two
// transactions in the cluster share an id. It is for one goroutine.
//
// It is fast, well under half a microsecond per transaction: the laptop that runs it runs three
// brokers too, and PACE=0 is meant to show how fast they are, not how fast messages are invented.
type generator struct {
	people   *population
	seeded   *rand.Rand // what the seed fixes
	chance   *rand.Rand // what it does not
	clock    func() time.Time
	sequence int64

	ahead  int    // transactions for which ids and times are drawn together: they share their memory, and a look at the clock
	texts  string // what chance has drawn for the next transactions: an id and a time for each
	buffer []byte
}

// newGenerator starts a sequence at id_sequencia 1. The clock is read once for so many transactions ahead, which is 1
// unless they are made without a pause; its location decides what the month and the hour are.
func newGenerator(seed uint64, clock func() time.Time, ahead int) *generator {
	var key [32]byte
	crand.Read(key[:]) // never returns an error: the program ends if the system has no randomness
	return &generator{
		people: newPopulation(seed),
		seeded: rand.New(rand.NewPCG(seed, 1)), // 0 is the population's stream
		chance: rand.New(rand.NewChaCha8(key)),
		clock:  clock,
		ahead:  ahead,
	}
}

// next makes the next transaction.
func (g *generator) next() event.Transaction {
	g.sequence++
	user := &g.people.users[g.seeded.IntN(len(g.people.users))]
	t := event.Transaction{
		IDSequencia:   g.sequence,
		IDUsuario:     user.id,
		IDProduto:     g.people.products[g.seeded.IntN(len(g.people.products))],
		Endereco:      user.address,
		IDPlataforma:  platforms[g.seeded.IntN(len(platforms))],
		Mensagem:      user.message,
		Tipo:          payments[g.seeded.IntN(len(payments))],
		ValorCentavos: minCents + g.seeded.Int64N(maxCents-minCents+1),
		Moeda:         event.BRL,
	}
	t.IDTransacao, t.CadastroEm = g.unseeded()
	return t
}

// The lengths of an id_transacao and a cadastro_em.
const (
	idLen      = len("xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx")
	createdLen = len(time.DateTime)
)

// unseeded is what no seed fixes.
func (g *generator) unseeded() (id, created string) {
	if g.texts == "" {
		g.buffer = g.buffer[:0]
		now := monthSoFar(g.clock())
		for range g.ahead {
			g.buffer = appendUUID(g.buffer, g.chance)
			g.buffer = now.draw(g.chance).append(g.buffer)
		}
		g.texts = string(g.buffer)
	}
	id, created = g.texts[:idLen], g.texts[idLen:idLen+createdLen]
	g.texts = g.texts[idLen+createdLen:]
	return id, created
}

// created is cadastro_em: a wall clock's time in the month of the generator's clock.
type created struct {
	year, month, second int // second counts from the month's first midnight
}

// monthSoFar is the latest that a transaction can be made at now.
func monthSoFar(now time.Time) created {
	year, month, day := now.Date()
	hour, minute, second := now.Clock()
	return created{year: year, month: int(month), second: ((day-1)*24+hour)*3600 + minute*60 + second}
}

// draw draws a second from the first of the month up to c, both included; on the month's first second
// there is only that one. It counts by the wall clock, not by elapsed time, which a change to summer
// time within the month would set an hour off.
func (c created) draw(chance *rand.Rand) created {
	c.second = chance.IntN(c.second + 1)
	return c
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

// appendUUID draws a UUID of version 4 (RFC 9562), and writes it in the usual form.
func appendUUID(dst []byte, chance *rand.Rand) []byte {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], chance.Uint64())
	binary.BigEndian.PutUint64(id[8:], chance.Uint64())
	id[6] = id[6]&0x0f | 0x40 // the version
	id[8] = id[8]&0x3f | 0x80 // the variant
	dst = hex.AppendEncode(dst, id[:4])
	dst = hex.AppendEncode(append(dst, '-'), id[4:6])
	dst = hex.AppendEncode(append(dst, '-'), id[6:8])
	dst = hex.AppendEncode(append(dst, '-'), id[8:10])
	return hex.AppendEncode(append(dst, '-'), id[10:])
}
