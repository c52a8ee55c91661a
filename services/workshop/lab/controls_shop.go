package lab

import "slices"

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
