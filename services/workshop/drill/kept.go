package drill

import (
	"context"
	"fmt"

	"workshop.example/kit/process"
	"workshop.example/workshop/rig"
)

// kept is a program that is started again when it ends by itself, as Docker's restart policy does. The result
// counts that: an outage of the brokers is no reason to end.
type kept struct {
	*process.KeptAlive[*rig.Process]
}

// mostRestarts is where a program that ends again and again is given up.
const mostRestarts = 20

func (s *Stage) keep(ctx context.Context, name, program string, vars ...string) (*kept, error) {
	start := func() (*rig.Process, error) { return s.bench.Quietly(name, program, vars...) }
	k, err := process.KeepAlive(ctx, start, func(p *rig.Process, restarts int) error {
		code, words := p.ExitCode(), s.bench.LastWords(name)
		if restarts == mostRestarts {
			return &rig.NotRun{Cause: fmt.Sprintf("%s has ended %d times, at last with exit code %d: %s", name, mostRestarts+1, code, words)}
		}
		s.Say(says("started-again", name, code, words))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &kept{k}, nil
}

// stop ends it for good. An error says why it had ended before.
func (k *kept) stop() (restarts int, err error) {
	err = k.Release()
	k.Last().Stop()
	return k.Restarts(), err
}
