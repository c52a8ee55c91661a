package doctor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"workshop.example/kit/embedded"
	"workshop.example/kit/service"
)

// Machine is this machine as the doctor sees it; a test makes up its own.
type Machine struct {
	Lang   service.Lang
	Dir    string                                    // where compose.yaml and .env are
	Lookup func(name string) (value string, ok bool) // the environment
	// Run runs a program in Dir; its error is exec.ErrNotFound where there is none of that name.
	Run    func(ctx context.Context, name string, args ...string) (stdout, stderr string, err error)
	Free   func(folder string) (bytes uint64, err error) // space that is left on its disk
	Taken  func(port int) bool                           // does somebody listen there?
	Holder func(ctx context.Context, port int) process   // who, as far as the system tells
	Now    func() time.Time
	// Committed is when the code of this program was written; zero where that is not known.
	Committed time.Time
	Arch      string // as GOARCH
}

// This is the machine that the program runs on.
func This(lang service.Lang, lookup func(string) (string, bool)) *Machine {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	m := &Machine{
		Lang:      lang,
		Dir:       dir,
		Lookup:    lookup,
		Free:      free,
		Taken:     embedded.PortTaken,
		Now:       time.Now,
		Committed: committed(),
		Arch:      runtime.GOARCH,
	}
	m.Run = m.run
	m.Holder = m.holder
	return m
}

// answerTime is for one command: Docker Desktop takes seconds while it wakes up, and never answers when it hangs.
const answerTime = 15 * time.Second

func (m *Machine) run(ctx context.Context, name string, args ...string) (string, string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = m.Dir
	cmd.WaitDelay = time.Second // a child of its own may hold the pipes
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return stdout.String(), strings.TrimSpace(stderr.String()), err
}

// Examine looks at everything that the workshop may need here, in about a second.
func (m *Machine) Examine(ctx context.Context) []Line {
	engine := m.engine(ctx)
	lines := inOrder(ctx,
		func(context.Context) []Line { return append(engine.lines, m.clock(engine)) },
		m.disk(engine),
		m.images(engine),
		m.ports,
		m.golang,
		m.maker,
		m.java,
		func(context.Context) []Line { return []Line{m.arch(engine)} },
	)
	return append(lines, m.way(lines)...)
}

// way is a last word where there is no way at all to run a cluster.
func (m *Machine) way(lines []Line) []Line {
	for _, l := range lines {
		if l.Level != Warning && (l.Check == "docker" || l.Check == "go" || l.Check == "kafka") {
			return nil // there, or with a failure of its own
		}
	}
	s := say(m.Lang)
	return []Line{fail("cluster",
		s.text("não há com que executar um cluster: nem Docker, nem Go, nem Java com Kafka",
			"nothing to run a cluster with: no Docker, no Go, no Java with Kafka"),
		s.text("instale um deles: o Docker (https://docs.docker.com/get-docker) traz tudo",
			"install one of them: Docker (https://docs.docker.com/get-docker) brings everything"))}
}

var numbers = regexp.MustCompile(`\d+(\.\d+)*`)

// version is the first number with dots in a text, cut into its parts; nil where there is none.
func version(text string) (parts []int) {
	for part := range strings.SplitSeq(numbers.FindString(text), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		parts = append(parts, n)
	}
	return parts
}

func (m *Machine) golang(ctx context.Context) []Line {
	const check = "go"
	s := say(m.Lang)
	remedy := s.text("só para quem quer «make demo» ou ler e mudar o código: https://go.dev/dl, 1.26 ou mais novo",
		"only for «make demo», or to read and change the code: https://go.dev/dl, 1.26 or newer")
	out, _, err := m.Run(ctx, "go", "version") // go version go1.26.1 linux/amd64
	v := version(strings.TrimPrefix(out, "go version "))
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return []Line{warn(check, s.text("não há Go", "no Go"), remedy)}
	case err != nil || len(v) < 2:
		return []Line{fail(check, s.text("«go version» falhou", "«go version» failed"), remedy)}
	case v[0] == 1 && v[1] < 21:
		return []Line{warn(check, s.text("Go 1.%d é antigo demais", "Go 1.%d is too old", v[1]), remedy)}
	case v[0] == 1 && v[1] < 26:
		return []Line{warn(check,
			s.text("Go 1.%d: na primeira vez ele baixa o 1.26 sozinho",
				"Go 1.%d: the first time it downloads 1.26 by itself", v[1]),
			s.text("compile uma vez antes da aula, com rede: go build -o bin/ work",
				"compile once before the class, with a network: go build -o bin/ work"))}
	}
	return []Line{s.ok(check, "Go %s", "Go %s", numbers.FindString(strings.TrimPrefix(out, "go version ")))}
}

