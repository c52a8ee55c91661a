package local_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/local"
	"workshop.example/workshop/screen"
	"workshop.example/workshop/standin"
)

// TestMain makes the test binary serve as all the services: under a link named for one of them it stands in for that one.
func TestMain(m *testing.M) {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if slices.Contains(local.ServiceNames(), name) {
		os.Exit(standin.Run(name))
	}
	os.Exit(m.Run())
}

// supervised is a supervisor of stand-ins under test.
type supervised struct {
	*local.Supervisor
	*standin.Watcher
	screen     standin.Output
	stop, kill context.CancelFunc
	done       chan error
}

// noVariables is an environment in which lines are English, and nothing else is set.
func noVariables(name string) (string, bool) { return "en", name == "WORKSHOP_LANG" }

// supervise starts stand-ins for the services of the scripts. Its delays are so short that restarts
// cost nothing, and its grace so long that nothing is killed by accident.
func supervise(t *testing.T, scripts map[string]string, change ...func(*local.Supervisor)) *supervised {
	t.Helper()
	t.Parallel() // it uses no port that another test could take
	s := &supervised{Watcher: standin.Watch(t), done: make(chan error, 1)}
	env := append(s.Env(scripts), "STANDIN_FILE="+filepath.Join(t.TempDir(), "runs"))
	var names []string
	for name := range scripts {
		names = append(names, name)
	}
	dir := standin.Binaries(t, names...)
	s.Supervisor = &local.Supervisor{
		Output: screen.New(&s.screen, &s.screen, noVariables, names...), Grace: time.Hour,
		RestartFirst: time.Millisecond, RestartMost: 4 * time.Millisecond, Quick: time.Hour,
	}
	for _, name := range names {
		s.Services = append(s.Services, local.Service{Name: name, Path: local.Binary(dir, name), Args: []string{"--stop-on-eof"}, Env: env})
	}
	for _, f := range change {
		f(s.Supervisor)
	}
	stop, cancelStop := context.WithCancel(context.Background())
	kill, cancelKill := context.WithCancel(context.Background())
	s.stop, s.kill = cancelStop, cancelKill
	t.Cleanup(cancelKill)
	t.Cleanup(cancelStop)
	go func() { s.done <- s.Run(stop, kill) }()
	return s
}

func (s *supervised) eventually(t *testing.T, text string) {
	t.Helper()
	kafkatest.Eventually(t, "on the screen: "+text, func() bool { return strings.Contains(s.screen.String(), text) })
}

// result is what Run returned, as text.
func (s *supervised) result(t *testing.T) string {
	t.Helper()
	select {
	case err := <-s.done:
		return fmt.Sprint(err)
	case <-time.After(kafkatest.Deadline):
		t.Fatalf("Run has not returned; on the screen:\n%s", &s.screen)
		return ""
	}
}

func wantResult(t *testing.T, s *supervised, want string) {
	t.Helper()
	if got := s.result(t); got != want {
		t.Errorf("Run returned %q, want %q; on the screen:\n%s", got, want, &s.screen)
	}
}

func TestStopEndsAllAndShowsTheirLastLines(t *testing.T) {
	s := supervise(t, map[string]string{"producer": "say=begin", "consumer": "log=watch"})
	s.eventually(t, "consumer | watch\n")
	kafkatest.Eventually(t, "both run", func() bool { return s.Alive() == 2 })
	s.stop()
	wantResult(t, s, "<nil>")
	s.screen.Contains(t, "workshop | stopping ...\n")
	s.screen.Contains(t, "producer | summary\n")
	s.screen.Contains(t, "consumer | summary\n")
}

func TestFailedServiceIsStartedAgain(t *testing.T) {
	s := supervise(t, map[string]string{"consumer": "fail-below=4 exit=0"})
	wantResult(t, s, "<nil>")
	for _, delay := range []string{"1ms", "2ms", "4ms", "4ms"} {
		s.screen.Contains(t, "workshop | consumer exited with code 3: starting it again in "+delay+"\n")
	}
	s.screen.Contains(t, "workshop | consumer exited with code 0\n")
	if got := s.Started(); got != 5 {
		t.Errorf("%d starts, want 5", got)
	}
}

func TestServicesThatEndByThemselves(t *testing.T) {
	for _, c := range []struct {
		name    string
		scripts map[string]string
		want    string
		says    string
	}{
		{"all done", map[string]string{"producer": "exit=0", "consumer": "exit=0"}, "<nil>", "producer exited with code 0\n"},
		{"wrong use", map[string]string{"producer": "exit=0", "consumer": "exit=2"}, "consumer exited with code 2",
			"consumer exited with code 2, wrong use: not started again\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := supervise(t, c.scripts)
			wantResult(t, s, c.want)
			s.screen.Contains(t, c.says)
			if got := s.Started(); got != 2 {
				t.Errorf("%d starts, want 2", got)
			}
		})
	}
}

