package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/local"
	"workshop.example/workshop/standin"
)

// boards are scoreboards, right and wrong, and what the tool has to say of them.
var boards = []struct {
	lab, words string
	wantCode   int
	want       string // on its output, or among its errors
}{
	{"at-most-once", "commit crash show", 0, "perdidas 1 (id 5) · repetidas 0 · fora de ordem 0 → como previsto"},
	{"at-least-once", "show crash commit", 0, "perdidas 0 · repetidas 1 (id 5) · fora de ordem 0 → como previsto"},
	{"at-least-once", "politely show crash commit", 0, "scoreboard terminou com código 0; começa a vida 2"},
	{"at-most-once", "fixed commit crash show", 0, "perdidas 1 (id 5) · repetidas 0 · fora de ordem 0 → como previsto"},
	{"at-least-once", "endless show crash commit", 0, "· o placar não terminou sozinho e foi parado"},
	{"at-least-once", "fork show crash commit", 0, "→ como previsto"},
	{"at-least-once", "dynamic show crash commit", 0, "· a vida 2 esperou "},
	{"auto-commit", "auto show crash", 0, "✓ uma confirmação automática ficou antes da queda"},
	{"auto-commit", "show crash commit", 0, "· só o último gol se repetiu"},

	{"at-least-once", "show commit", 2, "sem veredito: o placar não caiu: " +
		"no evento cujo id é FAIL_AT_ID (aqui 5) ele deve terminar na hora, como por os._exit(137)"},
	{"auto-commit --pace 10ms", "show crash", 2, "antes da hora de um commit automático: deixe --pace de fora"},

	{"at-least-once", "exit fixed", 1, "Dica: O programa termina com um erro antes de mostrar um placar"},
	{"at-least-once", "commit", 1, "Dica: O programa terminou sem mostrar nenhum placar"},
	{"at-least-once", "asleep", 1, "Dica: O programa não entrou no grupo"},
	{"at-least-once", "babble", 1, "· o placar foi parado depois de 50000 linhas"},
	{"at-most-once", "talkative commit crash show", 1, "Dica: Nenhuma linha do programa é um placar"},
	{"at-least-once", "talkative endless show crash commit", 1, "Dica: Nenhuma linha do programa é um placar"},
	{"at-least-once", "buffered show crash commit", 1, "Dica: As linhas da primeira vida ficaram no buffer"},

	{"at-least-once --pace 100ms", "latest show crash commit", 1, "Dica: Os primeiros gols se perderam"},
	{"at-least-once", "fixed show crash commit", 1, "Dica: O offset do evento que derruba o placar nunca é confirmado"},
	{"at-least-once", "impatient show crash commit", 1, "Dica: As vidas seguintes terminaram com código 0 antes de receber uma mensagem"},
	{"at-least-once", "wrong show crash commit", 1, "Dica: O placar é o que vem no evento"},
	{"at-least-once", "show crash", 1, "Dica: A segunda vida recomeçou do início"},
	{"at-least-once", "few show commit", 1, "Dica: A primeira vida terminou depois do id 3, e não no id 5"},
	{"auto-commit", "show crash", 1, "Dica: Nada foi confirmado em mais de 5 segundos"},

	{"at-most-once", "batch commit crash show", 1, "Dica: Foram confirmados eventos depois do id 5"},
	{"at-most-once", "show crash commit", 1, "Dica: O id 5 foi exibido antes de confirmado"},
	{"at-most-once", "crash commit show", 1, "Dica: O placar caiu antes de confirmar o id 5"},
	{"at-most-once", "commit show crash", 1, "Dica: Quando o placar caiu, " +
		"o id 5 já estava confirmado e exibido: a queda fica entre confirmar e exibir."},
	{"at-least-once", "batch commit crash show", 1, "Dica: Foram confirmados eventos depois do id 5"},
	{"at-least-once", "commit crash show", 1, "Dica: O id 5 foi confirmado antes de exibido"},
	{"at-least-once", "show commit crash", 1, "Dica: Quando o placar caiu, o id 5 já estava exibido e confirmado"},
	{"at-least-once", "crash show commit", 1, "Dica: O placar caiu antes de exibir o id 5"},
	{"at-least-once", "rarely show commit crash", 1, "Dica: Repetiu-se mais do que o id 5"},
	{"auto-commit", "commit show crash", 1, "Dica: O que foi exibido já estava confirmado"},

	{"at-least-once", "own-group show crash commit", 1, "Dica: O programa lê com um grupo seu, «meu-grupo»"},
	{"at-most-once", "own-group latest buffered", 1, "Dica: O programa lê com um grupo seu, «meu-grupo»"},
	{"at-least-once", "stderr show crash commit", 1, "Dica: O placar saiu na saída de erros (stderr)"},
	{"at-most-once", "stderr endless commit crash show", 1, "Dica: O placar saiu na saída de erros (stderr)"},

	{"exactly-once", "begin send offset crash end show", 0, "em BOARD_TOPIC 47 · perdidas 0 · repetidas 0 · fora de ordem 0 → como previsto"},
	{"exactly-once", "begin send offset crash end", 0, "✓ id 5: a primeira tentativa está em BOARD_TOPIC, abortada"},
	{"exactly-once", "endless begin send offset crash end show", 0, "· o placar não terminou sozinho e foi parado"},
	{"exactly-once", "begin send offset end show", 2, "sem veredito: o placar não caiu"},
	{"exactly-once", "exit fixed", 1, "Dica: O programa termina com um erro antes de mostrar um placar"},
	{"exactly-once", "asleep", 1, "Dica: O programa não entrou no grupo"},
	{"exactly-once", "show crash commit", 1, "Dica: Não há nada em BOARD_TOPIC"},
	{"exactly-once", "exit fixed", 1, "✗ os offsets só foram confirmados dentro de transações"},
	{"exactly-once", "own-group begin send offset crash end show", 1, "Dica: O programa lê com um grupo seu, «meu-grupo»"},
	{"exactly-once", "scrawl begin send offset crash end show", 1, "Dica: Uma mensagem de BOARD_TOPIC não é um registro do placar"},
	{"exactly-once", "plain send crash commit show", 1, "Dica: O registro vai para BOARD_TOPIC fora de uma transação"},
	{"exactly-once --pace 100ms", "latest begin send offset crash end show", 1, "Dica: Os primeiros gols se perderam"},
	{"exactly-once", "begin send crash end commit show", 1, "Dica: O offset foi confirmado fora da transação"},
	{"exactly-once", "begin send commit crash end show", 1, "Dica: O offset foi confirmado fora da transação"},
	{"exactly-once", "random-id begin send offset crash end show", 1, "Dica: A transação da primeira vida ficou aberta"},
	{"exactly-once", "begin send crash end show", 1, "Dica: O grupo não confirmou offset nenhum"},
	{"exactly-once", "fixed begin send offset crash end show", 1, "Dica: O offset do evento que derruba o placar nunca é confirmado"},
	{"exactly-once", "begin send offset end crash show", 1, "Dica: A queda não deixou em BOARD_TOPIC uma primeira tentativa do id 5"},
	{"exactly-once", "crash begin send offset end show", 1, "Dica: A queda não deixou em BOARD_TOPIC uma primeira tentativa do id 5"},
	{"exactly-once", "forget begin send offset crash end show", 1, "Dica: Depois do reinício a contagem (tally) não é mais a da partida"},
}

