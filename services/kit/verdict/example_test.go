package verdict_test

import (
	"fmt"

	"workshop.example/kit/verdict"
)

// A producer with acks=1 loses its leader after the second goal, and does not know of the fourth. The
// board dies between showing the third and committing it, and shows it again.
func ExampleCheck() {
	goal := func(n int) verdict.Message { return verdict.Message{Stream: "match", Number: n} }
	v := verdict.Check(verdict.Run{
		Writes: []verdict.Write{
			{Message: goal(1), Outcome: verdict.Acknowledged},
			{Message: goal(2), Outcome: verdict.Acknowledged},
			{Message: goal(3), Outcome: verdict.Acknowledged},
			{Message: goal(4)},
		},
		Log: []verdict.Record{
			{Message: goal(1), Offset: 0},
			{Message: goal(3), Offset: 1},
			{Message: goal(4), Offset: 2},
		},
		Reads: []verdict.Read{
			{Message: goal(1), Session: "first life"},
			{Message: goal(3), Session: "first life"},
			{Message: goal(3), Session: "second life"},
			{Message: goal(4), Session: "second life"},
		},
	})
	fmt.Println("produced", v.Produced, "processed", v.Processed, "clean", v.Clean())
	fmt.Println("lost", v.Lost, "repeated", v.Repeated, "out of order", v.OutOfOrder)
	fmt.Println("unknown, and there after all", v.UnknownPresent)
	// Output:
	// produced 3 processed 3 clean false
	// lost [match/2] repeated [match/3] out of order []
	// unknown, and there after all [match/4]
}
