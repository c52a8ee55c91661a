package lab

type pauseSignal int

const (
	sigStop pauseSignal = iota
	sigContinue
)

// Windows cannot stop another process and let it go on.
func sendSignal(int, pauseSignal) error {
	return &NotRun{"this lab pauses a process, which Windows cannot: run it in WSL, or with Docker"}
}
