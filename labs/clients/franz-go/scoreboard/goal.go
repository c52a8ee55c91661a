package main

import (
	"fmt"
	"os"
)

type score struct{ TeamA, TeamB int }

type goal struct {
	ID          int
	Event, Team string
	Score       score
	Match       string
}

type source struct {
	Partition int32 `json:"partition"`
	Offset    int64 `json:"offset"`
}

type boardRecord struct {
	ID     int    `json:"id"`
	Match  string `json:"match"`
	Event  string `json:"event"`
	Score  score  `json:"score"`
	Tally  score  `json:"tally"`
	Source source `json:"source"`
}

func (g goal) show() {
	line := fmt.Sprintf("%d - %d", g.Score.TeamA, g.Score.TeamB)
	if g.Team == "TeamB" {
		line = "           " + line // the score stands under the team that scored
	}
	if g.Event == "finished" {
		line = "Partida finalizada!"
	}
	fmt.Println(line)
}

func (g goal) crashOnCue() {
	if fmt.Sprint(g.ID) == os.Getenv("FAIL_AT_ID") {
		os.Exit(137) // as kill -9 does: nothing is closed
	}
}
