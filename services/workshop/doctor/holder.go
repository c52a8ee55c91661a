package doctor

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// process is who listens on a port; the zero value where the system does not tell, which it may keep
// for processes of the same user.
type process struct {
	pid     int
	name    string
	command string // with its arguments, where known
}

func (m *Machine) holder(ctx context.Context, port int) process {
	if inode := listening(port); inode != "" {
		if p := owner(inode); p.pid != 0 {
			return p
		}
	}
	if runtime.GOOS == "windows" {
		return m.holderByNetstat(ctx, port)
	}
	return m.holderByLsof(ctx, port)
}

// listening is the socket that listens on the port, on Linux: its inode, as /proc names it.
func listening(port int) string {
	const listen = "0A"
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(file) // not there on other systems
		for line := range strings.Lines(string(text)) {
			// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == listen && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
				return f[9]
			}
		}
	}
	return ""
}

// owner looks for the process that has the socket open.
func owner(inode string) process {
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, fd := range fds {
		if target, _ := os.Readlink(fd); target != "socket:["+inode+"]" {
			continue
		}
		dir := filepath.Dir(filepath.Dir(fd))
		pid, _ := strconv.Atoi(filepath.Base(dir))
		name, _ := os.ReadFile(filepath.Join(dir, "comm"))
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		return process{pid, strings.TrimSpace(string(name)), strings.ReplaceAll(string(command), "\x00", " ")}
	}
	return process{}
}

func (m *Machine) holderByLsof(ctx context.Context, port int) (p process) {
	out, _, _ := m.Run(ctx, "lsof", "-nP", fmt.Sprintf("-iTCP:%d", port), "-sTCP:LISTEN", "-Fpc")
	for line := range strings.Lines(out) { // p1234, then ccom.docker.backend
		switch value := strings.TrimSpace(line[1:]); line[0] {
		case 'p':
			p.pid, _ = strconv.Atoi(value)
		case 'c':
			p.name = value
		}
	}
	if p.pid != 0 {
		p.command, _, _ = m.Run(ctx, "ps", "-ww", "-o", "command=", "-p", strconv.Itoa(p.pid))
	}
	return p
}

func (m *Machine) holderByNetstat(ctx context.Context, port int) process {
	out, _, _ := m.Run(ctx, "netstat", "-ano", "-p", "TCP")
	for line := range strings.Lines(out) { // TCP 127.0.0.1:9092 0.0.0.0:0 LISTENING 1234, its words in the system's language
		f := strings.Fields(line)
		if len(f) != 5 || !strings.HasSuffix(f[1], fmt.Sprintf(":%d", port)) || !strings.HasSuffix(f[2], ":0") {
			continue
		}
		pid, _ := strconv.Atoi(f[4])
		list, _, _ := m.Run(ctx, "tasklist", "/FI", "PID eq "+f[4], "/FO", "CSV", "/NH")
		name := f[4]
		if record, err := csv.NewReader(strings.NewReader(list)).Read(); err == nil {
			name = record[0]
		}
		return process{pid: pid, name: name}
	}
	return process{}
}
