package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"workshop.example/kit/service"
)

// engine is what Docker says of itself. The zero value is no Docker, or none that answers.
type engine struct {
	lines      []Line
	answers    bool
	root, arch string // its data's folder, and its processor as GOARCH
	// off is how far its clock is from this machine's, at least; nil where it did not say.
	off *time.Duration
}

const (
	// The whole stack uses 1.4 GiB, and needs some more while it starts and builds. A Docker Desktop that
	// was given 4 GB reports 3.8.
	wholeStack = 3_500_000_000
	oneBroker  = 1_700_000_000 // compose/single-broker.yaml, on a host of 2 GB
)

// composeNeeded is the first Compose that knows !override in an extended service.
var composeNeeded = []int{2, 24, 4}

func (m *Machine) engine(ctx context.Context) engine {
	const check = "docker"
	s := say(m.Lang)
	var info struct {
		ServerVersion, Architecture, DockerRootDir, OperatingSystem string
		MemTotal                                                    int64
		SystemTime                                                  time.Time
		ServerErrors                                                []string
	}
	asked := m.Now()
	out, errOut, err := m.Run(ctx, "docker", "info", "--format", "{{json .}}")
	answered := m.Now()
	if errors.Is(err, exec.ErrNotFound) {
		return engine{lines: []Line{warn(check, s.text("não há Docker", "no Docker"),
			s.text("sem ele: «make demo» (só Go) ou «make kafka-up» (Java). Para instalar: https://docs.docker.com/get-docker",
				"without it: «make demo» (Go only) or «make kafka-up» (Java). To install it: https://docs.docker.com/get-docker"))}}
	}
	wrong := json.Unmarshal([]byte(out), &info)
	if wrong != nil || info.ServerVersion == "" {
		cause := strings.TrimSpace(strings.Join(append(info.ServerErrors, errOut), " "))
		return engine{lines: []Line{m.noEngine(err, cause), m.compose(ctx)}} // Compose is the client's, and answers by itself
	}
	e := engine{answers: true, root: info.DockerRootDir, arch: goArch(info.Architecture)}
	e.lines = append(e.lines, s.ok(check, "Docker Engine %s (%s)", "Docker Engine %s (%s)", info.ServerVersion, info.OperatingSystem))
	e.lines = append(e.lines, m.compose(ctx), m.memory(info.MemTotal))
	if !info.SystemTime.IsZero() {
		off := between(info.SystemTime, asked, answered)
		e.off = &off
	}
	return e
}

func (m *Machine) noEngine(err error, cause string) Line {
	s := say(m.Lang)
	text := s.text("o Docker está instalado, mas não está no ar", "Docker is installed, but its engine does not answer")
	remedy := s.text("inicie o Docker Desktop, ou: sudo systemctl start docker", "start Docker Desktop, or: sudo systemctl start docker")
	switch {
	case strings.Contains(cause, "permission denied"):
		text = s.text("este usuário não pode falar com o motor do Docker", "this user may not talk to Docker's engine")
		remedy = s.text("sudo usermod -aG docker $USER, e depois sair e entrar de novo",
			"sudo usermod -aG docker $USER, then log out and in again")
	case errors.Is(err, context.DeadlineExceeded):
		remedy = s.text("espere o Docker Desktop terminar de iniciar, ou reinicie-o", "wait until Docker Desktop has started, or restart it")
	case cause != "": // Docker's own words name the address at which it looked
		first, _, _ := strings.Cut(cause, "\n")
		text += " (" + first + ")"
	}
	return fail("docker", text, remedy)
}

func (m *Machine) compose(ctx context.Context) Line {
	const check = "compose"
	s := say(m.Lang)
	needed := strings.ReplaceAll(strings.Trim(fmt.Sprint(composeNeeded), "[]"), " ", ".")
	out, _, err := m.Run(ctx, "docker", "compose", "version", "--short")
	v := version(out)
	remedy := s.text("instale docker-compose-plugin %s ou mais novo (https://docs.docker.com/compose/install), ou atualize o Docker Desktop",
		"install docker-compose-plugin %s or newer (https://docs.docker.com/compose/install), or update Docker Desktop", needed)
	if err != nil || v == nil {
		return fail(check, s.text("não há «docker compose»", "no «docker compose»"), remedy)
	}
	if slices.Compare(v, composeNeeded) < 0 {
		return fail(check, s.text("Compose %s é antigo demais", "Compose %s is too old", strings.TrimSpace(out)), remedy)
	}
	return s.ok(check, "Compose %s", "Compose %s", strings.TrimPrefix(strings.TrimSpace(out), "v"))
}