// Each board is judged by the tool as a process, on a cluster of its own. A table's row is the control
// of the others: what is right in one lab is wrong in another, and for another reason.
func TestOwnScoreboard(t *testing.T) {
	t.Parallel()
	var rows []judged
	for _, b := range boards {
		args := strings.Fields(b.lab)
		if !strings.Contains(b.lab, "--pace") && !strings.HasPrefix(b.lab, "auto") {
			args = append(args, "--pace", "20ms")
		}
		rows = append(rows, judged{append(args, "--scoreboard", "\"$STUDENT\" "+b.words), b.wantCode, b.want})
	}
	judgeAll(t, rows)
}

// judged is a run of a lab with a program of the student's own, and what is to come of it.
type judged struct {
	args     []string // of lab run
	wantCode int
	want     string
}

// judging are the runs under way, of all tests: most of the time they wait, and yet each has a cluster and several programs.
var judging = make(chan struct{}, 12)

// judgeAll carries out the runs, several at a time.
func judgeAll(t *testing.T, rows []judged) {
	t.Helper()
	w := standin.Watch(t)
	dir, env := workshopWithStudent(t, w)
	outputs, codes := make([]bytes.Buffer, len(rows)), make([]int, len(rows))
	var runs errgroup.Group
	for i, row := range rows {
		runs.Go(func() error {
			judging <- struct{}{}
			defer func() { <-judging }()
			cmd := exec.CommandContext(t.Context(), local.Binary(dir, toolName), append([]string{"lab", "run"}, row.args...)...)
			cmd.Env, cmd.Stdout, cmd.Stderr = env, &outputs[i], &outputs[i]
			err := cmd.Run()
			codes[i] = cmd.ProcessState.ExitCode()
			if _, ended := errors.AsType[*exec.ExitError](err); ended {
				return nil
			}
			return err
		})
	}
	if err := runs.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		t.Run(strings.Join(row.args, " "), func(t *testing.T) {
			if codes[i] != row.wantCode || !strings.Contains(outputs[i].String(), row.want) {
				t.Errorf("exit code %d, want %d, and %q:\n%s", codes[i], row.wantCode, row.want, &outputs[i])
			}
		})
	}
}

