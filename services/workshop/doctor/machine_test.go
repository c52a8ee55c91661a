package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/service"
)

// output is what a program prints, and how it ends.
type output struct {
	stdout, stderr string
	err            error
}

var errExit = errors.New("exit status 1")

// machine is one on which all is well, with the outputs in other in the place of its own; a program
// without an output is not installed.
func machine(t testing.TB, other map[string]output) *Machine {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"compose.yaml": "", ".env": "# a comment\nBROKER_1_PORT=19091\nCOMPOSE_PROJECT_NAME=class-b\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	outputs := map[string]output{
		"docker info":    {stdout: info("28.1.0", 4_109_926_400, now)},
		"docker compose": {stdout: "v2.40.3\n"},
		"docker image":   {stdout: "confluentinc/cp-kafka:7.9.6\nkafka-workshop/producer:dev\n"},
		"docker config":  {stdout: "kafka-workshop/producer:dev\nconfluentinc/cp-kafka:7.9.6\nconfluentinc/cp-kafka:7.9.6\n"},
		"docker ps":      {},
		"go version":     {stdout: "go version go1.26.1 linux/amd64\n"},
		"make --version": {stdout: "GNU Make 4.3\n"},
		"java -version":  {stderr: `openjdk version "17.0.15" 2025-04-15`},
		"mvn --version":  {stdout: "Apache Maven 3.8.7"},
	}
	for name, out := range other {
		outputs[name] = out
	}
	return &Machine{
		Lang: service.English, Dir: dir, Arch: "amd64",
		Lookup: func(string) (string, bool) { return "", false },
		Free:   func(string) (uint64, error) { return 50e9, nil },
		Taken:  func(int) bool { return false },
		Holder: func(context.Context, int) process { return process{} },
		Now:    func() time.Time { return now },
		Run: func(_ context.Context, name string, args ...string) (string, string, error) {
			key := filepath.Base(name) + " " + args[0]
			if key == "docker compose" && args[1] == "config" {
				key = "docker config"
			}
			out, ok := outputs[key]
			if !ok {
				out.err = &exec.Error{Name: name, Err: exec.ErrNotFound}
			}
			return out.stdout, out.stderr, out.err
		},
	}
}

func info(version string, memory int64, now time.Time) string {
	return fmt.Sprintf(`{"ServerVersion":%q,"MemTotal":%d,"Architecture":"x86_64","DockerRootDir":"/nowhere","OperatingSystem":"Docker Desktop","SystemTime":%q}`,
		version, memory, now.Format(time.RFC3339Nano))
}

var missing = output{err: &exec.Error{Err: exec.ErrNotFound}}

func TestMachineThatIsReady(t *testing.T) {
	lines := machine(t, nil).Examine(t.Context())
	var checks []string
	for _, l := range lines {
		checks = append(checks, l.Check)
		want(t, l, OK)
	}
	const all = "docker compose memory clock disk images ports go make java kafka architecture"
	if got := strings.Join(checks, " "); got != all {
		t.Errorf("checks %q, want %q", got, all)
	}
	want(t, find(t, lines, "ports"), OK, "free: 19091, 9092, 9093, 9094, 8087, 8088, 8080") // the first one from .env
}