func (m *Machine) memory(bytes int64) Line {
	const check = "memory"
	s := say(m.Lang)
	text := s.text("%s para o Docker", "%s for Docker", s.gigabytes(uint64(bytes)))
	remedy := s.text("no Docker Desktop: Settings > Resources > Memory, 4 GB", "in Docker Desktop: Settings > Resources > Memory, 4 GB")
	single := s.text("; aqui cabe um broker só: docker compose -f compose/single-broker.yaml up -d",
		"; one broker fits here: docker compose -f compose/single-broker.yaml up -d")
	switch {
	case bytes >= wholeStack:
		return Line{Check: check, Level: OK, Text: text}
	case bytes >= oneBroker:
		return warn(check, text, remedy+single)
	}
	return fail(check, text, remedy)
}

func (s say) gigabytes(bytes uint64) string {
	text := fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
	return service.Pick(service.Lang(s), strings.Replace(text, ".", ",", 1), text)
}

// images looks for the images of the stack: thirty laptops that pull them at the same time take the hour.
func (m *Machine) images(e engine) func(context.Context) []Line {
	return func(ctx context.Context) []Line {
		const check = "images"
		s := say(m.Lang)
		if !e.answers {
			return nil
		}
		if _, err := os.Stat(filepath.Join(m.Dir, "compose.yaml")); err != nil {
			return []Line{warn(check,
				s.text("não há compose.yaml nesta pasta: as imagens não foram verificadas",
					"no compose.yaml in this folder: the images were not looked for"),
				s.text("execute «workshop doctor» na pasta do repositório", "run «workshop doctor» in the repository's folder"))}
		}
		wanted, errOut, err := m.Run(ctx, "docker", "compose", "config", "--images")
		present, _, err2 := m.Run(ctx, "docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
		if err != nil || err2 != nil {
			return []Line{fail(check,
				s.text("«docker compose config» falhou: %s",
					"«docker compose config» failed: %s", errOut),
				s.text("veja .env e compose.override.yaml",
					"look into .env and compose.override.yaml"))}
		}
		names := strings.Fields(wanted)
		slices.Sort(names)
		names = slices.Compact(names)
		here := strings.Fields(present)
		missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(here, name) })
		if len(missing) > 0 {
			return []Line{warn(check,
				s.text("imagens que faltam, %d de %d: %s",
					"missing images, %d of %d: %s", len(missing), len(names), strings.Join(missing, " ")),
				s.text("antes da aula: docker compose pull --ignore-buildable && docker compose build",
					"before the class: docker compose pull --ignore-buildable && docker compose build"))}
		}
		return []Line{s.ok(check, "as %d imagens estão aqui", "all %d images are here", len(names))}
	}
}

func goArch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	}
	return machine
}

func (m *Machine) arch(e engine) Line {
	const check = "architecture"
	s := say(m.Lang)
	switch {
	case m.Arch != "amd64" && m.Arch != "arm64":
		return warn(check,
			s.text("%s: as imagens só existem para amd64 e arm64",
				"%s: the images exist for amd64 and arm64 only", m.Arch),
			s.text("use «make demo», que só precisa de Go",
				"use «make demo», which needs only Go"))
	case e.answers && e.arch != m.Arch:
		return warn(check,
			s.text("este programa é para %s, e o motor do Docker é %s",
				"this program is for %s, and Docker's engine is %s", m.Arch, e.arch),
			s.text("se os dois são desta máquina, instale o Go e o Docker do processador dela: emulados, são lentos",
				"if both are on this machine, install Go and Docker for its processor: emulated they are slow"))
	}
	return s.ok(check, "%s", "%s", m.Arch)
}