// A program that takes long to start is judged as one that does not: the match waits for it. The gate holds the
// program back until the lab has said that it waits, so that the match would be over if it did not.
func TestOwnScoreboardThatStartsSlowly(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the match is paused by a signal")
	}
	w := standin.Watch(t)
	dir, env := workshopWithStudent(t, w)
	for _, c := range []struct {
		lab, words, want string
		code             int
	}{
		{"at-most-once", "slow commit crash show", "perdidas 1 (id 5) · repetidas 0 · fora de ordem 0 → como previsto", 0},
		{"at-least-once", "slow latest endless show crash commit", "Dica: Os primeiros gols se perderam", 1},
		{"at-least-once", "slow buffered show crash commit", "Dica: As linhas da primeira vida ficaram no buffer", 1},
		{"exactly-once", "slow begin send offset crash end show", "em BOARD_TOPIC 47 · perdidas 0 · repetidas 0 · fora de ordem 0 → como", 0},
		{"at-most-once", "slow stderr commit crash show", "Dica: O placar saiu na saída de erros (stderr)", 1},
		{"at-least-once", "slow exit fixed", "Dica: O programa termina com um erro antes de mostrar um placar", 1},
	} {
		t.Run(c.lab+" "+c.words, func(t *testing.T) {
			t.Parallel()
			gate, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer gate.Close()
			gate.(*net.TCPListener).SetDeadline(time.Now().Add(kafkatest.Deadline))
			gated := append(slices.Clone(env), "STUDENT_GATE="+gate.Addr().String())
			p := startTool(t, dir, gated, "lab", "run", c.lab, "--pace", "20ms", "--scoreboard", "$STUDENT "+c.words)
			starting, err := gate.Accept()
			if err != nil {
				t.Fatalf("the program was not started: %v\n%s", err, &p.stderr)
			}
			defer starting.Close()
			kafkatest.Eventually(t, "the match waits for the program", func() bool {
				return strings.Contains(p.stdout.String(), "a partida espera que o placar entre no grupo")
			})
			if strings.Contains(p.stdout.String(), `"id":40,`) {
				t.Errorf("the match has gone on:\n%s", &p.stdout)
			}
			starting.Close()
			if got := p.wait(); got != c.code || !strings.Contains(p.stdout.String(), c.want) {
				t.Errorf("exit code %d, want %d, and %q:\n%s%s", got, c.code, c.want, &p.stdout, &p.stderr)
			}
		})
	}
}

// workshopWithStudent returns a folder with the tool and the real simulator, and an environment in
// which $STUDENT is the student's program.
func workshopWithStudent(t *testing.T, w *standin.Watcher) (dir string, env []string) {
	t.Helper()
	dir = standin.Binaries(t, studentName)
	if err := standin.Link(local.Binary(kafkatest.Binaries(t), "score-simulator"), local.Binary(dir, "score-simulator")); err != nil {
		t.Fatal(err)
	}
	own := "STUDENT=" + filepath.ToSlash(local.Binary(dir, studentName))
	return dir, append(w.Env(nil), own, "HISTORY=mine", "FAIL_AT_ID=1", "CONSUMER_GROUP=mine", "GORACE=atexit_sleep_ms=0", "COLUMNS=1000")
}