func TestOthersGoOnWhenOneIsDone(t *testing.T) {
	s := supervise(t, map[string]string{"producer": "exit=0", "consumer": ""})
	s.eventually(t, "producer exited with code 0")
	kafkatest.Eventually(t, "the consumer runs", func() bool { return s.Alive() == 1 })
	s.stop()
	wantResult(t, s, "<nil>")
}

func TestStopDoesNotWaitForARestart(t *testing.T) {
	late := func(s *local.Supervisor) { s.RestartFirst, s.RestartMost = time.Hour, time.Hour }
	s := supervise(t, map[string]string{"consumer": "exit=1"}, late)
	s.eventually(t, "starting it again in 1h0m0s")
	s.stop()
	wantResult(t, s, "consumer exited with code 1")
}

func TestDeafServiceIsKilled(t *testing.T) {
	s := supervise(t, map[string]string{"producer": "exit=0", "scoreboard": "say=ready deaf"},
		func(s *local.Supervisor) { s.Grace = 50 * time.Millisecond })
	s.eventually(t, "scoreboard | ready")
	s.eventually(t, "producer exited with code 0")
	s.stop()
	if got := s.result(t); !strings.HasPrefix(got, "scoreboard ") {
		t.Errorf("Run returned %q, want that the scoreboard was killed", got)
	}
	s.eventually(t, "still running after 50ms, killed: scoreboard\n")
}

func TestSecondSignalKillsAtOnce(t *testing.T) {
	s := supervise(t, map[string]string{"scoreboard": "say=ready deaf"})
	s.eventually(t, "scoreboard | ready")
	s.stop()
	s.eventually(t, "stopping ...")
	s.kill()
	if got := s.result(t); !strings.HasPrefix(got, "scoreboard ") {
		t.Errorf("Run returned %q, want that the scoreboard was killed", got)
	}
}

// stalled is a reader that reads no more.
type stalled struct{}

func (stalled) Write([]byte) (int, error) { select {} }

func TestStalledReaderDoesNotHoldUpTheStop(t *testing.T) {
	s := supervise(t, map[string]string{"producer": "flood"}, func(s *local.Supervisor) {
		s.Output = screen.New(stalled{}, stalled{}, noVariables)
		s.Grace = 50 * time.Millisecond
	})
	kafkatest.Eventually(t, "the producer runs", func() bool { return s.Alive() == 1 })
	s.stop()
	wantResult(t, s, "nobody reads the output, and some of it is lost")
}

func TestFloodDoesNotHoldUpTheStop(t *testing.T) {
	s := supervise(t, map[string]string{"producer": "flood", "consumer": ""}, func(s *local.Supervisor) { s.Grace = 50 * time.Millisecond })
	s.eventually(t, "producer | a line like any other\n")
	s.stop()
	if got := s.result(t); !strings.Contains(got, "producer ") {
		t.Errorf("Run returned %q, want that the producer was killed", got)
	}
}

func TestServiceThatCannotBeStartedStopsTheOthers(t *testing.T) {
	text := filepath.Join(t.TempDir(), "not-a-program")
	if err := os.WriteFile(text, []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := supervise(t, map[string]string{"producer": ""}, func(s *local.Supervisor) {
		s.Services = append(s.Services, local.Service{Name: "consumer", Path: text})
	})
	if got := s.result(t); !strings.HasPrefix(got, "start consumer: ") {
		t.Errorf("Run returned %q, want that the consumer could not be started", got)
	}
}

func TestBinaryThatIsAwayForAMoment(t *testing.T) {
	s := supervise(t, map[string]string{"consumer": ""})
	kafkatest.Eventually(t, "the consumer runs", func() bool { return s.Alive() == 1 })
	path := s.Services[0].Path
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	s.Crash("consumer")
	s.eventually(t, "consumer could not be started: ")
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	kafkatest.Eventually(t, "the consumer runs again", func() bool { return s.Started() == 2 })
	s.stop()
	wantResult(t, s, "<nil>")
	s.screen.Contains(t, "consumer exited with code 4: starting it again in 1ms\n")
}

func TestFailureAfterALongRunIsNotQuick(t *testing.T) {
	s := supervise(t, map[string]string{"consumer": "fail-below=3 exit=0"}, func(s *local.Supervisor) { s.Quick = 0 })
	wantResult(t, s, "<nil>")
	if n := strings.Count(s.screen.String(), "starting it again in 1ms\n"); n != 3 {
		t.Errorf("%d restarts after the first delay, want 3:\n%s", n, &s.screen)
	}
}

func TestLongAndUnfinishedLinesSurvive(t *testing.T) {
	s := supervise(t, map[string]string{"producer": "long=2097152 unfinished=unfinished exit=0"})
	wantResult(t, s, "<nil>")
	s.screen.Contains(t, "producer | "+strings.Repeat("x", 2<<20)+"\nproducer | unfinished\n")
}
