//go:build docker

package acceptance

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkaenv"
	kitservice "workshop.example/kit/service"
)

// secureStack is a stack with compose/secure.yaml, beside the one without: with names and ports of its own.
type secureStack struct {
	t       *testing.T
	project string // also the beginning of its containers' names, with a dash
	vars    []string
	dir     string // for what it hands out
}

const secureBrokers = "localhost:9291,localhost:9292,localhost:9293"

// The two clusters that compose/secure.yaml goes over.
const (
	withZooKeeper    = "with ZooKeeper"
	withoutZooKeeper = "without ZooKeeper"
)

func startSecureStack(t *testing.T, kind string) *secureStack {
	t.Helper()
	s := &secureStack{t: t, project: "secure", dir: t.TempDir()}
	// The scoreboard with the strictest guarantee, and goals without a pause.
	override := filepath.Join(s.dir, "override.yaml")
	text := "services:\n  scoreboard: {environment: {DELIVERY: exactly-once}}\n" +
		"  score-simulator: {environment: {MATCH_PAUSE: 100ms, PACE: 50ms}}\n"
	if err := os.WriteFile(override, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	files, nodes := cmp.Or(os.Getenv("COMPOSE_FILE"), "compose.yaml")+":compose/secure.yaml:", cluster // the lane sets it
	if kind == withoutZooKeeper {
		files, nodes = kraftFiles()+":compose/secure.yaml:compose/secure-kraft.yaml:", cluster[1:]
	}
	s.vars = []string{
		"COMPOSE_FILE=" + files + override, "COMPOSE_PROJECT_NAME=" + s.project, "CONTAINER_PREFIX=" + s.project + "-",
		"BROKER_1_PORT=9291", "BROKER_2_PORT=9292", "BROKER_3_PORT=9293", "MONITOR_PORT=8288", "PRODUCER_PACE=50ms",
	}
	s.compose("--profile", "*", "down", "-v")
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.compose("logs", "--tail", "15"))
		}
		s.compose("--profile", "*", "down", "-v")
	})
	began := time.Now()
	s.compose(slices.Concat([]string{"up", "-d", "--wait"}, nodes, programs)...)
	t.Logf("all healthy after %s", time.Since(began).Round(100*time.Millisecond))
	for _, user := range []string{"teacher", "student", "producer", "consumer"} {
		s.compose("cp", "users:/secrets/"+user+"/client.properties", s.properties(user))
	}
	return s
}

func (s *secureStack) compose(args ...string) string {
	s.t.Helper()
	return dockerWith(s.t, s.vars, append([]string{"compose"}, args...)...)
}

func (s *secureStack) properties(user string) string { return filepath.Join(s.dir, user+".properties") }

// as runs the tool on this machine with a user's file; "" is nobody's. It returns the exit code, the output, and how long it took.
func (s *secureStack) as(user string, args ...string) (code int, out string, took time.Duration) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), args...)
	cmd.Env = append(os.Environ(), "BOOTSTRAP_SERVERS="+secureBrokers, "KAFKA_CLIENT_CONFIG=", "WORKSHOP_LANG=en")
	if user != "" {
		cmd.Env = append(cmd.Env, "KAFKA_CLIENT_CONFIG="+s.properties(user))
	}
	cmd.Stdin = strings.NewReader("a line\n")
	began := time.Now()
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text), time.Since(began)
}

// cluster is the stack as the teacher sees it.
func (s *secureStack) cluster() kafka.Cluster {
	env := kitservice.NewEnv(func(name string) (string, bool) {
		if name != "KAFKA_CLIENT_CONFIG" {
			return "", false
		}
		return s.properties("teacher"), true
	})
	cluster := kafkaenv.Cluster(env)
	if err := env.Err(); err != nil {
		s.t.Fatal(err)
	}
	return cluster
}

// What a class does with TLS, logins and rights, and what goes wrong. In CI one of the two clusters has its turn.
func TestSecureStack(t *testing.T) {
	for _, kind := range rotated(t, "clusters with logins", 1, []string{withZooKeeper, withoutZooKeeper}) {
		t.Run(kind, func(t *testing.T) { secureSteps(t, startSecureStack(t, kind)) })
	}
}