func TestOwnScoreboardEnvironment(t *testing.T) {
	t.Parallel()
	w := standin.Watch(t)
	dir, env := workshopWithStudent(t, w)
	p := startTool(t, dir, env, "lab", "run", "at-most-once", "--scoreboard", "$STUDENT 'environment'")
	p.wait()
	for _, line := range []string{
		"TOPIC=scoreGame true", "CONSUMER_GROUP=group-scoreboard true", "GROUP_INSTANCE_ID=scoreboard true", "DELIVERY=at-most-once true",
		"FAIL_AT_ID=5 true", "FAIL_MODE=once true", "BOARD_TOPIC=scoreBoard true", "MATCHES=1 true", "WORKSHOP_LANG=pt true",
		"PYTHONUNBUFFERED=1 true", "HISTORY= false",
	} {
		p.stdout.Contains(t, "scoreboard      | "+line+"\n")
	}
	p.stdout.Contains(t, "| BOOTSTRAP_SERVERS=127.0.0.1:")
	p.stdout.Contains(t, "| STATE_DIR="+os.TempDir())
	if strings.Contains(p.stdout.String(), "standard input") {
		t.Errorf("standard input is not empty:\n%s", &p.stdout)
	}
}

func TestOwnScoreboardInEnglishAndJSON(t *testing.T) {
	t.Parallel()
	w := standin.Watch(t)
	dir, env := workshopWithStudent(t, w)
	page := filepath.Join(t.TempDir(), "page.html")
	p := startTool(t, dir, append(env, "WORKSHOP_LANG=en"), "lab", "run", "at-least-once", "--pace", "20ms", "--json", "--report", page,
		"--scoreboard", "$STUDENT commit crash show")
	if got := p.wait(); got != 1 {
		t.Errorf("exit code %d, want 1\n%s", got, &p.stderr)
	}
	const hint = "Id 5 was committed before it was shown"
	var result struct{ Parts []struct{ Hint string } }
	err := json.Unmarshal([]byte(p.stdout.String()), &result)
	if err != nil || len(result.Parts) != 1 || !strings.HasPrefix(result.Parts[0].Hint, hint) {
		t.Errorf("want the hint in the JSON (%v):\n%s", err, &p.stdout)
	}
	if html, err := os.ReadFile(page); err != nil || !strings.Contains(string(html), hint) {
		t.Errorf("want the hint on the page (%v)", err)
	}
	p.stderr.Contains(t, "your scoreboard: $STUDENT commit crash show")
}

func TestOwnScoreboardWrongUse(t *testing.T) {
	for _, c := range []struct{ lab, command, want string }{
		{"poison", "go version", "the lab poison takes no scoreboard of yours; these do: auto-commit, at-most-once, at-least-once, exactly-once"},
		{"at-most-once", "", "no command"},
		{"at-most-once", "  ", "no command"},
		{"at-most-once", "$NOT_SET", "no command"},
		{"at-most-once", "'go version", "without closing quote"},
		{"at-most-once", "go version | cat", "`|` is not a valid word; accepted: one program and its arguments"},
		{"at-most-once", "go $(ls)", "unexpected command substitution"},
		{"at-most-once", "no-such-program scoreBoard.py", `--scoreboard: the program "no-such-program" cannot be run:`},
	} {
		var stdout, stderr standin.Output
		tool := &tool{stdout: &stdout, stderr: &stderr, environ: []string{"WORKSHOP_LANG=en"}, binDir: besideExecutable, kill: t.Context()}
		if got := tool.run(t.Context(), []string{"lab", "run", c.lab, "--scoreboard", c.command}); got != 2 {
			t.Errorf("%s %q: exit code %d, want 2", c.lab, c.command, got)
		}
		if !strings.Contains(stderr.String(), c.want) || stdout.String() != "" {
			t.Errorf("%s %q: want %q and nothing else, got:\n%s%s", c.lab, c.command, c.want, &stdout, &stderr)
		}
	}
}
