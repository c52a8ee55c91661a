package lab

import (
	"context"
	"slices"
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
	Swap:    Text{"o gateway que devia perder pedidos tem a outbox", "the gateway that should lose orders has the outbox"},
	Want:    Text{"nada se perde onde se previu que algo se perdesse", "nothing is lost where it was predicted that something is"},
	instead: given("http-ecommerce-no-outbox", "INTAKE=outbox"),
	caught: func(parts []Part) bool {
		return len(parts[0].Counted.Lost) == 0 && !parts[0].Facts[0].Held && parts[1].Holds()
	},
}

var forgetful = Control{
	Name: "remember-nothing", Lab: "duplicate-orders",
	Swap:    Text{"o detector de fraude do sistema consertado roda com REMEMBER=nothing", "the fraud detector of the mended system runs with REMEMBER=nothing"},
	Want:    Text{"decididos duas vezes os pedidos que foram publicados de novo", "the orders that were published again are decided twice"},
	instead: given("fraud-detector-mended", "REMEMBER=nothing"),
	caught: func(parts []Part) bool {
		return parts[0].Holds() && parts[1].Holds() && parts[2].Facts[0].Held && !parts[2].Facts[1].Held
	},
}

var tooFewPartitions = Control{
	Name: "three-partitions", Lab: "email-workers",
	Swap: Text{"o tópico que devia ter uma partição para cada trabalhador tem três", "the topic that should have a partition for each worker has three"},
	Want: Text{"dois trabalhadores sem nada a fazer, e nada mais rápido", "two workers with nothing to do, and nothing faster"},
	run:  func(ctx context.Context, b *Bench) ([]Part, error) { return b.emailWorkers(ctx, 3, 3) },
	caught: func(parts []Part) bool {
		return parts[0].Holds() && !parts[1].Facts[0].Held && !last(parts[1].Facts).Held
	},
}
