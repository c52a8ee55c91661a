package doctor

import (
	"context"
	"os"
)

const (
	comfortable = 5_000_000_000 // 3 GB of images, what building them takes, and messages
	tooLittle   = 1_000_000_000
)

// disk looks at the space for messages and images: here, and in the engine's folder where it is on this
// machine. A Docker Desktop keeps its data on a disk of its own, whose space only its settings show.
func (m *Machine) disk(e engine) func(context.Context) []Line {
	return func(context.Context) []Line {
		folders := []string{m.Dir}
		if _, err := os.Stat(e.root); e.root != "" && err == nil {
			folders = append(folders, e.root)
		}
		var lines []Line
		for _, folder := range folders {
			bytes, err := m.Free(folder)
			if err != nil {
				continue // what cannot be known is no finding
			}
			lines = append(lines, m.space(folder, bytes))
		}
		return lines
	}
}

func (m *Machine) space(folder string, bytes uint64) Line {
	const check = "disk"
	s := say(m.Lang)
	text := s.text("%s livres em %s", "%s free in %s", s.gigabytes(bytes), folder)
	remedy := s.text("libere espaço; o do Docker: docker system prune", "make room; Docker's own: docker system prune")
	switch {
	case bytes >= comfortable:
		return Line{Check: check, Level: OK, Text: text}
	case bytes >= tooLittle:
		return warn(check, text, remedy)
	}
	return fail(check, text, remedy)
}
