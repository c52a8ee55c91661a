//go:build brokers

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The labs judge the solutions as they judge a student's scoreboard, on an embedded cluster: this test
// needs no brokers. A solution in the lab of another is the control.
func TestLabPython(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lab, file string
		wantCode  int
		want      string
	}{
		{"auto-commit", "solutions/auto_commit.py", 0, "✓ uma confirmação automática ficou antes da queda"},
		{"at-most-once", "solutions/at_most_once.py", 0, "perdidas 1 (id 5) · repetidas 0 · fora de ordem 0 → como previsto"},
		{"at-least-once", "solutions/at_least_once.py", 0, "perdidas 0 · repetidas 1 (id 5) · fora de ordem 0 → como previsto"},
		{"exactly-once", "solutions/exactly_once.py", 0, "em BOARD_TOPIC 47 · perdidas 0 · repetidas 0 · fora de ordem 0 → como previsto"},
		{"exactly-once", "scoreBoard.py", 1, "Dica: Não há nada em BOARD_TOPIC"},
		{"exactly-once", "solutions/at_least_once.py", 1, "Dica: Não há nada em BOARD_TOPIC"},
		{"duplicate-orders --consumer", "solutions/order_consumer.py", 0,
			"tratadas 30 · perdidas 0 · repetidas 0 · fora de ordem 0 → como previsto"},
		{"duplicate-orders --detector", "solutions/fraud_detector.py", 0,
			"decididas 30 · perdidas 0 · repetidas 0 · fora de ordem 0 → como previsto"},
		{"ghost-goals --simulator", "solutions/ghost_simulator.py", 0, "✓ cada gol de id múltiplo de 4 foi antes enviado e abortado"},
		{"ghost-goals --simulator", "gameSimulator.py", 1, "Dica: A partida está em várias partições"},
		{"duplicate-orders --consumer", "orderConsumer.py", 1, "Dica: O programa terminou sozinho, com código 0"},
		{"duplicate-orders --detector", "fraudDetector.py", 1, "Dica: O programa terminou sozinho, com código 0"},
		{"duplicate-orders --detector", "solutions/order_consumer.py", 1, "Dica: Não há decisão nenhuma"},
		{"duplicate-orders --consumer", "solutions/fraud_detector.py", 1, "mas nenhuma linha saiu na primeira vida"},
		{"at-least-once", "scoreBoard.py", 1, "Dica: O programa terminou sem mostrar nenhum placar"},
		{"at-most-once", "solutions/at_least_once.py", 1, "Dica: O id 5 foi exibido antes de confirmado"},
		{"at-least-once", "solutions/at_most_once.py", 1, "Dica: O id 5 foi confirmado antes de exibido"},
		{"at-most-once", "solutions/auto_commit.py", 1, "Dica: A segunda vida recomeçou do início"},
	} {
		t.Run(tt.lab+" "+tt.file, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(root(t), "labs", "python", filepath.FromSlash(tt.file))
			vars := []string{"BOOTSTRAP_SERVERS=", "PYTHONDONTWRITEBYTECODE=1", "SCOREBOARD=" + path}
			lab, role, other := strings.Cut(tt.lab, " ")
			if !other {
				role = "--scoreboard"
			}
			p := start(t, vars, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"),
				"lab", "run", lab, role, `"$WORKSHOP_PYTHON" "$SCOREBOARD"`)
			if code := p.exit(time.Minute); code != tt.wantCode || !contains(p.Lines(), tt.want) {
				t.Errorf("exit code %d, want %d, and %q:\n%s\n%s", code, tt.wantCode, tt.want, strings.Join(p.Lines(), "\n"), tail(p.Logs()))
			}
		})
	}
}