func TestMachineThatIsNot(t *testing.T) {
	eight := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		other map[string]output
		check string
		level Level
		texts []string
	}{
		{
			"no Docker",
			map[string]output{"docker info": missing, "docker ps": missing},
			"docker",
			Warning,
			[]string{"make demo", "docs.docker.com"},
		},
		{
			"the engine is down",
			map[string]output{"docker info": {`{"ServerErrors":["Cannot connect to the Docker daemon"]}`, "", errExit}},
			"docker",
			Failure,
			[]string{"start Docker Desktop"},
		},
		{
			"the engine is down, and says so otherwise",
			map[string]output{"docker info": {"", "Cannot connect to unix:///x.sock", errExit}},
			"docker",
			Failure,
			[]string{"(Cannot connect to unix:///x.sock)", "systemctl start docker"},
		},
		{
			"the engine is down, and Compose is there",
			map[string]output{"docker info": {"", "Cannot connect", errExit}},
			"compose",
			OK,
			[]string{"2.40.3"},
		},
		{
			"the engine is down, and the clock is shown",
			map[string]output{"docker info": {"", "Cannot connect", errExit}},
			"clock",
			OK,
			[]string{"2026-05-01 08:00 +00:00"},
		},
		{
			"not in the docker group",
			map[string]output{"docker info": {`{"ServerErrors":["permission denied while trying to connect"]}`, "", errExit}},
			"docker",
			Failure,
			[]string{"usermod -aG docker", "log out"},
		},
		{"the engine hangs", map[string]output{"docker info": {err: context.DeadlineExceeded}}, "docker", Failure, []string{"wait"}},
		{
			"no Compose",
			map[string]output{"docker compose": {"", "docker: 'compose' is not a docker command.", errExit}},
			"compose",
			Failure,
			[]string{"docker-compose-plugin 2.24.4"},
		},
		{"an old Compose", map[string]output{"docker compose": {stdout: "2.24.3\n"}}, "compose", Failure, []string{"2.24.3 is too old"}},
		{
			"little memory",
			map[string]output{"docker info": {stdout: info("28.1.0", 2_000_000_000, eight)}},
			"memory",
			Warning,
			[]string{"2.0 GB", "single-broker.yaml"},
		},
		{
			"too little memory",
			map[string]output{"docker info": {stdout: info("28.1.0", 1_000_000_000, eight)}},
			"memory",
			Failure,
			[]string{"Resources"},
		},
		{
			"a slow clock",
			map[string]output{"docker info": {stdout: info("28.1.0", 4e9, eight.Add(-time.Hour))}},
			"clock",
			Warning,
			[]string{"-1h0m0s", "restart Docker Desktop"},
		},
		{
			"a missing image",
			map[string]output{"docker image": {stdout: "kafka-workshop/producer:dev\n"}},
			"images",
			Warning,
			[]string{"1 of 2: confluentinc/cp-kafka:7.9.6", "docker compose pull"},
		},
		{
			"a compose file that does not load",
			map[string]output{"docker config": {"", "yaml: line 3", errExit}},
			"images",
			Failure,
			[]string{"yaml: line 3"},
		},
		{"no Go", map[string]output{"go version": missing}, "go", Warning, []string{"go.dev/dl"}},
		{
			"an old Go",
			map[string]output{"go version": {stdout: "go version go1.19.8 linux/amd64"}},
			"go",
			Warning,
			[]string{"Go 1.19 is too old"},
		},
		{
			"a Go that fetches the right one",
			map[string]output{"go version": {stdout: "go version go1.25 linux/amd64"}},
			"go",
			Warning,
			[]string{"downloads 1.26"},
		},
		{"no make", map[string]output{"make --version": missing}, "make", Warning, []string{"README"}},
		{"no Java", map[string]output{"java -version": missing}, "java", Warning, []string{"make kafka-up", "JDK 17"}},
		{
			"an old Java",
			map[string]output{"java -version": {stderr: `java version "1.8.0_402"`}},
			"java",
			Warning,
			[]string{"Java 1.8.0_402 is too old"},
		},
		{"no Kafka", map[string]output{"mvn --version": missing}, "kafka", Warning, []string{"KAFKA_HOME", "Maven"}},
		{
			"nothing at all",
			map[string]output{"docker info": missing, "docker ps": missing, "go version": missing, "java -version": missing},
			"cluster",
			Failure,
			[]string{"nothing to run a cluster with"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := machine(t, c.other).Examine(t.Context())
			want(t, find(t, lines, c.check), c.level, c.texts...)
			if engine := find(t, lines, "docker").Level; (Failures(lines) > 0) != (c.level == Failure || engine == Failure) {
				t.Errorf("%d failures: %v", Failures(lines), lines)
			}
		})
	}
}

func TestClockOfThePast(t *testing.T) {
	m := machine(t, nil)
	m.Committed = m.Now().Add(time.Hour) // by the clock of who wrote it
	want(t, m.clock(engine{}), OK)
	m.Committed = m.Now().AddDate(0, 0, 2)
	want(t, m.clock(engine{}), Failure, "is at 2026-05-01 08:00 +00:00, and this program of 2026-05-03", "certificates")
	second := time.Second
	m.Committed = time.Time{} // a build that does not know
	want(t, m.clock(engine{off: &second}), OK, "Docker's too")
}

