package drill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"workshop.example/kit/service"
	"workshop.example/workshop/lab"
)

var pauseBroker = Drill{
	Name:    "pause-broker",
	Summary: lab.Text{PT: "o líder congela além da sua sessão, e acorda achando que ainda lidera", EN: "the leader freezes past its session, and wakes up taking itself for the leader"},
	Will: [3]lab.Text{
		{PT: "O líder da partição 0 é congelado (SIGSTOP) até que outro lidere, e 5 s mais; então acorda, e é a vez do novo líder.", EN: "The leader of partition 0 is frozen (SIGSTOP) until another leads, and 5 s more; then it wakes up, and it is the new leader's turn."},
		{PT: "Prova: outro líder, numa época mais nova, enquanto o processo do antigo ainda existe.", EN: "Proof: another leader, of a newer epoch, while the old one's process is still there."},
		{PT: "Previsão: nada se perde nem se duplica, embora por um momento haja dois que se julguem líderes; cada partição confirma de novo em até 35 s (o cliente espera 15 s por uma resposta).",
			EN: "Prediction: nothing is lost or duplicated, though for a moment two take themselves for the leader; each partition acknowledges again within 35 s (a client waits 15 s for an answer)."},
	},
	Why: lab.Text{
		PT: "Quem congela não sabe que congelou, e quem espera por ele também não: a conexão continua aberta, e por isso demora mais que uma morte. Ao acordar, o antigo líder ainda aceita conexões; mas com acks=all ele precisa dos seguidores para confirmar, " +
			"e eles já copiam de outro. A época do líder, em cada pedido, faz com que os dois não se confundam, e ele apaga o que tem a mais.",
		EN: "Who freezes does not know it, nor does who waits for it: the connection stands, and so this takes longer than a death. On waking the old leader still takes connections; but with acks=all it needs its followers to acknowledge, " +
			"and they copy from another by now. The leader epoch in every request keeps the two apart, and it truncates its excess.",
	},
	Times: 3,
	run: func(ctx context.Context, s *Stage) error {
		for range s.Times {
			if err := s.freeze(ctx); err != nil {
				return err
			}
		}
		return nil
	},
}

func (s *Stage) freeze(ctx context.Context) error {
	const beyond = 5 * time.Second
	before, _ := s.watch.now()
	leader := before.Topics[s.transactions][0].Leader
	f, err := s.strike(lab.Textf("o broker %d, líder da partição 0, congela", "broker %d, leader of partition 0, is frozen", leader),
		func() error { return s.bench.Brokers.Pause(leader) })
	if err != nil {
		return err
	}
	f.Limit = afterFreeze
	now, err := s.othersLead(ctx, before, leader)
	if err != nil {
		return err
	}
	if !s.bench.Brokers.Running(leader) {
		return &lab.NotRun{Cause: "the broker was to be paused, and is gone"}
	}
	p := now.Topics[s.transactions][0]
	s.proved(f, lab.Textf("o processo existe; mas o líder é %s, na época %d em vez de %d", "the process exists; but the leader is %s, of epoch %d instead of %d", leaderName(p.Leader), p.Epoch, before.Topics[s.transactions][0].Epoch))
	if err := s.acknowledged(ctx, f); err != nil {
		return err
	}
	if err := service.Sleep(ctx, beyond); err != nil {
		return err
	}
	s.Say(lab.Textf("o broker %d acorda", "broker %d wakes up", leader))
	if err := s.bench.Brokers.Resume(leader); err != nil {
		return err
	}
	if err := s.awaitWhole(ctx); err != nil {
		return err
	}
	return s.resumed(ctx)
}

var rollingRestart = Drill{
	Name:    "rolling-restart",
	Summary: lab.Text{PT: "um broker de cada vez, do jeito certo, como numa atualização", EN: "one broker after the other, in the proper way, as in an upgrade"},
	Will: [3]lab.Text{
		{PT: "Cada broker é parado (SIGTERM), começa de novo, e só com todas as réplicas em sincronia é a vez do próximo.", EN: "Each broker is stopped (SIGTERM) and started, and only with all replicas in sync it is the next one's turn."},
		{PT: "Prova: o processo sumiu, e o que ele liderava tem outro líder.", EN: "Proof: the process is gone, and what it led has another leader."},
		{PT: "Previsão: nada se perde, e nenhuma partição fica mais de 5 s sem confirmar.", EN: "Prediction: nothing is lost, and no partition is without an acknowledgement for more than 5 s."},
	},
	Why: lab.Text{
		PT: "Quem para do jeito certo primeiro entrega a liderança (controlled shutdown), então ninguém espera pelo fim de uma sessão: a diferença entre isto e " +
			"um kill -9 são os segundos da linha do tempo. A espera pelas réplicas é o que impede que o próximo passo deixe uma só.",
		EN: "Who stops in the proper way hands its leaderships over first (controlled shutdown), so nobody waits for the end of a session: the difference between this and " +
			"a kill -9 is the seconds on the time line. Waiting for the replicas is what keeps the next step from leaving only one.",
	},
	Times: 1,
	run: func(ctx context.Context, s *Stage) error {
		for range s.Times {
			before, _ := s.watch.now()
			for _, id := range before.Brokers {
				if err := s.bounce(ctx, id); err != nil {
					return err
				}
			}
		}
		return nil
	},
}

func (s *Stage) bounce(ctx context.Context, id int32) error {
	before, _ := s.watch.now()
	f, err := s.strike(lab.Textf("o broker %d é parado", "broker %d is stopped", id), func() error { return s.bench.Brokers.Stop(id) })
	if err != nil {
		return err
	}
	f.Limit = afterStop
	if s.bench.Brokers.Running(id) {
		return &lab.NotRun{Cause: "the broker was to be stopped, and runs"}
	}
	now, err := s.othersLead(ctx, before, id)
	if err != nil {
		return err
	}
	var led []string
	for _, i := range before.ledBy(s.transactions, id) {
		led = append(led, fmt.Sprintf("%d→%s", i, leaderName(now.Topics[s.transactions][i].Leader)))
	}
	slices.Sort(led)
	s.proved(f, lab.Textf("processo terminou; partição→novo líder: %v", "process ended; partition→new leader: %v", led))
	if err := s.acknowledged(ctx, f); err != nil {
		return err
	}
	return s.restore(ctx, id)
}
