package lab

import (
	"os"
	"os/exec"
)

var pause, resume os.Signal // none

func ownGroup(*exec.Cmd) {}
