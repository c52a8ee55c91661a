package lab

import "time"

// failAt is the event at which LabScore breaks its boards.
const failAt = 5

var atMostOnce = Lab{
	Name:    "at-most-once",
	Summary: Text{"confirma, depois exibe: uma queda perde um evento", "commit, then show: a crash loses an event"},
	Will: [3]Text{
		{"Um simulador joga uma partida; o placar confirma o offset de cada gol e só então o exibe.",
			"A simulator plays a match; the board commits each goal's offset, and only then shows it."},
		{"No id 5 o placar cai entre confirmar e exibir, como por kill -9, e é reiniciado.",
			"At id 5 the board crashes between commit and show, as by kill -9, and is started again."},
		{"Previsão: o id 5 se perde; nenhum gol se repete.",
			"Prediction: id 5 is lost; no goal is repeated."},
	},
	Why: Text{
		"Quando o placar caiu, o grupo já tinha confirmado o offset depois do id 5, mas a linha ainda não tinha saído. " +
			"O reinício começa no offset confirmado, isto é, no id 6: ninguém volta para buscar o 5. O placar do id 6 já traz o gol que faltou, " +
			"porque cada evento leva o placar inteiro; por isso a perda não se vê na tela, só se conta.",
		"When the board crashed, the group had committed the offset behind id 5 already, but the line was not out yet. " +
			"The restart begins at the committed offset, which is id 6: nobody goes back for 5. The score of id 6 includes the missing goal, " +
			"because every event carries the whole score; so the loss cannot be seen on the screen, only counted.",
	},
	Pace: 100 * time.Millisecond, Student: true,
	ByHand: theMatch,
	run:    crashOnce("at-most-once", Prediction{Lost: []int{failAt}}),
}
