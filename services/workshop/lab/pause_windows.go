package lab

import (
	"os"
	"os/exec"
)

var pause, resume os.Signal // none

func apart(*exec.Cmd) {}
