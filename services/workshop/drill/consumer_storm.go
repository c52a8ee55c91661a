package drill

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
	"workshop.example/workshop/rig"
)

var consumerStormText = Drills.Texts("consumer-storm")

var _ = add(Drill{
	Name:  "consumer-storm",
	Times: 2, Embedded: true,
	run: func(ctx context.Context, s *Stage) error {
		for round := range s.Times {
			if err := s.storm(ctx, round); err != nil {
				return err
			}
		}
		return nil
	},
})

func (s *Stage) storm(ctx context.Context, round int) error {
	type member struct {
		name string
		*rig.Process
	}
	var guests []member
	for n := range 4 {
		name := fmt.Sprintf("guest-%d-%d", round+1, n+1)
		err := s.change(ctx, consumerStormText("joins", name), 2+n, func() error {
			p, err := s.join(name)
			guests = append(guests, member{name, p})
			return err
		})
		if err != nil {
			return err
		}
	}
	for n, g := range guests {
		text, do := consumerStormText("leaves", g.name), g.Stop
		if n%2 == 0 {
			text, do = consumerStormText("killed", g.name), g.Kill
		}
		if err := s.change(ctx, text, len(guests)-n, func() error { do(); return nil }); err != nil {
			return err
		}
	}
	return nil
}

// change does something to the group, and waits until it has that many members, and receives messages.
func (s *Stage) change(ctx context.Context, what service.Text, members int, do func() error) error {
	f, err := s.strike(what, do)
	if err != nil {
		return err
	}
	f.Broker, f.Limit = false, afterStop
	if err := rig.Await(ctx, fmt.Sprintf("the group has %d members", members), func() bool { return s.members() == members }); err != nil {
		return err
	}
	s.proved(f, consumerStormText("members", members))
	return s.received(ctx, time.Now())
}

// members is how many the coordinator counts; 0 while they are being assigned, or nobody answers.
func (s *Stage) members() int {
	admin, err := sarama.NewClusterAdminFromClient(s.bench.Client)
	if err != nil {
		return 0
	}
	groups, err := admin.DescribeConsumerGroups([]string{s.group})
	if err != nil || len(groups) != 1 || groups[0].State != "Stable" {
		return 0
	}
	return len(groups[0].Members)
}
