package drill

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
	"workshop.example/kit/wait"
	"workshop.example/workshop/rig"
)

// The steps from ZooKeeper to KRaft are those of Kafka 3.9's documentation; scripts/native-kafka carries them out.
var kraftMigrationText = Drills.Texts("kraft-migration")

// migrationStep is a command of scripts/native-kafka, what it does, and what the way back costs after it.
type migrationStep struct {
	command    []string
	what, back service.Text
}

func addControllers() migrationStep {
	return migrationStep{[]string{"migrate", "controllers"}, kraftMigrationText("controllers"), kraftMigrationText("controllers-back")}
}

func bridge() migrationStep {
	return migrationStep{[]string{"migrate", "bridge"}, kraftMigrationText("bridge"), kraftMigrationText("bridge-back")}
}

var _ = add(Drill{
	Name: "kraft-migration",
	run: func(ctx context.Context, s *Stage) error {
		upgrade, err := s.canUpgrade()
		if err != nil {
			return err
		}
		if err := s.take(ctx,
			addControllers(),
			bridge(),
			migrationStep{[]string{"migrate", "kraft"}, kraftMigrationText("kraft"), kraftMigrationText("kraft-back")},
			migrationStep{[]string{"migrate", "finalize"}, kraftMigrationText("finalize"), kraftMigrationText("no-way-back")},
			migrationStep{[]string{"stop", "zookeeper"}, kraftMigrationText("zookeeper"), kraftMigrationText("no-way-back")},
		); err != nil {
			return err
		}
		if err := s.alone(ctx); err != nil || !upgrade {
			return err
		}
		return s.take(ctx,
			migrationStep{[]string{"upgrade", "nodes"}, kraftMigrationText("nodes"), kraftMigrationText("nodes-back")},
			migrationStep{[]string{"upgrade", "features"}, kraftMigrationText("features"), kraftMigrationText("no-way-back")})
	},
})

var kraftRollbackText = Drills.Texts("kraft-rollback")

var _ = add(Drill{
	Name:     "kraft-rollback",
	Controls: []Control{crashInRoll},
	run: func(ctx context.Context, s *Stage) error {
		if err := s.needZooKeeper(); err != nil {
			return err
		}
		if err := s.take(ctx, addControllers()); err != nil {
			return err
		}
		if s.control.crash {
			if err := s.crashBehind(ctx); err != nil {
				return err
			}
		}
		if err := s.take(ctx,
			bridge(),
			// Without controllers nobody chooses leaders until ZooKeeper has forgotten them: some silence is a death's.
			migrationStep{[]string{"migrate", "back"}, kraftRollbackText("back"), kraftRollbackText("as-before")},
		); err != nil {
			return err
		}
		s.fact(s.bench.Brokers.HasZooKeeper(), kraftRollbackText("zookeeper-again"))
		return nil
	},
})

// needZooKeeper is an error where there is nothing to migrate.
func (s *Stage) needZooKeeper() error {
	if s.bench.Brokers.HasZooKeeper() {
		return nil
	}
	return &rig.NotRun{
		OtherCluster: true,
		Cause: "these brokers have no ZooKeeper to be migrated from. To begin anew, without the messages: scripts/native-kafka reset, " +
			"then up (make kafka-reset kafka-up)",
	}
}

// canUpgrade says whether there is a Kafka 4 to upgrade to, before anything is changed.
func (s *Stage) canUpgrade() (bool, error) {
	if err := s.needZooKeeper(); err != nil {
		return false, err
	}
	if s.Kafka4Home == "" {
		s.Say(kraftMigrationText("no-kafka-4"))
		s.notes = append(s.notes, kraftMigrationText("no-kafka-4"))
		return false, nil
	}
	if jars, _ := filepath.Glob(filepath.Join(s.Kafka4Home, "libs", "kafka-clients-4.*.jar")); len(jars) == 0 {
		return false, &rig.NotRun{Cause: fmt.Sprintf("there is no libs/kafka-clients-4.*.jar in KAFKA4_HOME=%s: name an unpacked Kafka 4 "+
			"(https://kafka.apache.org/downloads), or unset it for the migration alone", s.Kafka4Home)}
	}
	return true, nil
}

// take takes steps. After each it waits until the cluster is whole and acknowledges, and says what the way back would cost. What the
// step has cost is a note.
func (s *Stage) take(ctx context.Context, steps ...migrationStep) error {
	for _, step := range steps {
		var evidence string
		f, err := s.strike(step.what, func() (err error) {
			evidence, err = s.bench.Brokers.Migrate(step.command...)
			return err
		})
		if err != nil {
			return err
		}
		f.Broker, f.Limit = false, afterStop
		s.proved(f, service.Text{PT: evidence, EN: evidence})
		if err := s.awaitWhole(ctx); err != nil {
			if ctx.Err() != nil {
				s.Say(kraftMigrationText("interrupted", strings.Join(step.command, " ")))
			}
			return err
		}
		if err := s.resumed(ctx); err != nil {
			return err
		}
		silence := s.meter.silence(partitions, f.At, time.Now())
		s.notes = append(s.notes, kraftMigrationText("cost", strings.Join(step.command, " "), f.Seen.Sub(f.At).Seconds(), silence.Seconds()))
		s.Say(step.back)
	}
	return nil
}

// alone shows that nobody needs ZooKeeper any more: it is gone, and yet a topic is created.
func (s *Stage) alone(ctx context.Context) error {
	if s.bench.Brokers.Running(rig.ZooKeeper) {
		return &rig.NotRun{Cause: "ZooKeeper was to be stopped, and runs"}
	}
	if err := s.bench.Redial(ctx); err != nil {
		return err
	}
	admin, err := sarama.NewClusterAdminFromClient(s.bench.Client)
	if err != nil {
		return err
	}
	err = admin.CreateTopic(s.bench.Topic("without-zookeeper"), oneCopy, false)
	s.fact(err == nil, kraftMigrationText("alone"))
	return nil
}

// crashBehind kills the leader of a partition when the others have not fetched its last messages, and starts it again.
func (s *Stage) crashBehind(ctx context.Context) error {
	const behind = 1500 * time.Millisecond // fetches that wait at the leader end within 500 ms, and are answered to nobody
	before, _ := s.watch.now()
	leader := before.Topics[s.transactions][0].Leader
	f, err := s.strike(kraftRollbackText("crash", leader), func() error {
		for _, id := range before.Brokers {
			if id != leader {
				if err := s.bench.Brokers.Pause(id); err != nil {
					return err
				}
			}
		}
		if err := wait.Sleep(ctx, behind); err != nil {
			return err
		}
		if err := s.kill(leader); err != nil {
			return err
		}
		for _, id := range before.Brokers {
			if err := s.bench.Brokers.Resume(id); err != nil && id != leader {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := s.othersLead(ctx, before, leader); err != nil {
		return err
	}
	s.proved(f, kraftRollbackText("crash-proof"))
	return s.restore(ctx, leader)
}
