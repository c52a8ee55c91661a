package process

import (
	"os"
	"os/exec"
)

// PauseSignal and ResumeSignal are nil: Windows has no such signals.
var PauseSignal, ResumeSignal os.Signal

// OwnGroup does nothing.
func OwnGroup(*exec.Cmd) {}