func secureSteps(t *testing.T, s *secureStack) {
	for _, step := range []struct {
		name string
		test func(*testing.T, *secureStack)
	}{
		{"messages flow", messagesFlow},
		{"who may not is told", whoMayNotIsTold},
		{"a program reads no other's password", noOthersPassword},
		{"certificates are rotated", certificatesAreRotated},
		{"exactly once, killed", exactlyOnceKilled},
		{"users come and go", usersComeAndGo},
		{"the workloads of Kubernetes", kubernetesWorkloads},
	} {
		t.Run(step.name, func(t *testing.T) {
			s.t = t
			step.test(t, s)
		})
		s.t = t
	}
}

func messagesFlow(t *testing.T, s *secureStack) {
	awaitLog(t, "secure-consumer", `{"id_sequencia":1,`)
	awaitLog(t, "secure-scoreboard", "TeamA      TeamB")
	awaitLog(t, "secure-monitor", "partições observadas: 0, 1, 2")
	if code, out, _ := s.as("teacher", "groups", "describe", "--all-groups"); code != 0 || !strings.Contains(out, "cg-group-id") ||
		!strings.Contains(out, "group1") {
		t.Errorf("groups: exit code %d\n%s", code, out)
	}
}

func whoMayNotIsTold(t *testing.T, s *secureStack) {
	text, err := os.ReadFile(s.properties("student"))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), `password="`)
	_, after, ok := strings.Cut(rest, `"`)
	if err := os.WriteFile(s.properties("wrong"), []byte(before+`password="wrong-password"`+after), 0o600); err != nil || !ok {
		t.Fatal(err)
	}
	_, _, usual := s.as("student", "cluster")
	// Five seconds, where a call that works takes half a second. A machine that has other things to do, too, gets more.
	limit := time.Duration(float64(5*time.Second) * max(1, usual.Seconds()/0.5))
	for _, c := range []struct {
		user string
		args []string
		told string // empty: it works
	}{
		{"", []string{"cluster"}, "the port speaks TLS"},
		{"wrong", []string{"cluster"}, "login refused"},
		{"student", []string{"cluster"}, ""},
		{"student", []string{"produce", "transactions"}, ""},
		{"student", []string{"produce", "scoreGame"}, "no permission for WRITE on topic scoreGame"},
		{"student", []string{"topics", "delete", "transactions"}, "no permission for DELETE on topic transactions"},
		{"student", []string{"topics", "create", "student-ana", "--partitions", "1", "--replication-factor", "3"}, ""},
		{"student", []string{"consume", "transactions", "--group", "cg-group-id", "--max", "1"}, "no permission on group cg-group-id"},
		{"student", []string{"consume", "transactions", "--group", "student-ana", "--from-beginning", "--max", "1"}, ""},
		{"producer", []string{"produce", "transactions"}, ""},
		{"producer", []string{"produce", "scoreGame"}, "no permission for DESCRIBE on topic scoreGame"},
		{"producer", []string{"consume", "transactions", "--from-beginning", "--max", "1"}, "no permission for READ on topic transactions"},
		{"consumer", []string{"consume", "transactions", "--from-beginning", "--max", "1"}, ""},
		{"consumer", []string{"consume", "scoreGame", "--from-beginning", "--max", "1"}, "no permission for DESCRIBE on topic scoreGame"},
		{"consumer", []string{"produce", "transactions"}, "no permission for WRITE on topic transactions"},
	} {
		code, out, took := s.as(c.user, c.args...)
		for try := 0; c.told == "" && code != 0 && try < 2; try++ { // a broker that is busy answers late
			code, out, took = s.as(c.user, c.args...)
		}
		switch {
		case c.told == "" && code != 0, c.told != "" && (code != 1 || !strings.Contains(out, c.told)):
			t.Errorf("%s, %v: exit code %d, want it told: %q\n%s", c.user, c.args, code, c.told, out)
		case took > limit && c.told != "":
			t.Errorf("%s, %v: it took %s, want %s at most", c.user, c.args, took, limit)
		}
		if strings.Contains(out, "wrong-password") {
			t.Errorf("%v: the password is shown", c.args)
		}
	}
	for user, told := range map[string]string{"student": "Group student-* (All)", "consumer": "only who has Describe on the cluster"} {
		if _, out, _ := s.as(user, "doctor", "--bootstrap-servers", secureBrokers); !strings.Contains(out, told) {
			t.Errorf("the doctor does not tell %s of %q:\n%s", user, told, out)
		}
	}
	// The listener that needs no login, from inside the broker's network: it shows no topic. Without ZooKeeper it names addresses
	// besides at which nobody listens.
	image := strings.TrimSpace(docker(t, "inspect", "-f", "{{.Config.Image}}", "secure-users-1"))
	list, err := exec.Command("docker", "run", "--rm", "-e", "WORKSHOP_LANG=en", "--network", "container:secure-broker-1", image,
		"topics", "list", "--bootstrap-servers", "127.0.0.1:18091").CombinedOutput()
	out := string(list)
	if strings.Contains(out, "transactions") || !strings.Contains(out, "TOPIC") && !strings.Contains(out, "a broker answered") {
		t.Errorf("without a login: %v\n%s", err, out)
	}
}

