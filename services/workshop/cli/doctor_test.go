package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"workshop.example/workshop/doctor"
	"workshop.example/workshop/standin"
)

func TestDoctorDialsBrokers(t *testing.T) {
	c := startBrokers(t)
	code, stdout, stderr := command(t.Context(), "127.0.0.1:1", "doctor", "--bootstrap-servers", c.Bootstrap())
	if code != 0 || stderr.String() != "" {
		t.Errorf("exit code %d, want 0; standard error:\n%s", code, stderr)
	}
	stdout.Contains(t, "ok: 4 · warnings: 0 · failures: 0\n")

	code, stdout, stderr = command(t.Context(), c.Bootstrap(), "doctor", "--brokers", "127.0.0.1:1", "-o", "json")
	var lines []doctor.Line
	if err := json.Unmarshal([]byte(stdout.String()), &lines); err != nil || code != 1 {
		t.Fatalf("exit code %d, want 1, and JSON: %v\n%s", code, err, stdout)
	}
	if len(lines) != 1 || lines[0].Level != doctor.Failure || !strings.Contains(lines[0].Text, "127.0.0.1:1: the port is closed") {
		t.Errorf("got %v", lines)
	}
	stderr.Contains(t, "workshop: doctor: failures: 1")
}

func TestDoctorLooksAtThisMachine(t *testing.T) {
	code, stdout, stderr := command(t.Context(), "", "doctor") // what it finds is this machine's business
	if code != 0 && code != 1 {
		t.Errorf("exit code %d:\n%s", code, stderr)
	}
	for _, check := range []string{"docker ", "disk ", "ports ", "go ", "make ", "java ", "architecture "} {
		stdout.Contains(t, check)
	}
}

func TestDoctorWrongUse(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"doctor now", `unknown command "now"`},
		{"doctor -o xml", "accepted: table, json"},
		{"doctor --bootstrap-servers nowhere", "--bootstrap-servers: \"nowhere\" is not host:port"},
		{"doctor --bootstrap-servers=", "--bootstrap-servers is empty"},
	} {
		code, stdout, stderr := command(t.Context(), "", strings.Fields(c.args)...)
		if code != 2 || stdout.String() != "" {
			t.Errorf("%s: exit code %d, want 2; standard output:\n%s", c.args, code, stdout)
		}
		stderr.Contains(t, c.want)
	}
	tool := &tool{stdout: &standin.Output{}, stderr: &standin.Output{}, environ: []string{"WORKSHOP_LANG=fr"}, kill: t.Context()}
	if code := tool.run(t.Context(), []string{"doctor"}); code != 2 {
		t.Errorf("WORKSHOP_LANG=fr: exit code %d, want 2", code)
	}
}
