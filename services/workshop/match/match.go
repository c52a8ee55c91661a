package match

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/rig"
)

// Match is a match on topics of its own: the simulator that plays it, and boards that follow it.
type Match struct {
	Bench      *rig.Bench
	Topic      string
	BoardTopic string       // of exactly-once boards
	Simulator  *rig.Process // the last one started
}

// New makes the topics of a match.
func New(ctx context.Context, b *rig.Bench) (*Match, error) { return NewNamed(ctx, b, "") }

// NewNamed is New for the second of two matches: the names of its topics end differently.
func NewNamed(ctx context.Context, b *rig.Bench, suffix string) (*Match, error) {
	return NewOn(ctx, b, suffix, 1)
}

// NewOn is NewNamed on so many partitions.
func NewOn(ctx context.Context, b *rig.Bench, suffix string, partitions int32) (*Match, error) {
	m := &Match{Bench: b, Topic: b.Name("scoreGame") + suffix, BoardTopic: b.Name("scoreBoard") + suffix}
	topics := append(kafka.Topic{Name: m.Topic, Partitions: partitions, Replicas: 3}.WithDeadLetters(),
		kafka.Topic{Name: m.BoardTopic, Partitions: partitions, Replicas: 3})
	return m, b.Topics(ctx, topics...)
}

// Play starts the simulator.
func (m *Match) Play(vars ...string) (*rig.Process, error) {
	return m.PlayAs("score-simulator", vars...)
}

// PlayAs is Play for one of several simulators.
func (m *Match) PlayAs(name string, vars ...string) (*rig.Process, error) {
	b := m.Bench
	own := []string{"TOPIC=" + m.Topic, "PACE=" + b.Pace.String(), fmt.Sprint("SEED=", b.Seed), "MATCHES=1"}
	p, err := b.Start(name, "score-simulator", append(own, vars...)...)
	m.Simulator = p
	return p, err
}

// Board is a scoreboard in all its lives.
type Board struct {
	Name  string
	Group string
	Lives []*rig.Process

	Match *Match
	Vars  []string
}

// Board is a scoreboard that was not started yet, with a group of its own. It is a static member: a
// restart has its partition back at once.
func (m *Match) Board(name string, vars ...string) *Board {
	b := m.Bench
	group := b.Group("group-" + name)
	own := []string{
		"TOPIC=" + m.Topic, "BOARD_TOPIC=" + m.BoardTopic, "CONSUMER_GROUP=" + group,
		"GROUP_INSTANCE_ID=" + name, "MATCHES=1",
	}
	return &Board{Name: name, Group: group, Match: m, Vars: append(own, vars...)}
}

// Mate is another member of the board's group.
func (d *Board) Mate(name string, vars ...string) *Board {
	own := append(slices.Clone(d.Vars), "GROUP_INSTANCE_ID="+name)
	return &Board{Name: name, Group: d.Group, Match: d.Match, Vars: append(own, vars...)}
}

// Start starts one life; vars win over those of the board.
func (d *Board) Start(vars ...string) (*rig.Process, error) {
	p, err := d.Match.Bench.Start(d.Name, "scoreboard", append(slices.Clone(d.Vars), vars...)...)
	if err == nil {
		d.Lives = append(d.Lives, p)
	}
	return p, err
}

// MostLives is where a board that crashes again and again is given up.
const MostLives = 6

// Follow starts the board, and starts it again whenever it crashes, until it has shown the match to
// its end. It returns how often it has crashed.
func (d *Board) Follow(ctx context.Context) (crashes int, err error) {
	for len(d.Lives) < MostLives {
		p, err := d.Start()
		if err != nil {
			return crashes, err
		}
		code, err := p.Wait(ctx)
		if err != nil {
			return crashes, err
		}
		if code == 0 {
			return crashes, nil
		}
		if code != rig.Crashed && code != rig.Killed {
			return crashes, &rig.NotRun{Cause: fmt.Sprintf("%s was to crash, and ended with exit code %d", d.Name, code)}
		}
		crashes++
		d.SayRestart(code)
	}
	return crashes, &rig.NotRun{Cause: fmt.Sprintf("%s has ended %d times, and never with the match", d.Name, crashes)}
}

// SayRestart says that a board has died and comes back.
func (d *Board) SayRestart(code int) {
	b := d.Match.Bench
	if code == rig.Killed {
		b.Say(service.Text{
			PT: fmt.Sprintf("%s foi morto (kill -9); começa a vida %d", d.Name, len(d.Lives)+1),
			EN: fmt.Sprintf("%s was killed (kill -9); life %d begins", d.Name, len(d.Lives)+1),
		})
		return
	}
	b.Say(service.Text{
		PT: fmt.Sprintf("%s terminou com código %d; começa a vida %d", d.Name, code, len(d.Lives)+1),
		EN: fmt.Sprintf("%s ended with code %d; life %d begins", d.Name, code, len(d.Lives)+1),
	})
}

// Scores are the board's score lines, over all its lives.
func (d *Board) Scores() []Score {
	var scores []Score
	for i, life := range d.Lives {
		for _, line := range life.Lines() {
			if s, ok := ParseScore(line.Text); ok {
				s.Session, s.At = fmt.Sprintf("%s#%d", d.Name, i+1), line.At
				scores = append(scores, s)
			}
		}
	}
	return scores
}

// Showing says whether a life has shown the goal with an id.
func Showing(id int) func([]rig.Line) bool {
	return func(lines []rig.Line) bool {
		return slices.ContainsFunc(lines, func(l rig.Line) bool {
			s, ok := ParseScore(l.Text)
			return ok && s.ID() >= id
		})
	}
}

// Score is a score line: the only thing that every scoreboard, in whatever language, says of a goal.
type Score struct {
	TeamA, TeamB int
	Session      string
	At           time.Time
}

// ID is the goal's: the n-th goal of a match makes n goals in all.
func (s Score) ID() int { return s.TeamA + s.TeamB }

func (s Score) String() string { return fmt.Sprintf("%d - %d", s.TeamA, s.TeamB) }

// ParseScore reads a line that holds a score and nothing else, wherever on the line it stands.
func ParseScore(line string) (Score, bool) {
	var s Score
	line = strings.TrimSpace(line)
	if _, err := fmt.Sscanf(line, "%d - %d", &s.TeamA, &s.TeamB); err != nil || s.String() != line {
		return Score{}, false
	}
	return s, true
}