// What java -version prints: real outputs, with what the environment and the JVM itself put around them.
func TestJavaVersions(t *testing.T) {
	const (
		debian17 = "openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6-Debian-1deb12u1)\nOpenJDK 64-Bit " +
			"Server VM (build 17.0.15+6-Debian-1deb12u1, mixed mode, sharing)"
		picked = "Picked up JAVA_TOOL_OPTIONS: -javaagent:/opt/jmx-1.8.0.jar -Dversion=8\n"
	)
	for _, c := range []struct {
		name, stderr string
		level        Level
		text         string
	}{
		{
			"OpenJDK 8",
			"openjdk version \"1.8.0_452\"\nOpenJDK Runtime Environment (build 1.8.0_452-b09)\nOpenJDK 64-Bit Server VM (build 25.452-b09, " +
				"mixed mode)",
			Warning,
			"Java 1.8.0_452 is too old",
		},
		{
			"Oracle 8",
			"java version \"1.8.0_402\"\nJava(TM) SE Runtime Environment (build 1.8.0_402-b08)\nJava HotSpot(TM) 64-Bit Server VM (build " +
				"25.402-b08, mixed mode)",
			Warning,
			"Java 1.8.0_402 is too old",
		},
		{
			"OpenJDK 11",
			"openjdk version \"11.0.27\" 2025-04-15\nOpenJDK Runtime Environment Temurin-11.0.27+6 (build 11.0.27+6)",
			Warning,
			"Java 11.0.27 is too old",
		},
		{"OpenJDK 17", debian17, OK, "Java 17.0.15"},
		{"Oracle 21", "java version \"21.0.7\" 2025-04-15 LTS\nJava(TM) SE Runtime Environment (build 21.0.7+8-LTS-245)", OK, "Java 21.0.7"},
		{"early access", "openjdk version \"25-ea\" 2025-09-16\nOpenJDK Runtime Environment (build 25-ea+1-1)", OK, "Java 25-ea"},
		{"JAVA_TOOL_OPTIONS", picked + debian17, OK, "Java 17.0.15"},
		{"_JAVA_OPTIONS", "Picked up _JAVA_OPTIONS: -Xmx1g\n" + debian17, OK, "Java 17.0.15"},
		{
			"an old one behind options with a high number",
			"Picked up JAVA_TOOL_OPTIONS: -Xmx17g\nopenjdk version \"1.8.0_452\"\n",
			Warning,
			"Java 1.8.0_452 is too old",
		},
		{
			"a warning of the JVM",
			"OpenJDK 64-Bit Server VM warning: Options -Xverify:none and -noverify were deprecated in JDK 13 and will likely be removed in a " +
				"future release.\n" + debian17,
			OK,
			"Java 17.0.15",
		},
		{"lines of Windows", strings.ReplaceAll(picked+debian17, "\n", "\r\n"), OK, "Java 17.0.15"},
		{
			"no Java behind the name (macOS)",
			"The operation couldn’t be completed. Unable to locate a Java Runtime.\nPlease visit http://www.java.com for information on " +
				"installing Java 8.",
			Warning,
			"no Java",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := machine(t, map[string]output{"java -version": {stderr: c.stderr}})
			want(t, find(t, m.java(t.Context()), "java"), c.level, c.text)
		})
	}
}

func TestJavaHomeWithoutJava(t *testing.T) {
	m := machine(t, map[string]output{"java -version": missing})
	m.Lookup = func(name string) (string, bool) { return "/opt/jre", name == "JAVA_HOME" }
	want(t, find(t, m.java(t.Context()), "java"), Warning, "no Java in JAVA_HOME=/opt/jre")
}

func TestPortsThatAreTaken(t *testing.T) {
	java := process{7, "java", "java -cp libs kafka.Kafka /home/ana/.kafka/broker-2.properties"}
	for _, c := range []struct {
		name   string
		ps     string
		port   int
		holder process
		level  Level
		texts  []string
	}{
		{
			"by this stack",
			"broker-2|class-b|127.0.0.1:9092->9092/tcp, 29092/tcp",
			9092,
			process{},
			OK,
			[]string{"9092: container broker-2 of this stack"},
		},
		{
			"by another stack",
			"x|class-a|0.0.0.0:9092->9092/tcp",
			9092,
			process{},
			Failure,
			[]string{"taken by container x", "docker compose -p class-a down", "BROKER_2_PORT"},
		},
		{"by a container of no project", "x||0.0.0.0:9092->9092/tcp", 9092, process{}, Failure, []string{"docker stop x"}},
		{
			"not by this container",
			"x||0.0.0.0:19092->9092/tcp",
			9092,
			process{9, "nginx", "nginx"},
			Failure,
			[]string{"taken by nginx (process 9)"},
		},
		{"by native brokers", "", 9092, java, OK, []string{"native broker"}},
		{"by the embedded cluster", "", 9092, process{8, "workshop", "bin/workshop up"}, OK, []string{"make demo"}},
		{"by nobody knows whom", "", 8087, process{}, Failure, []string{"does not say by whom", "KAFKA_UI_PORT"}},
		{"by the page of make ecommerce", "", 8080, process{8, "http-ecommerce", "bin/http-ecommerce"}, OK, []string{"make ecommerce"}},
		{"the page's, by another", "", 8080, process{9, "nginx", "nginx"}, Warning, []string{"HTTP_PORT"}},
		{"one that is not needed", "", 9094, process{9, "nginx", "nginx"}, Warning, []string{"BROKER_4_PORT"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := machine(t, map[string]output{"docker ps": {stdout: c.ps + "\n"}})
			m.Taken = func(port int) bool { return port == c.port }
			m.Holder = func(context.Context, int) process { return c.holder }
			lines := m.ports(t.Context())
			want(t, lines[len(lines)-1], c.level, c.texts...)
			if len(lines) != 2 {
				t.Errorf("%d lines, want the free ones and the taken one: %v", len(lines), lines)
			}
		})
	}
}