// A password that has leaked is replaced, and who is no longer in the table has no login.
func usersComeAndGo(t *testing.T, s *secureStack) {
	apply := func(args ...string) string {
		return s.compose(slices.Concat([]string{"run", "--rm", "-T", "-e", "WORKSHOP_LANG=en"}, args)...)
	}
	refused := func(why string) {
		t.Helper()
		if code, out, _ := s.as("student", "cluster"); code != 1 || !strings.Contains(out, "login refused") {
			t.Errorf("%s: exit code %d\n%s", why, code, out)
		}
	}
	apply("users", "users", "apply", "--users=/users.toml", "--dir=/secrets", "--new-password", "student")
	refused("with the old password")
	s.compose("cp", "users:/secrets/student/client.properties", s.properties("student"))
	if code, out, _ := s.as("student", "cluster"); code != 0 {
		t.Errorf("with the new password: exit code %d\n%s", code, out)
	}

	table, err := os.ReadFile("../../../compose/users.toml")
	if err != nil {
		t.Fatal(err)
	}
	fewer := filepath.Join(s.dir, "users.toml")
	others := regexp.MustCompile(`(?ms)^\[student\]$.*?^\[topics\]$`).ReplaceAll(table, []byte("[topics]"))
	if err := os.WriteFile(fewer, others, 0o644); err != nil || len(others) == len(table) {
		t.Fatal(err)
	}
	without := []string{"--volume", fewer + ":/fewer.toml:ro", "users", "users", "apply", "--users=/fewer.toml", "--dir=/secrets"}
	apply(without...)
	if code, out, _ := s.as("student", "cluster"); code != 0 {
		t.Errorf("without --prune a login stays: exit code %d\n%s", code, out)
	}
	if out := apply(append(without, "--prune")...); !strings.Contains(out, "student: taken away") {
		t.Errorf("--prune:\n%s", out)
	}
	refused("after --prune")
	if code, out, _ := s.as("teacher", "cluster"); code != 0 {
		t.Errorf("the others: exit code %d\n%s", code, out)
	}
}

// All programs are one user in their containers, and share a volume: the groups keep them apart.
func noOthersPassword(t *testing.T, s *secureStack) {
	image := strings.TrimSpace(docker(t, "inspect", "-f", "{{.Config.Image}}", "secure-broker-1"))
	read := func(group, file string) (string, error) {
		out, err := exec.Command("docker", "run", "--rm", "--user", "65532", "--group-add", group, "--volume", "secure_secrets:/secrets:ro",
			"--entrypoint", "cat", image, "/secrets/"+file).CombinedOutput()
		return string(out), err
	}
	if out, err := read("20010", "producer/password"); err != nil {
		t.Errorf("the control: the producer does not read its own password: %v %s", err, out)
	}
	for _, file := range []string{"consumer/password", "teacher/client.properties", "admin/keystore.pem", "broker-1/keystore.pem"} {
		if out, err := read("20010", file); err == nil || !strings.Contains(out, "Permission denied") {
			t.Errorf("the producer's group reads %s: %v", file, err)
		}
	}
	if out, err := read("20010", "authority/key.pem"); err == nil {
		t.Errorf("the authority's key is in the volume of all: %s", out)
	}
}