func (m *Machine) maker(ctx context.Context) []Line {
	s := say(m.Lang)
	if _, _, err := m.Run(ctx, "make", "--version"); err != nil {
		return []Line{warn("make",
			s.text("não há make",
				"no make"),
			s.text("não é preciso: o README traz os comandos sem ele",
				"it can be done without: the README has the commands"))}
	}
	return []Line{s.ok("make", "há make", "make is there")}
}

// javaLine is the one with the version: openjdk version "17.0.15" 2025-04-15. What the environment adds stands
// before it (Picked up JAVA_TOOL_OPTIONS: ...), and so do warnings of the JVM, both with numbers of their own.
var javaLine = regexp.MustCompile(`(?m)^\w+ version "([^"]+)"`)

// javaVersion finds the version in what java -version prints; "" where there is none.
func javaVersion(output string) string {
	if m := javaLine.FindStringSubmatch(output); m != nil {
		return m[1]
	}
	return ""
}

// java looks for Java and, where it is there, for a Kafka to run with it.
func (m *Machine) java(ctx context.Context) []Line {
	s := say(m.Lang)
	program := "java"
	home, _ := m.Lookup("JAVA_HOME")
	if home != "" {
		program = filepath.Join(home, "bin", "java")
	}
	remedy := s.text("só para «make kafka-up» (brokers de verdade sem Docker): um JDK 17 ou mais novo, ou JAVA_HOME",
		"only for «make kafka-up» (real brokers without Docker): a JDK 17 or newer, or JAVA_HOME")
	out, errOut, err := m.Run(ctx, program, "-version") // on standard error
	number := javaVersion(errOut + "\n" + out)
	v := version(number)
	if err != nil || len(v) == 0 {
		text := s.text("não há Java", "no Java")
		if home != "" {
			text = s.text("não há Java em JAVA_HOME=%s", "no Java in JAVA_HOME=%s", home)
		}
		return []Line{warn("java", text, remedy)}
	}
	if v[0] < 17 {
		return []Line{warn("java", s.text("Java %s é antigo demais", "Java %s is too old", number), remedy)}
	}
	return []Line{s.ok("java", "Java %s", "Java %s", number), m.kafka(ctx)}
}

func (m *Machine) kafka(ctx context.Context) Line {
	const check = "kafka"
	s := say(m.Lang)
	unpack := s.text("só para «make kafka-up»: descompacte o Kafka 3.9 (https://kafka.apache.org/downloads) e aponte KAFKA_HOME para ele, "+
		"ou instale o Maven",
		"only for «make kafka-up»: unpack Kafka 3.9 (https://kafka.apache.org/downloads) and point KAFKA_HOME to it, or install Maven")
	if home, _ := m.Lookup("KAFKA_HOME"); home != "" {
		if kraft, _ := m.Lookup("KRAFT"); kraft == "1" {
			if jars, _ := filepath.Glob(filepath.Join(home, "libs", "kafka-raft-*.jar")); len(jars) == 0 {
				return fail(check, s.text("KAFKA_HOME=%s não tem libs/kafka-raft-*.jar", "KAFKA_HOME=%s has no libs/kafka-raft-*.jar", home),
					s.text("aponte para um Kafka 4 ou 3.9", "point it to a Kafka 4 or 3.9"))
			}
			return s.ok(check, "KAFKA_HOME=%s, sem ZooKeeper", "KAFKA_HOME=%s, without ZooKeeper", home)
		}
		if _, err := os.Stat(filepath.Join(home, "bin", "zookeeper-server-start.sh")); err != nil {
			return fail(check,
				s.text("KAFKA_HOME=%s não tem bin/zookeeper-server-start.sh",
					"KAFKA_HOME=%s has no bin/zookeeper-server-start.sh", home),
				s.text("aponte para um Kafka 3.9, ou suba brokers sem ZooKeeper, que o 4 não tem: KRAFT=1",
					"point it to a Kafka 3.9, or have brokers without ZooKeeper, which 4 has not: KRAFT=1"))
		}
		return s.ok(check, "KAFKA_HOME=%s", "KAFKA_HOME=%s", home)
	}
	if _, _, err := m.Run(ctx, "mvn", "--version"); err != nil {
		return warn(check, s.text("nem KAFKA_HOME nem Maven", "neither KAFKA_HOME nor Maven"), unpack)
	}
	return s.ok(check, "o Maven busca o Kafka na primeira vez (scripts/fetch-kafka o busca já)",
		"Maven fetches Kafka the first time (scripts/fetch-kafka fetches it now)")
}