func TestDiskAndArchitecture(t *testing.T) {
	for free, level := range map[uint64]Level{50e9: OK, 3e9: Warning, 3e8: Failure} {
		m := machine(t, nil)
		m.Free = func(string) (uint64, error) { return free, nil }
		want(t, m.disk(engine{})(t.Context())[0], level, "GB free in "+m.Dir)
	}
	for lang, text := range map[service.Lang]string{service.Portuguese: "2,5 GB", service.English: "2.5 GB"} {
		if got := say(lang).gigabytes(2.5e9); got != text {
			t.Errorf("%v: %s, want %s", lang, got, text)
		}
	}
	for _, c := range []struct {
		own, engine string
		level       Level
	}{{"arm64", "arm64", OK}, {"amd64", "arm64", Warning}, {"386", "386", Warning}} {
		m := machine(t, nil)
		m.Arch = c.own
		want(t, m.arch(engine{answers: true, arch: c.engine}), c.level)
	}
}

func TestKafkaHome(t *testing.T) {
	m := machine(t, nil)
	home := t.TempDir()
	m.Lookup = func(name string) (string, bool) { return home, name == "KAFKA_HOME" }
	want(t, m.kafka(t.Context()), Failure, home, "3.9")
	os.MkdirAll(filepath.Join(home, "bin"), 0o755)
	os.WriteFile(filepath.Join(home, "bin", "zookeeper-server-start.sh"), nil, 0o755)
	want(t, m.kafka(t.Context()), OK, home)
	m.Lookup = func(name string) (string, bool) {
		value := map[string]string{"KAFKA_HOME": home, "KRAFT": "1"}[name]
		return value, value != ""
	}
	want(t, m.kafka(t.Context()), Failure, home, "kafka-raft")
	os.MkdirAll(filepath.Join(home, "libs"), 0o755)
	os.WriteFile(filepath.Join(home, "libs", "kafka-raft-4.0.0.jar"), nil, 0o644)
	want(t, m.kafka(t.Context()), OK, home)
}

// On the machine that this runs on: whoever listens is named, and there is space.
func TestThisMachine(t *testing.T) {
	m := This(service.English, os.LookupEnv)
	if bytes, err := m.Free(m.Dir); err != nil || bytes == 0 {
		t.Errorf("%d bytes are free, %v", bytes, err)
	}
	if runtime.GOOS != "linux" { // elsewhere a program of the system has to be asked
		return
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	port := ln.Addr().(*net.TCPAddr).Port
	if p := m.Holder(t.Context(), port); p.pid != os.Getpid() || !strings.Contains(p.command, os.Args[0]) {
		t.Errorf("port %d is held by %+v, want this process, %d", port, p, os.Getpid())
	}
	if p := m.holderByLsof(t.Context(), 1); p.pid != 0 {
		t.Errorf("port 1 is held by %+v", p)
	}
}

func TestPrint(t *testing.T) {
	lines := []Line{{Check: "docker", Level: OK, Text: "a"}, {"ports", Failure, "b", "c"}}
	var b strings.Builder
	if err := Print(&b, service.Portuguese, lines, 0); err != nil {
		t.Fatal(err)
	}
	if want := "ok     docker  a\nFALHA  ports   b\n               → c\nok: 1 · avisos: 0 · falhas: 1\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	b.Reset()
	long := []Line{{"ports", Failure, "porta 9091 em uso por outro programa", "pare esse programa, ou use outras portas"}}
	if err := Print(&b, service.Portuguese, long, 40); err != nil {
		t.Fatal(err)
	}
	if want := "FALHA  ports  porta 9091 em uso por\n              outro programa\n              → pare esse programa, ou\n" +
		"                use outras portas\nok: 0 · avisos: 0 · falhas: 1\n"; b.String() != want {
		t.Errorf("40 columns: %q, want %q", b.String(), want)
	}
	b.Reset()
	if err := PrintJSON(&b, service.Portuguese, lines, 40); err != nil {
		t.Fatal(err)
	}
	var got []Line
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil || len(got) != 2 || got[1] != lines[1] {
		t.Errorf("%v, %v", got, err)
	}
}
