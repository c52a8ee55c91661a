package drill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"workshop.example/workshop/lab"
)

var killLeader = Drill{
	Name:    "kill-leader",
	Summary: lab.Text{PT: "kill -9 no líder, e no líder que o substitui, e no seguinte", EN: "kill -9 of the leader, of the one that takes over, and of the next"},
	Will: [3]lab.Text{
		{PT: "O broker que lidera a partição 0 das transações morre (kill -9), volta, e o novo líder é o próximo a morrer.",
			EN: "The broker that leads partition 0 of the transactions is killed (kill -9), comes back, and the new leader is the next to die."},
		{PT: "Prova: o processo sumiu, e as partições que ele liderava têm outro líder, numa época (epoch) mais nova.",
			EN: "Proof: the process is gone, and the partitions that it led have another leader, of a newer epoch."},
		{PT: "Previsão: nada do que foi confirmado se perde ou se repete; cada partição volta a confirmar em até 16 s (a sessão do ZooKeeper, 6 s, mais 10).",
			EN: "Prediction: nothing that was acknowledged is lost or repeated; each partition acknowledges again within 16 s (the ZooKeeper session of 6 s, and 10)."},
	},
	Why: lab.Text{
		PT: "O líder só confirma o que outra réplica em sincronia também tem (acks=all, min.insync.replicas=2). Quando ele morre, o controlador espera o fim da " +
			"sua sessão no ZooKeeper e escolhe um dos que têm tudo. O produtor tenta de novo com o mesmo número de sequência, e o novo líder reconhece o que já tem.",
		EN: "The leader acknowledges only what another in-sync replica has too (acks=all, min.insync.replicas=2). When it dies the controller waits for the end of its " +
			"ZooKeeper session and chooses one of those that have everything. The producer tries again under the same sequence number, and the new leader knows what it has.",
	},
	Times: 3,
	run: func(ctx context.Context, s *Stage) error {
		for range s.Times {
			before, _ := s.watch.now()
			leader := before.Topics[s.transactions][0].Leader
			what := lab.Textf("kill -9 no broker %d, líder da partição 0", "kill -9 of broker %d, leader of partition 0", leader)
			if err := s.fell(ctx, what, leader, before, anyController, func(now State) lab.Text {
				p, was := now.Topics[s.transactions][0], before.Topics[s.transactions][0]
				return lab.Textf("processo morto; partição 0: líder %s em vez de %d, época %d em vez de %d", "process gone; partition 0: leader %s instead of %d, epoch %d instead of %d", leaderName(p.Leader), leader, p.Epoch, was.Epoch)
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

var killController = Drill{
	Name:    "kill-controller",
	Summary: lab.Text{PT: "kill -9 no broker que escolhe os líderes", EN: "kill -9 of the broker that chooses the leaders"},
	Will: [3]lab.Text{
		{PT: "O controlador, o broker que escolhe os líderes dos outros, morre (kill -9); depois o que o substitui.", EN: "The controller, the broker that chooses the others' leaders, is killed (kill -9); then the one that takes over."},
		{PT: "Prova: o processo sumiu, e os outros brokers têm outro controlador.", EN: "Proof: the process is gone, and the other brokers have another controller."},
		{PT: "Previsão: nada se perde; o que o morto liderava espera primeiro por um novo controlador, e mesmo assim confirma em até 16 s.",
			EN: "Prediction: nothing is lost; what the dead one led waits for a new controller first, and acknowledges within 16 s all the same."},
	},
	Why: lab.Text{
		PT: "O controlador é um broker como os outros, que primeiro criou um nó efêmero no ZooKeeper. Quando morre, o nó some com a sua sessão, e outro toma o lugar: " +
			"lê do ZooKeeper quem tem o quê, e escolhe líderes para o que ficou sem. Quem já tem líder nem percebe.",
		EN: "The controller is a broker like the others, which was the first to create an ephemeral node in ZooKeeper. When it dies the node goes with its session and " +
			"another takes the place: it reads from ZooKeeper who has what, and chooses leaders for what has none. Who has a leader does not notice.",
	},
	Times: 3,
	run: func(ctx context.Context, s *Stage) error {
		for range s.Times {
			before, err := s.watch.must(ctx, "there is a controller", func(now State) bool { return now.Controller >= 0 })
			if err != nil {
				return err
			}
			dead := before.Controller
			what := lab.Textf("kill -9 no broker %d, o controlador", "kill -9 of broker %d, the controller", dead)
			another := func(now State) bool { return now.Controller >= 0 && now.Controller != dead }
			if err := s.fell(ctx, what, dead, before, another, func(now State) lab.Text {
				return lab.Textf("processo morto; o controlador agora é o broker %d", "process gone; the controller is broker %d now", now.Controller)
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

var killCoordinator = Drill{
	Name:    "kill-coordinator",
	Summary: lab.Text{PT: "kill -9 no broker que coordena o grupo do consumidor", EN: "kill -9 of the broker that coordinates the consumer's group"},
	Will: [3]lab.Text{
		{PT: "O coordenador do grupo do consumidor, que guarda membros e offsets, morre (kill -9); depois o que o substitui.",
			EN: "The coordinator of the consumer's group, which keeps its members and offsets, is killed (kill -9); then the one that takes over."},
		{PT: "Prova: o processo sumiu, e outro broker se diz o coordenador do grupo.", EN: "Proof: the process is gone, and another broker says that it is the group's coordinator."},
		{PT: "Previsão: o consumidor não pula nada; o que leu sem confirmar pode se repetir. O placar em exactly-once não repete nem isso.",
			EN: "Prediction: the consumer skips nothing; what it read without committing it may repeat. The exactly-once scoreboard does not repeat even that."},
	},
	Why: lab.Text{
		PT: "Os offsets de um grupo são mensagens numa partição de __consumer_offsets, com três réplicas como as outras; o líder dela é o coordenador. " +
			"O próximo líder lê a partição e sabe tudo que foi confirmado. O consumidor procura o novo coordenador e volta ao último offset confirmado.",
		EN: "A group's offsets are messages in a partition of __consumer_offsets, with three replicas as any other; its leader is the coordinator. " +
			"The next leader reads the partition and knows all that was committed. The consumer looks for the new coordinator and goes on from the last committed offset.",
	},
	Times: 3,
	run: func(ctx context.Context, s *Stage) error {
		var silences []time.Duration
		for range s.Times {
			dead, err := s.coordinator(ctx, -1)
			if err != nil {
				return err
			}
			before, _ := s.watch.now()
			what := lab.Textf("kill -9 no broker %d, coordenador do grupo do consumidor", "kill -9 of broker %d, coordinator of the consumer's group", dead)
			f, err := s.strike(what, func() error { return s.kill(dead) })
			if err != nil {
				return err
			}
			f.Limit = afterDeath
			next, err := s.coordinator(ctx, dead)
			if err != nil {
				return err
			}
			if _, err := s.othersLead(ctx, before, dead); err != nil {
				return err
			}
			s.proved(f, lab.Textf("processo morto; o coordenador agora é o broker %d", "process gone; the coordinator is broker %d now", next))
			if err := s.acknowledged(ctx, f); err != nil {
				return err
			}
			if err := s.received(ctx, f.Seen); err != nil {
				return err
			}
			silences = append(silences, s.unread(f.At))
			if err := s.restore(ctx, dead); err != nil {
				return err
			}
		}
		s.notes = append(s.notes, lab.Text{
			PT: "consumidor sem receber nada: " + spread(silences).PT, EN: "the consumer received nothing for: " + spread(silences).EN,
		})
		return nil
	},
}

func leaderName(id int32) string {
	if id < 0 {
		return "-"
	}
	return fmt.Sprintf("%d", id)
}

func anyController(State) bool { return true }

// fell kills one broker, waits until the cluster has noticed and others lead what it led, for
// acknowledgements, and for the broker's return. Also tells what else the cluster must have noticed, and
// proof how it shows.
func (s *Stage) fell(ctx context.Context, what lab.Text, id int32, before State, also func(State) bool, proof func(State) lab.Text) error {
	f, err := s.strike(what, func() error { return s.kill(id) })
	if err != nil {
		return err
	}
	f.Limit = afterDeath
	gone := func(now State) bool { return moved(before, s.transactions, id)(now) && also(now) }
	// Where nobody else can lead, nobody will: the blow has landed all the same, and the time tells.
	now, held, err := s.watch.await(ctx, f.Limit, func(now State) bool { return gone(now) && now.led(s.transactions) })
	if err == nil && !held {
		now, err = s.watch.must(ctx, "the cluster has noticed: "+what.EN, gone)
	}
	if err != nil {
		return err
	}
	s.proved(f, proof(now))
	if err := s.acknowledged(ctx, f); err != nil {
		return err
	}
	return s.restore(ctx, id)
}

// coordinator is the coordinator of the consumer's group, once that is another than the one named.
func (s *Stage) coordinator(ctx context.Context, other int32) (id int32, err error) {
	err = lab.Await(ctx, "the consumer's group has a coordinator", func() bool {
		id, err = s.watch.coordinator(s.group)
		return err == nil && id != other
	})
	return id, err
}

// received waits until some consumer has printed a message after a moment.
func (s *Stage) received(ctx context.Context, since time.Time) error {
	return lab.Await(ctx, "the group receives messages", func() bool {
		return slices.ContainsFunc(s.readers(), func(p *lab.Process) bool {
			lines := p.Lines()
			i := len(lines) - 1
			return i >= 0 && lines[i].At.After(since) && isTransaction(lines[i].Text)
		})
	})
}

// unread is the longest time without a line of the consumer, of those that ended after a moment.
func (s *Stage) unread(since time.Time) time.Duration {
	var longest time.Duration
	var last time.Time
	for _, p := range s.consumer.all() {
		for _, l := range p.Lines() {
			if !isTransaction(l.Text) {
				continue
			}
			if !last.IsZero() && l.At.After(since) {
				longest = max(longest, l.At.Sub(last))
			}
			last = l.At
		}
	}
	return longest
}
