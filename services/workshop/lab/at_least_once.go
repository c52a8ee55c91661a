package lab

import "time"

var atLeastOnce = Lab{
	Name:    "at-least-once",
	Summary: Text{"exibe, depois confirma: uma queda repete um evento", "show, then commit: a crash repeats an event"},
	Will: [3]Text{
		{"Um simulador joga uma partida; o placar exibe cada gol e só então confirma o offset.",
			"A simulator plays a match; the board shows each goal, and only then commits its offset."},
		{"No id 5 o placar cai entre exibir e confirmar, como por kill -9, e é reiniciado.",
			"At id 5 the board crashes between show and commit, as by kill -9, and is started again."},
		{"Previsão: o id 5 aparece duas vezes; nenhum gol se perde.",
			"Prediction: id 5 is shown twice; no goal is lost."},
	},
	Why: Text{
		"Quando o placar caiu, a linha do id 5 já tinha saído, mas o grupo só tinha confirmado até o id 4. " +
			"O reinício começa no offset confirmado: o id 5 vem de novo e é exibido de novo. Nada se perde, porque nada é confirmado antes de exibido. " +
			"As duas garantias diferem na ordem de duas linhas: compare at_most_once.go e at_least_once.go.",
		"When the board crashed, the line of id 5 was out already, but the group had committed only up to id 4. " +
			"The restart begins at the committed offset: id 5 comes again and is shown again. Nothing is lost, because nothing is committed before it is shown. " +
			"The two guarantees differ in the order of two lines: compare at_most_once.go and at_least_once.go.",
	},
	Pace: 100 * time.Millisecond, Student: true,
	ByHand: theMatch,
	run:    crashOnce("at-least-once", Prediction{Repeated: []int{failAt}}),
}
