package lab

import (
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// Control is a lab with a mistake put into it, that must come out red.
type Control struct {
	Name string
	// Brokers: it needs real ones. Embedded: it needs the embedded cluster, whose faults it uses.
	Brokers, Embedded bool

	pace time.Duration
	// run is the experiment, where it is not the lab's own.
	run func(context.Context, *rig.Bench) ([]report.Part, error)
	// instead returns the program, and the variables, to be started for one of the lab; nil: as they are.
	instead func(name, program string, vars []string) (string, []string)
	// fault is what the embedded cluster does wrong; nil: nothing.
	fault func() kfake.Fault
	// caught reports whether the mistake shows as it must.
	caught func([]report.Part) bool
}

// broken puts the broken-board in the scoreboard's place.
func broken(mistake string) func(name, program string, vars []string) (string, []string) {
	return func(_, program string, vars []string) (string, []string) {
		if program != "scoreboard" {
			return program, vars
		}
		return "broken-board", append(slices.Clone(vars), "BROKEN="+mistake)
	}
}

// given adds variables to those of one program of a lab.
func given(name string, variables ...string) func(string, string, []string) (string, []string) {
	return func(of, program string, vars []string) (string, []string) {
		if of == name {
			vars = append(slices.Clone(vars), variables...)
		}
		return program, vars
	}
}

// check carries out a control of a lab on the cluster of o, or an embedded one.
func (c Control) check(ctx context.Context, l Lab, o rig.Options) (result report.Result, caught bool, err error) {
	if c.run != nil {
		l.run = c.run
	}
	if c.Embedded {
		o.Cluster = kafka.Cluster{}
	}
	o.Pace, o.Swap = c.pace, c.instead
	if c.fault != nil {
		o.Break = func(cluster *embedded.Cluster) { cluster.Fault(c.fault()) }
	}
	result, err = Run(ctx, l, o)
	return result, err == nil && !result.Held() && c.caught(result.Parts), err
}
