package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// stackPort is a port of this machine that the stack opens.
type stackPort struct {
	variable string // that moves it, in .env
	fallback int
	optional bool // only with a profile
}

var stackPorts = []stackPort{
	{"BROKER_1_PORT", 9091, false},
	{"BROKER_2_PORT", 9092, false},
	{"BROKER_3_PORT", 9093, false},
	{"BROKER_4_PORT", 9094, true},
	{"KAFKA_UI_PORT", 8087, false},
	{"MONITOR_PORT", 8088, false},
	{"HTTP_PORT", 8080, true},
}

// setting is a variable as «docker compose» sees it: from the shell, or else from .env.
func (m *Machine) setting(name string) string {
	if value, ok := m.Lookup(name); ok {
		return value
	}
	text, _ := os.ReadFile(filepath.Join(m.Dir, ".env"))
	for line := range strings.Lines(string(text)) {
		if n, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && strings.TrimSpace(n) == name {
			return strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return ""
}

// ports looks whether somebody listens where the stack wants to, and whether it is the stack.
func (m *Machine) ports(ctx context.Context) []Line {
	const check = "ports"
	s := say(m.Lang)
	numbers := make([]int, len(stackPorts))
	found := make([]Line, len(stackPorts))
	containers := m.containers(ctx)
	var wg sync.WaitGroup
	for i, p := range stackPorts {
		numbers[i] = p.fallback
		if n, err := strconv.Atoi(m.setting(p.variable)); err == nil {
			numbers[i] = n
		}
		wg.Go(func() {
			if m.Taken(numbers[i]) {
				found[i] = m.taken(ctx, p, numbers[i], containers)
			}
		})
	}
	wg.Wait()
	var free []string
	var lines []Line
	for i, line := range found {
		if line.Text == "" {
			free = append(free, strconv.Itoa(numbers[i]))
		} else {
			lines = append(lines, line)
		}
	}
	if len(free) > 0 {
		lines = slices.Insert(lines, 0, s.ok(check, "livres: %s", "free: %s", strings.Join(free, ", ")))
	}
	return lines
}

func (m *Machine) taken(ctx context.Context, p stackPort, port int, containers []container) Line {
	const check = "ports"
	s := say(m.Lang)
	move := s.text("ou escolha outra porta: %s no .env", "or choose another port: %s in .env", p.variable)
	level := Failure
	if p.optional {
		level = Warning
	}
	for _, c := range containers {
		if !c.publishes(port) {
			continue
		}
		if c.project == m.project() {
			return s.ok(check, "%d: contêiner %s, deste stack: ele está no ar", "%d: container %s of this stack, which is up", port, c.name)
		}
		stop := "docker stop " + c.name
		if c.project != "" {
			stop = "docker compose -p " + c.project + " down"
		}
		return Line{check, level, s.text("%d: ocupada pelo contêiner %s", "%d: taken by container %s", port, c.name),
			s.text("pare-o (%s), %s", "stop it (%s), %s", stop, move)}
	}
	holder := m.Holder(ctx, port)
	switch {
	case strings.Contains(holder.command, "/broker-") && strings.Contains(holder.command, "kafka.Kafka"):
		return s.ok(check, "%d: broker nativo (make kafka-up): está no ar", "%d: native broker (make kafka-up), which is up", port)
	case strings.TrimSuffix(holder.name, ".exe") == "workshop":
		return s.ok(check, "%d: cluster embutido (make demo): está no ar", "%d: embedded cluster (make demo), which is up", port)
	case strings.TrimSuffix(holder.name, ".exe") == "monitor":
		return s.ok(check, "%d: quadro da turma (make demo): está no ar", "%d: class board (make demo), which is up", port)
	case strings.TrimSuffix(holder.name, ".exe") == "http-ecommerce":
		return s.ok(check, "%d: http-ecommerce (make ecommerce): está no ar", "%d: http-ecommerce (make ecommerce), which is up", port)
	case holder.pid == 0:
		return Line{check, level, s.text("%d: ocupada, e o sistema não diz por quem", "%d: taken, and the system does not say by whom", port),
			s.text("pare quem a usa (como administrador o sistema diz mais), %s",
				"stop whoever uses it (to an administrator the system says more), %s", move)}
	}
	return Line{check, level, s.text("%d: ocupada por %s (processo %d)", "%d: taken by %s (process %d)", port, holder.name, holder.pid),
		s.text("pare-o, %s", "stop it, %s", move)}
}

// project is the name of this stack in Docker.
func (m *Machine) project() string {
	if name := m.setting("COMPOSE_PROJECT_NAME"); name != "" {
		return name
	}
	return "kafka-workshop"
}

// container is one that runs, with its published ports as Docker lists them.
type container struct{ name, project, ports string }

func (m *Machine) containers(ctx context.Context) (all []container) {
	out, _, err := m.Run(ctx, "docker", "ps", "--format", `{{.Names}}|{{.Label "com.docker.compose.project"}}|{{.Ports}}`)
	if err != nil {
		return nil // docker's own line says why
	}
	for line := range strings.Lines(out) {
		if f := strings.SplitN(strings.TrimSpace(line), "|", 3); len(f) == 3 {
			all = append(all, container{f[0], f[1], f[2]})
		}
	}
	return all
}

// publishes looks for ":9092->" in a list such as «127.0.0.1:9092->9092/tcp, 29092/tcp».
func (c container) publishes(port int) bool {
	return strings.Contains(c.ports, fmt.Sprintf(":%d->", port))
}
