package drill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/lab"
)

var twoBrokersDown = Drill{
	Name:    "two-brokers-down",
	Summary: lab.Text{PT: "dois brokers mortos, depois o último; o último a cair tem de ser o primeiro a voltar", EN: "two brokers dead, then the last; who fell last has to be back first"},
	Will: [3]lab.Text{
		{PT: "Os dois seguidores da partição 0 morrem; depois o líder também, e é um dos seguidores quem volta antes dele.",
			EN: "Both followers of partition 0 are killed; then the leader too, and it is a follower that comes back before it."},
		{PT: "Prova: os processos sumiram, e cada partição tem uma réplica em sincronia só; depois nenhum líder.",
			EN: "Proof: the processes are gone, and each partition has one in-sync replica only; then no leader."},
		{PT: "Previsão: nada é confirmado com menos de duas réplicas em sincronia; o que já estava confirmado continua legível; o que espera é confirmado depois.",
			EN: "Prediction: nothing is acknowledged with fewer than two replicas in sync; what was acknowledged can still be read; what waits is acknowledged later."},
	},
	Why: lab.Text{
		PT: "min.insync.replicas=2 faz o cluster preferir parar a confirmar o que só uma máquina tem. E como só quem está em sincronia pode ser líder " +
			"(unclean.leader.election.enable=false), a réplica atrasada que volta primeiro espera pela que tem tudo, em vez de apagar o que falta a ela.",
		EN: "min.insync.replicas=2 makes the cluster rather stop than acknowledge what only one machine has. And as only an in-sync replica may lead " +
			"(unclean.leader.election.enable=false), a stale one that is back first waits for the one that has everything, instead of wiping what it lacks.",
	},
	Answered: true,
	run:      runTwoBrokersDown,
}

// holding is how long an outage is kept up once it is proved.
const holding = 3 * time.Second

func runTwoBrokersDown(ctx context.Context, s *Stage) error {
	before, _ := s.watch.now()
	if n := len(before.Brokers); n != lab.BrokerCount {
		return &lab.NotRun{Cause: fmt.Sprintf("this drill is for three brokers, and there are %d: stop what is too many", n)}
	}
	last := before.Topics[s.transactions][0].Leader
	others := slices.DeleteFunc(slices.Clone(before.Brokers), func(id int32) bool { return id == last })
	f, err := s.strike(lab.Text{PT: "kill -9 em " + names(others), EN: "kill -9 of " + names(others)}, func() error { return s.kill(others...) })
	if err != nil {
		return err
	}
	alone := func(now State) bool {
		return now.all(s.transactions, func(p Partition) bool { return p.Leader == last && len(p.InSync) == 1 })
	}
	if _, err := s.watch.must(ctx, "one replica of each partition is in sync", alone); err != nil {
		return err
	}
	s.proved(f, lab.Textf("processos mortos; em cada partição só o broker %d está em sincronia", "processes gone; of each partition only broker %d is in sync", last))
	if err := s.readable(ctx, f.At.Add(-heard)); err != nil {
		return err
	}
	if err := service.Sleep(ctx, holding); err != nil {
		return err
	}

	fall, err := s.strike(lab.Textf("kill -9 também no broker %d", "kill -9 of broker %d as well", last), func() error { return s.kill(last) })
	if err != nil {
		return err
	}
	fall.Within = true
	s.Say(lab.Text{PT: "volta primeiro quem não tem tudo: " + names(others[:1]), EN: "who does not have everything is back first: " + names(others[:1])})
	if err := s.start(others[0]); err != nil {
		return err
	}
	now, err := s.watch.must(ctx, "the first broker is back, and the last is missed", func(now State) bool { return slices.Equal(now.Brokers, others[:1]) })
	if err != nil {
		return err
	}
	s.proved(fall, lab.Textf("processo morto; brokers que restam: %v", "process gone; brokers left: %v", now.Brokers))
	// Long enough for the controller to choose a leader, were it allowed to.
	if err := service.Sleep(ctx, holding); err != nil {
		return err
	}
	since := time.Now()
	if now, err = s.watch.must(ctx, "the broker that is back answers", func(now State) bool { return now.At.After(since) }); err != nil {
		return err
	}
	s.fact(now.all(s.transactions, func(p Partition) bool { return p.Leader < 0 }), lab.Text{
		PT: "a réplica atrasada que voltou primeiro não foi feita líder: ninguém lidera", EN: "the stale replica that was back first was not made leader: nobody leads",
	})
	until := time.Now()
	s.fact(s.meter.between(f.Seen, until) == 0, lab.Textf("nada foi confirmado enquanto menos de duas réplicas estavam em sincronia (%.1f s)", "nothing was acknowledged while fewer than two replicas were in sync (%.1f s)", until.Sub(f.Seen).Seconds()))
	return s.restore(ctx, last, others[1])
}

