package doctor

import (
	"runtime/debug"
	"time"
)

const (
	clockTolerance = 2 * time.Second
	// commitTolerance is for the clock of who wrote the code.
	commitTolerance = 24 * time.Hour
)

// clock holds this machine's clock against what is certain: it cannot be earlier than the code of this program,
// and Docker's has to be the same (in the virtual machine of a Docker Desktop it falls behind while the laptop
// sleeps: messages then carry times of the past). Brokers do not tell their time, and a time server would be a
// question to strangers: so the line shows the time, for the person in front of it to compare.
func (m *Machine) clock(e engine) Line {
	const check = "clock"
	s := say(m.Lang)
	now := m.Now()
	shown := now.Format("2006-01-02 15:04 -07:00")
	switch {
	case now.Before(m.Committed.Add(-commitTolerance)):
		return fail(check,
			s.text("o relógio desta máquina está em %s, e este programa é de %s", "this machine's clock is at %s, and this program of %s", shown,
				m.Committed.Format("2006-01-02")),
			s.text("acerte-o: com a hora errada não há download (certificados parecem inválidos), e as mensagens levam datas do passado",
				"set it: with a wrong time nothing downloads (certificates seem invalid), and messages carry dates of the past"))
	case e.off != nil && e.off.Abs() > clockTolerance:
		return warn(check,
			s.text("o relógio do Docker difere do desta máquina em %s", "Docker's clock differs from this machine's by %s",
				e.off.Round(time.Second)),
			s.text("reinicie o Docker Desktop", "restart Docker Desktop"))
	case e.off != nil:
		return s.ok(check, "%s, e o do Docker também", "%s, and Docker's too", shown)
	}
	return s.ok(check, "%s (confira)", "%s (compare)", shown)
}

// between is how far a time that was read at some moment between two others is outside of them.
func between(read, asked, answered time.Time) time.Duration {
	switch {
	case read.Before(asked):
		return read.Sub(asked)
	case read.After(answered):
		return read.Sub(answered)
	}
	return 0
}

// committed is the time of the commit that this program was built from; zero where the build does not know it.
func committed() time.Time {
	info, _ := debug.ReadBuildInfo()
	for i := 0; info != nil && i < len(info.Settings); i++ {
		if info.Settings[i].Key == "vcs.time" {
			t, _ := time.Parse(time.RFC3339, info.Settings[i].Value)
			return t
		}
	}
	return time.Time{}
}
