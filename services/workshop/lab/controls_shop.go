package lab

import (
	"context"
	"slices"

	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// Controls of the labs of the e-commerce system.

// given adds a variable to those of one program of a lab.
func given(name, variable string) func(string, string, []string) (string, []string) {
	return func(of, program string, vars []string) (string, []string) {
		if of == name {
			vars = append(slices.Clone(vars), variable)
		}
		return program, vars
	}
}

var outboxAfterAll = Control{
	Name: "outbox", Lab: "lost-orders",
	instead: given("http-ecommerce-no-outbox", "INTAKE=outbox"),
	caught: func(parts []report.Part) bool {
		return len(parts[0].Counted.Lost) == 0 && !parts[0].Facts[0].Held && parts[1].Holds()
	},
}

var forgetful = Control{
	Name: "remember-nothing", Lab: "duplicate-orders",
	instead: given("fraud-detector-mended", "REMEMBER=nothing"),
	caught: func(parts []report.Part) bool {
		return parts[0].Holds() && parts[1].Holds() && parts[2].Facts[0].Held && !parts[2].Facts[1].Held
	},
}

var tooFewPartitions = Control{
	Name: "three-partitions", Lab: "email-workers",
	run: func(ctx context.Context, b *rig.Bench) ([]report.Part, error) { return compareWorkers(ctx, b, 3, 3) },
	caught: func(parts []report.Part) bool {
		return parts[0].Holds() && !parts[1].Facts[0].Held && !last(parts[1].Facts).Held
	},
}