// heard is how long before a leader's death a message must have been acknowledged for its followers to know
// that: they hear of it when they fetch again (replica.fetch.wait.max.ms, 500). What they have and do not know
// to be acknowledged, one that leads alone shows only when a second one is back.
const heard = time.Second

// readable reads the transactions, and holds what is there against what was acknowledged before a moment.
func (s *Stage) readable(ctx context.Context, before time.Time) error {
	sends, err := s.bench.Sends("producer")
	if err != nil {
		return err
	}
	run := verdict.Run{Writes: []verdict.Write{}}
	for _, send := range sends {
		if send.Outcome == verdict.Acknowledged && send.Ended.Before(before) {
			run.Writes = append(run.Writes, verdict.Write{Message: send.Message, Outcome: send.Outcome})
		}
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	known := map[verdict.Message]bool{}
	for _, w := range run.Writes {
		known[w.Message] = true
	}
	log, err := s.log(within)
	if err != nil {
		return err
	}
	for _, r := range log {
		if known[r.Message] { // what is newer is not the question
			run.Log = append(run.Log, r)
		}
	}
	lost := len(verdict.Check(run).Lost)
	s.fact(lost == 0 && len(run.Writes) > 0, lab.Textf("com um broker só, as %d mensagens confirmadas antes continuam legíveis", "with one broker left, the %d messages acknowledged before can still be read", len(run.Writes)))
	return nil
}

var zooKeeperDown = Drill{
	Name:    "zookeeper-down",
	Summary: lab.Text{PT: "30 s sem ZooKeeper: quem produz e consome não percebe", EN: "30 s without ZooKeeper: who produces and consumes does not notice"},
	Will: [3]lab.Text{
		{PT: "O ZooKeeper morre (kill -9) e fica morto por 30 s, cinco vezes a sessão dos brokers com ele.", EN: "ZooKeeper is killed (kill -9) and stays dead for 30 s, five times the brokers' session with it."},
		{PT: "Prova: o processo sumiu; e criar um tópico, que precisa dele, não dá certo.", EN: "Proof: the process is gone; and the creation of a topic, which needs it, fails."},
		{PT: "Previsão: a produção não para (nenhuma partição fica mais de 5 s sem confirmar), e nada se perde.", EN: "Prediction: production goes on (no partition is without an acknowledgement for more than 5 s), and nothing is lost."},
	},
	Why: lab.Text{
		PT: "O ZooKeeper guarda quem está vivo, quem é líder e quem é o controlador; por ele não passa nenhuma mensagem. Sem ele nada muda: " +
			"nem líder novo, nem tópico novo. Perigo só há se um broker morrer enquanto ele não está.",
		EN: "ZooKeeper keeps who is alive, who leads and who is the controller; no message goes through it. Without it nothing changes: " +
			"no new leader, no new topic. There is danger only where a broker dies in the meantime.",
	},
	run: func(ctx context.Context, s *Stage) error {
		const dead = 30 * time.Second
		f, err := s.strike(lab.Text{PT: "kill -9 no ZooKeeper, por 30 s", EN: "kill -9 of ZooKeeper, for 30 s"}, func() error { return s.kill(lab.ZooKeeper) })
		if err != nil {
			return err
		}
		f.Broker, f.Limit = false, afterStop
		if err := s.noTopic(ctx); err != nil {
			return err
		}
		s.proved(f, lab.Text{PT: "processo morto; não se consegue criar um tópico", EN: "process gone; no topic can be created"})
		if err := service.Sleep(ctx, time.Until(f.At.Add(dead))); err != nil {
			return err
		}
		count := s.meter.between(f.Seen, time.Now())
		if err := s.restore(ctx, lab.ZooKeeper); err != nil {
			return err
		}
		s.fact(count > 0, lab.Textf("%d mensagens confirmadas sem ele", "%d messages acknowledged without it", count))
		return nil
	},
}

// noTopic tries to create a topic, and fails unless that takes too long.
func (s *Stage) noTopic(ctx context.Context) error {
	conf := s.bench.Cluster.AdminConfig("workshop")
	conf.Admin.Timeout, conf.Admin.Retry.Max, conf.Net.ReadTimeout = 3*time.Second, 0, 5*time.Second
	client, err := s.bench.Cluster.DialOnce(ctx, conf)
	if err != nil {
		return &lab.NotRun{Cause: "no broker answers while ZooKeeper is down: " + err.Error()}
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		client.Close()
		return err
	}
	defer admin.Close()
	// The broker may hold on to the request, and fulfil it when ZooKeeper is back: it is deleted at the end.
	err = admin.CreateTopic(s.bench.Topic("not-to-be"), &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false)
	var late net.Error
	switch {
	case errors.Is(err, sarama.ErrRequestTimedOut), errors.As(err, &late) && late.Timeout():
		return nil
	case err == nil:
		return &lab.NotRun{Cause: "a topic could be created: what was killed is not this cluster's ZooKeeper"}
	}
	return &lab.NotRun{Cause: "creating a topic without ZooKeeper should take too long, and ended so: " + err.Error()}
}

var wholeCluster = Drill{
	Name:    "whole-cluster",
	Summary: lab.Text{PT: "kill -9 em tudo, do ZooKeeper ao último broker, e partida a frio", EN: "kill -9 of everything, from ZooKeeper to the last broker, and a cold start"},
	Will: [3]lab.Text{
		{PT: "Os brokers e o ZooKeeper morrem no mesmo instante (kill -9) e são iniciados a frio; os programas ficam.", EN: "The brokers and ZooKeeper are killed at the same instant (kill -9) and start cold; the programs stay."},
		{PT: "Prova: os processos sumiram, e ninguém responde.", EN: "Proof: the processes are gone, and nobody answers."},
		{PT: "Previsão: nada do que foi confirmado se perde, nada se repete, e os programas retomam (o placar, se desistiu, é iniciado de novo, como faz o Docker).", EN: "Prediction: nothing that was acknowledged is lost, nothing is repeated, and the programs go on (the scoreboard, where it gave up, is started again, as Docker does)."},
	},
	Why: lab.Text{
		PT: "Um kill -9 tira o processo, não a memória do sistema: o que o broker escreveu chega ao disco sem ele. Na partida cada um refaz os índices dos segmentos abertos e " +
			"descarta o fim que não confere. Se faltasse energia a todas as máquinas ao mesmo tempo, o que só estava na memória iria junto: acks=all conta cópias, não discos.",
		EN: "A kill -9 takes the process away, not the system's memory: what the broker wrote reaches the disk without it. At its start each rebuilds the indexes of open segments and " +
			"drops an end that does not check. Were all machines to lose power at once, what was in memory only would be gone: acks=all counts copies, not disks.",
	},
	run: func(ctx context.Context, s *Stage) error {
		before, _ := s.watch.now()
		all := append([]int32{lab.ZooKeeper}, before.Brokers...)
		f, err := s.strike(lab.Text{PT: "kill -9 em " + names(all), EN: "kill -9 of " + names(all)}, func() error { return s.kill(all...) })
		if err != nil {
			return err
		}
		if err := lab.Await(ctx, "nobody answers", func() bool { return s.watch.silent() }); err != nil {
			return err
		}
		s.proved(f, lab.Text{PT: "processos mortos; ninguém responde", EN: "processes gone; nobody answers"})
		if err := service.Sleep(ctx, holding); err != nil {
			return err
		}
		if err := s.start(lab.ZooKeeper); err != nil {
			return err
		}
		return s.restore(ctx, before.Brokers...)
	},
}
